//! Starting the driver of an environment, together with what the loop watches for it.

use std::ffi::c_void;
use std::io;
use std::ptr::{self, NonNull};

use napi::sys;

use super::uv::{Callbacks, Signal, Watch};
use crate::runtime::Reactor;

/// Who shall drive the reactor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriverChoice {
    /// On the loop where the reactor's descriptor can be polled by it, otherwise on a thread.
    Auto,
    OnLoop,
    Threaded,
}

/// A driver that runs, and the loop's handles for it.
pub struct Started {
    pub reactor: Reactor,
    pub watch: NonNull<Watch>,
    /// Why this is not the driver that was tried first.
    pub fallback: Option<String>,
}

/// Starts the driver that was chosen.
///
/// # Errors
/// Where none of those allowed can start.
///
/// # Safety
/// Called on the thread of `env`. `data` is good for `callbacks` until `stopped` has been called.
pub unsafe fn start(
    env: sys::napi_env,
    choice: DriverChoice,
    callbacks: Callbacks,
    data: *mut c_void,
) -> io::Result<Started> {
    let mut uv_loop = ptr::null_mut();
    // SAFETY: called on the environment's thread; the out-pointer is live.
    let status = unsafe { sys::napi_get_uv_event_loop(env, &mut uv_loop) };
    if status != sys::Status::napi_ok {
        return Err(io::Error::other("the environment has no event loop"));
    }
    let start_watch = |signal| {
        // SAFETY: the loop is this thread's; the rest is the caller's contract.
        unsafe { Watch::start(uv_loop.cast(), signal, callbacks, data) }
            .ok_or_else(|| io::Error::other("libuv is not available"))
    };
    let mut fallback = None;
    if choice != DriverChoice::Threaded {
        match start_on_loop(start_watch) {
            Err(error) if choice == DriverChoice::OnLoop => return Err(error),
            Err(error) => fallback = Some(error.to_string()),
            started => return started,
        }
    }
    start_threaded(start_watch, fallback)
}

fn start_on_loop(
    start_watch: impl FnOnce(Signal) -> io::Result<NonNull<Watch>>,
) -> io::Result<Started> {
    let reactor = Reactor::on_loop()?;
    let fd = reactor
        .poll_descriptor()
        .ok_or_else(|| io::Error::other("the driver has no descriptor to watch"))?;
    let watch = start_watch(Signal::Descriptor(fd))?;
    Ok(Started {
        reactor,
        watch,
        fallback: None,
    })
}

fn start_threaded(
    start_watch: impl FnOnce(Signal) -> io::Result<NonNull<Watch>>,
    fallback: Option<String>,
) -> io::Result<Started> {
    let watch = start_watch(Signal::Async)?;
    // SAFETY: just started.
    let started = unsafe { watch.as_ref() };
    // SAFETY: the thread that wakes ends with the reactor, which teardown stops before the watch.
    let waker = unsafe { started.waker() };
    match Reactor::threaded(Box::new(waker)) {
        Ok(reactor) => Ok(Started {
            reactor,
            watch,
            fallback,
        }),
        Err(error) => {
            // Its memory is not freed: libuv lets go of the handles only after this call.
            // `stopped` must not be called: the environment never came to be.
            started.abandon();
            Err(error)
        }
    }
}
