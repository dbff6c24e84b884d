//! The end of an environment: sockets are closed first, then libuv's handles, then memory goes.

use std::ffi::c_void;
use std::ptr::NonNull;

use napi::sys;

use super::loop_phase::Event;
use super::uv::Watch;
use super::NetEnv;

/// Asks node to call before the environment goes.
pub fn install(net: NonNull<NetEnv>) {
    // SAFETY: just opened, and used on this thread only.
    let env = unsafe { net.as_ref() };
    let mut hook = std::ptr::null_mut();
    // SAFETY: the environment stays in place until the hook has run.
    unsafe {
        sys::napi_add_async_cleanup_hook(
            env.js.env(),
            Some(on_teardown),
            net.as_ptr().cast(),
            &mut hook,
        )
    };
    env.hook.set(hook);
}

unsafe extern "C" fn on_teardown(_hook: sys::napi_async_cleanup_hook_handle, data: *mut c_void) {
    // SAFETY: node calls once, with the pointer that `install` gave.
    let net = unsafe { &*data.cast::<NetEnv>() };
    net.step(Event::End);
    net.core.borrow_mut().close_all();
    // Goes on in `on_stopped`.
    net.watch().stop();
}

/// libuv has let go of the last handle.
///
/// # Safety
/// `data` is the environment that owns the watch, which calls this once.
pub unsafe fn on_stopped(data: *mut c_void) {
    // SAFETY: the environment is alive until `finish`.
    let net = unsafe { &*data.cast::<NetEnv>() };
    // SAFETY: it has stopped, and its caller does nothing more with it.
    unsafe { Watch::free(net.watch) };
    // SAFETY: nothing calls back any more.
    unsafe { finish(data) };
}

/// Frees the environment and lets node go on with its own teardown.
///
/// # Safety
/// `data` is an environment that nothing refers to any more.
unsafe fn finish(data: *mut c_void) {
    // SAFETY: `open` leaked exactly this box.
    let net = unsafe { Box::from_raw(data.cast::<NetEnv>()) };
    let hook = net.hook.get();
    drop(net);
    // SAFETY: the hook was installed by us and is removed once.
    unsafe { sys::napi_remove_async_cleanup_hook(hook) };
}
