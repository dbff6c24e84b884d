//! libuv, as far as the drivers need it: its functions are exported by every Node, and are looked
//! up at run time so that a test binary links without them.

use std::alloc::{alloc_zeroed, dealloc, Layout};
use std::cell::Cell;
use std::ffi::{c_int, c_void, CStr};
use std::ptr::NonNull;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::runtime::LoopWaker;
use crate::sys::symbols;

/// A `uv_loop_t`.
pub type Loop = *mut c_void;
/// Any `uv_handle_t`.
pub type HandlePtr = *mut c_void;
type Callback = unsafe extern "C" fn(HandlePtr);
type PollCallback = unsafe extern "C" fn(HandlePtr, c_int, c_int);

const UV_ASYNC: c_int = 1;
const UV_CHECK: c_int = 2;
const UV_IDLE: c_int = 6;
const UV_POLL: c_int = 8;
const UV_PREPARE: c_int = 9;
const UV_TIMER: c_int = 13;
const UV_READABLE: c_int = 1;

/// The functions, with libuv's own signatures.
struct Api {
    handle_size: unsafe extern "C" fn(c_int) -> usize,
    handle_get_data: unsafe extern "C" fn(HandlePtr) -> *mut c_void,
    handle_set_data: unsafe extern "C" fn(HandlePtr, *mut c_void),
    is_closing: unsafe extern "C" fn(HandlePtr) -> c_int,
    close: unsafe extern "C" fn(HandlePtr, Option<Callback>),
    reference: unsafe extern "C" fn(HandlePtr),
    unreference: unsafe extern "C" fn(HandlePtr),
    async_init: unsafe extern "C" fn(Loop, HandlePtr, Callback) -> c_int,
    async_send: unsafe extern "C" fn(HandlePtr) -> c_int,
    poll_init: unsafe extern "C" fn(Loop, HandlePtr, c_int) -> c_int,
    poll_start: unsafe extern "C" fn(HandlePtr, c_int, PollCallback) -> c_int,
    idle_init: unsafe extern "C" fn(Loop, HandlePtr) -> c_int,
    idle_start: unsafe extern "C" fn(HandlePtr, Callback) -> c_int,
    idle_stop: unsafe extern "C" fn(HandlePtr) -> c_int,
    prepare_init: unsafe extern "C" fn(Loop, HandlePtr) -> c_int,
    prepare_start: unsafe extern "C" fn(HandlePtr, Callback) -> c_int,
    prepare_stop: unsafe extern "C" fn(HandlePtr) -> c_int,
    check_init: unsafe extern "C" fn(Loop, HandlePtr) -> c_int,
    check_start: unsafe extern "C" fn(HandlePtr, Callback) -> c_int,
    check_stop: unsafe extern "C" fn(HandlePtr) -> c_int,
    timer_init: unsafe extern "C" fn(Loop, HandlePtr) -> c_int,
    timer_start: unsafe extern "C" fn(HandlePtr, Callback, u64, u64) -> c_int,
}

fn function<T: Copy>(name: &CStr) -> Option<T> {
    let address = symbols::lookup(name)?;
    // SAFETY: every caller names libuv's function of exactly the type T, a plain function pointer.
    Some(unsafe { std::mem::transmute_copy::<NonNull<c_void>, T>(&address) })
}

fn load() -> Option<Api> {
    Some(Api {
        handle_size: function(c"uv_handle_size")?,
        handle_get_data: function(c"uv_handle_get_data")?,
        handle_set_data: function(c"uv_handle_set_data")?,
        is_closing: function(c"uv_is_closing")?,
        close: function(c"uv_close")?,
        reference: function(c"uv_ref")?,
        unreference: function(c"uv_unref")?,
        async_init: function(c"uv_async_init")?,
        async_send: function(c"uv_async_send")?,
        poll_init: function(c"uv_poll_init")?,
        poll_start: function(c"uv_poll_start")?,
        idle_init: function(c"uv_idle_init")?,
        idle_start: function(c"uv_idle_start")?,
        idle_stop: function(c"uv_idle_stop")?,
        prepare_init: function(c"uv_prepare_init")?,
        prepare_start: function(c"uv_prepare_start")?,
        prepare_stop: function(c"uv_prepare_stop")?,
        check_init: function(c"uv_check_init")?,
        check_start: function(c"uv_check_start")?,
        check_stop: function(c"uv_check_stop")?,
        timer_init: function(c"uv_timer_init")?,
        timer_start: function(c"uv_timer_start")?,
    })
}

fn api() -> Option<&'static Api> {
    static API: OnceLock<Option<Api>> = OnceLock::new();
    API.get_or_init(load).as_ref()
}

/// What the watch calls, on the loop's thread, with the `data` it was started with.
#[derive(Clone, Copy)]
pub struct Callbacks {
    /// The signal has come, in the loop's poll phase.
    pub signal: unsafe fn(data: *mut c_void),
    /// A loop iteration starts that does not sleep, as asked by [`Watch::spin`].
    pub start: unsafe fn(data: *mut c_void),
    /// The loop's poll phase is about to begin, as asked by [`Watch::follow_polls`].
    pub prepare: unsafe fn(data: *mut c_void),
    /// The loop's poll phase is over, and no callback of `setImmediate` has run since; as asked by
    /// [`Watch::follow_polls`].
    pub check: unsafe fn(data: *mut c_void),
    /// The time has come that [`Watch::wake_at`] was given, or nearly so.
    pub timer: unsafe fn(data: *mut c_void),
    /// The loop is in its closing phase, as asked by [`Watch::request_close_phase`].
    pub close_phase: unsafe fn(data: *mut c_void),
    /// All handles are closed; the watch can be dropped.
    pub stopped: unsafe fn(data: *mut c_void),
}

/// What makes the loop call `signal`.
#[derive(Clone, Copy, Debug)]
pub enum Signal {
    /// This descriptor becomes readable.
    Descriptor(c_int),
    /// Another thread calls the [`AsyncWaker`].
    Async,
}

/// Makes the loop's thread call `signal`; wakes that come close together may be one.
pub struct AsyncWaker {
    api: &'static Api,
    signal: HandlePtr,
}

// SAFETY: uv_async_send is libuv's one function that may be called from any thread.
unsafe impl Send for AsyncWaker {}
// SAFETY: as above.
unsafe impl Sync for AsyncWaker {}

impl LoopWaker for AsyncWaker {
    fn wake(&self) {
        // SAFETY: the handle is open by the contract of [`Watch::waker`].
        unsafe { (self.api.async_send)(self.signal) };
    }
}

/// Our handles on Node's loop. They do not keep the loop alive unless [`Watch::set_referenced`] says
/// so. Used on the loop's thread only; dropped only after `stopped` was called.
pub struct Watch {
    api: &'static Api,
    uv_loop: Loop,
    callbacks: Callbacks,
    data: *mut c_void,
    signal: HandlePtr,
    signal_kind: c_int,
    idle: HandlePtr,
    prepare: HandlePtr,
    check: HandlePtr,
    timer: HandlePtr,
    /// Never started: closing it is the way to be called in the loop's closing phase.
    closer: HandlePtr,
    /// What the loop was last asked for.
    keeps_alive: Cell<bool>,
    spins: Cell<bool>,
    follows_polls: Cell<bool>,
    /// When the timer runs out; `None` while it does not run.
    wakes_at: Cell<Option<Instant>>,
    open: Cell<u8>,
    stopping: Cell<bool>,
}

impl Watch {
    /// Waits for `signal`. `None` where libuv is not available or refuses. The watch stays where it is
    /// until the caller, at `stopped` or later, frees it with [`Watch::free`].
    ///
    /// # Safety
    /// `uv_loop` is the loop of the calling thread, and `data` is good for `callbacks` until
    /// `stopped` has been called.
    pub unsafe fn start(
        uv_loop: Loop,
        signal: Signal,
        callbacks: Callbacks,
        data: *mut c_void,
    ) -> Option<NonNull<Self>> {
        let api = api()?;
        let signal_kind = match signal {
            Signal::Descriptor(_) => UV_POLL,
            Signal::Async => UV_ASYNC,
        };
        let watch = Box::new(Self {
            api,
            uv_loop,
            callbacks,
            data,
            signal: allocate(api, signal_kind)?,
            signal_kind,
            idle: allocate(api, UV_IDLE)?,
            prepare: allocate(api, UV_PREPARE)?,
            check: allocate(api, UV_CHECK)?,
            timer: allocate(api, UV_TIMER)?,
            closer: allocate(api, UV_PREPARE)?,
            keeps_alive: Cell::new(false),
            spins: Cell::new(false),
            follows_polls: Cell::new(false),
            wakes_at: Cell::new(None),
            open: Cell::new(6),
            stopping: Cell::new(false),
        });
        if !watch.init_signal(signal) {
            // libuv does not know them yet: only memory has to go, with the box.
            return None;
        }
        // SAFETY: as above, for a uv_idle_t. This call cannot fail.
        unsafe { (api.idle_init)(uv_loop, watch.idle) };
        for prepare in [watch.prepare, watch.closer] {
            // SAFETY: as above, for a uv_prepare_t. This call cannot fail.
            unsafe { (api.prepare_init)(uv_loop, prepare) };
        }
        // SAFETY: as above, for a uv_check_t. This call cannot fail.
        unsafe { (api.check_init)(uv_loop, watch.check) };
        // SAFETY: as above, for a uv_timer_t. This call cannot fail.
        unsafe { (api.timer_init)(uv_loop, watch.timer) };
        let watch: &Self = Box::leak(watch);
        for handle in watch.handles() {
            watch.own(handle);
        }
        if matches!(signal, Signal::Descriptor(_)) {
            // SAFETY: the poll handle was initialised above.
            unsafe { (api.poll_start)(watch.signal, UV_READABLE, on_poll) };
        }
        Some(NonNull::from(watch))
    }

    /// Frees a watch that has stopped.
    ///
    /// # Safety
    /// `stopped` has been called, or is being called; nothing uses the watch afterwards.
    pub unsafe fn free(watch: NonNull<Self>) {
        // SAFETY: `start` leaked exactly this box.
        drop(unsafe { Box::from_raw(watch.as_ptr()) });
    }

    fn init_signal(&self, signal: Signal) -> bool {
        let status = match signal {
            // SAFETY: the memory is a zeroed uv_poll_t and the loop is the caller's.
            Signal::Descriptor(fd) => unsafe {
                (self.api.poll_init)(self.uv_loop, self.signal, fd)
            },
            // SAFETY: as above, for a uv_async_t.
            Signal::Async => unsafe { (self.api.async_init)(self.uv_loop, self.signal, on_async) },
        };
        status == 0
    }

    /// Returns what signals from another thread, for a watch that was started with [`Signal::Async`].
    ///
    /// # Safety
    /// Nobody wakes after [`Self::stop`].
    pub unsafe fn waker(&self) -> AsyncWaker {
        AsyncWaker {
            api: self.api,
            signal: self.signal,
        }
    }

    fn handles(&self) -> [HandlePtr; 6] {
        [
            self.signal,
            self.idle,
            self.prepare,
            self.check,
            self.timer,
            self.closer,
        ]
    }

    /// Sets the handle's data pointer and unrefs it.
    fn own(&self, handle: HandlePtr) {
        let own = std::ptr::from_ref(self).cast_mut();
        // SAFETY: the handle is initialised, and the watch stays in place until it is freed.
        unsafe { (self.api.handle_set_data)(handle, own.cast()) };
        // SAFETY: as above.
        unsafe { (self.api.unreference)(handle) };
    }

    /// Keeps the loop alive, or does so no longer.
    pub fn set_referenced(&self, alive: bool) {
        if self.keeps_alive.replace(alive) == alive {
            return;
        }
        let change = if alive {
            self.api.reference
        } else {
            self.api.unreference
        };
        // SAFETY: the handle is open until `stop`.
        unsafe { change(self.signal) };
    }

    /// Calls `start` in every loop iteration, which then does not sleep; or does so no longer.
    pub fn spin(&self, on: bool) {
        if self.spins.replace(on) == on {
            return;
        }
        if on {
            // SAFETY: the idle handle is open until `stop`.
            unsafe { (self.api.idle_start)(self.idle, on_idle) };
        } else {
            // SAFETY: as above.
            unsafe { (self.api.idle_stop)(self.idle) };
        }
    }

    /// Calls `prepare` before each poll phase of the loop and `check` behind it; or does so no longer.
    ///
    /// libuv calls the check handle that was started last first. Node starts the one of `setImmediate`
    /// before any program code runs.
    pub fn follow_polls(&self, on: bool) {
        if self.follows_polls.replace(on) == on {
            return;
        }
        if on {
            // SAFETY: the prepare handle is open until `stop`.
            unsafe { (self.api.prepare_start)(self.prepare, on_prepare) };
            // SAFETY: as above, for the check handle.
            unsafe { (self.api.check_start)(self.check, on_check) };
        } else {
            // SAFETY: as above.
            unsafe { (self.api.prepare_stop)(self.prepare) };
            // SAFETY: as above.
            unsafe { (self.api.check_stop)(self.check) };
        }
    }

    /// Calls `timer` at `deadline` or somewhat earlier. A timer that is already set for an earlier time
    /// stays: the callback calls this again.
    pub fn wake_at(&self, deadline: Option<Instant>) {
        let Some(deadline) = deadline else {
            return;
        };
        if self.wakes_at.get().is_some_and(|at| at <= deadline) {
            return;
        }
        self.wakes_at.set(Some(deadline));
        let left = deadline.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
        let left = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        // SAFETY: the timer handle is open until `stop`.
        unsafe { (self.api.timer_start)(self.timer, on_timer, left, 0) };
    }

    /// Calls `close_phase` where node runs its own close callbacks in this loop iteration.
    pub fn request_close_phase(&self) {
        self.close_handle(self.closer, on_close_phase);
    }

    /// Closes all handles; `stopped` follows when libuv has let go of them.
    pub fn stop(&self) {
        self.stopping.set(true);
        for handle in self.handles() {
            self.close_handle(handle, on_stopped);
        }
    }

    /// Closes all handles of a watch that has no owner: `stopped` is not called.
    pub fn abandon(&self) {
        // One more than there are handles, so that the count never reaches zero.
        self.open.set(self.open.get() + 1);
        self.stop();
    }

    fn close_handle(&self, handle: HandlePtr, callback: Callback) {
        // SAFETY: the handle was initialised and its memory lives until all are closed.
        if unsafe { (self.api.is_closing)(handle) } == 0 {
            // SAFETY: as above, and it is closed once.
            unsafe { (self.api.close)(handle, Some(callback)) };
        }
    }

    /// The closer is closed and out of libuv's hands: makes it ready to be closed again.
    fn reopen_closer(&self) {
        // SAFETY: memory of a uv_prepare_t that libuv no longer knows.
        unsafe { (self.api.prepare_init)(self.uv_loop, self.closer) };
        self.own(self.closer);
    }

    fn one_stopped(&self) {
        self.open.set(self.open.get() - 1);
        if self.open.get() == 0 {
            // SAFETY: `data` is good until this very call, by the contract of `start`.
            unsafe { (self.callbacks.stopped)(self.data) };
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        release(self.api, self.signal_kind, self.signal);
        release(self.api, UV_IDLE, self.idle);
        release(self.api, UV_PREPARE, self.prepare);
        release(self.api, UV_CHECK, self.check);
        release(self.api, UV_TIMER, self.timer);
        release(self.api, UV_PREPARE, self.closer);
    }
}

fn layout(api: &Api, kind: c_int) -> Option<Layout> {
    // SAFETY: takes a number and returns one.
    let size = unsafe { (api.handle_size)(kind) };
    Layout::from_size_align(size, 16).ok()
}

fn allocate(api: &Api, kind: c_int) -> Option<HandlePtr> {
    // SAFETY: libuv's handle sizes are never zero.
    let memory = unsafe { alloc_zeroed(layout(api, kind)?) };
    (!memory.is_null()).then_some(memory.cast())
}

fn release(api: &Api, kind: c_int, handle: HandlePtr) {
    if let Some(layout) = layout(api, kind) {
        // SAFETY: the memory came from `allocate` with the same layout, and is released once.
        unsafe { dealloc(handle.cast(), layout) };
    }
}

/// The watch that a callback's handle belongs to.
///
/// # Safety
/// `handle` is one that `start` initialised, and its watch has not been freed.
unsafe fn watch_of<'a>(handle: HandlePtr) -> Option<&'a Watch> {
    let api = api()?;
    // SAFETY: an initialised handle, by the contract.
    let data = unsafe { (api.handle_get_data)(handle) };
    // SAFETY: `own` stored the watch, which is in place by the contract.
    unsafe { data.cast::<Watch>().as_ref() }
}

fn call_signal(watch: &Watch) {
    // SAFETY: `data` is good for the callbacks by the contract of `start`.
    unsafe { (watch.callbacks.signal)(watch.data) };
}

unsafe extern "C" fn on_poll(handle: HandlePtr, _status: c_int, _events: c_int) {
    // SAFETY: libuv calls back with a handle of ours, before it is closed.
    if let Some(watch) = unsafe { watch_of(handle) } {
        call_signal(watch);
    }
}

unsafe extern "C" fn on_async(handle: HandlePtr) {
    // SAFETY: as in `on_poll`.
    if let Some(watch) = unsafe { watch_of(handle) } {
        call_signal(watch);
    }
}

unsafe extern "C" fn on_idle(handle: HandlePtr) {
    // SAFETY: as in `on_poll`.
    if let Some(watch) = unsafe { watch_of(handle) } {
        // SAFETY: `data` is good for the callbacks by the contract of `start`.
        unsafe { (watch.callbacks.start)(watch.data) };
    }
}

unsafe extern "C" fn on_prepare(handle: HandlePtr) {
    // SAFETY: as in `on_poll`.
    if let Some(watch) = unsafe { watch_of(handle) } {
        // SAFETY: `data` is good for the callbacks by the contract of `start`.
        unsafe { (watch.callbacks.prepare)(watch.data) };
    }
}

unsafe extern "C" fn on_check(handle: HandlePtr) {
    // SAFETY: as in `on_poll`.
    if let Some(watch) = unsafe { watch_of(handle) } {
        // SAFETY: `data` is good for the callbacks by the contract of `start`.
        unsafe { (watch.callbacks.check)(watch.data) };
    }
}

unsafe extern "C" fn on_timer(handle: HandlePtr) {
    // SAFETY: as in `on_poll`.
    if let Some(watch) = unsafe { watch_of(handle) } {
        watch.wakes_at.set(None);
        // SAFETY: `data` is good for the callbacks by the contract of `start`.
        unsafe { (watch.callbacks.timer)(watch.data) };
    }
}

unsafe extern "C" fn on_close_phase(handle: HandlePtr) {
    // SAFETY: the watch is freed only after each of its handles has had its close callback.
    let Some(watch) = (unsafe { watch_of(handle) }) else {
        return;
    };
    if watch.stopping.get() {
        watch.one_stopped();
        return;
    }
    watch.reopen_closer();
    // SAFETY: `data` is good for the callbacks by the contract of `start`.
    unsafe { (watch.callbacks.close_phase)(watch.data) };
}

unsafe extern "C" fn on_stopped(handle: HandlePtr) {
    // SAFETY: as in `on_close_phase`; `one_stopped` may free the watch as its last act.
    if let Some(watch) = unsafe { watch_of(handle) } {
        watch.one_stopped();
    }
}
