//! One Node environment (the main thread's or a worker's): its handles, its driver, its way into
//! JavaScript and its end. Nothing here is shared between environments (`net/shared` has what is).

mod busy_poll;
mod core;
mod counters;
mod driver;
mod js;
mod log;
mod loop_phase;
pub mod ring;
mod slots;
mod teardown;
mod uv;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::io;
use std::ptr::{self, NonNull};
use std::time::Instant;

use napi::sys;

use self::busy_poll::BusyPoll;
pub use self::core::Core;
use self::core::ITERATION_BATCHES;
pub use self::driver::DriverChoice;
use self::driver::Started;
pub use self::js::Shared;
use self::js::{Delivery, Js};
use self::log::Log;
pub use self::loop_phase::LoopPhase;
use self::loop_phase::{Action, Event};
use self::uv::{Callbacks, Watch};
use crate::event::Key;

/// What can be chosen when an environment is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub driver: DriverChoice,
    /// Send small writes at the end of the callback that makes them.
    pub coalesce_writes: bool,
    /// Let a thread send the writes that would be coalesced.
    pub offload_writes: bool,
    /// Fill abstract names with NULs, as the libuv of the running Node does.
    pub padded_names: bool,
    /// Microseconds to look for more after a loop iteration that found something, at most 1,000; 0 for
    /// none.
    pub busy_poll: u32,
    /// Write a log to standard error.
    pub debug: bool,
}

/// One environment. Lives behind a raw pointer from [`NetEnv::open`] until its teardown hook has
/// run, and is used on its own thread only.
pub struct NetEnv {
    core: RefCell<Core>,
    js: Js,
    watch: NonNull<Watch>,
    driver: &'static str,
    fallback: Option<String>,
    padded_names: bool,
    /// See [`Self::set_thread`].
    thread: Cell<u32>,
    phase: Cell<LoopPhase>,
    busy_poll: Option<BusyPoll>,
    log: Option<Log>,
    hook: Cell<sys::napi_async_cleanup_hook_handle>,
    /// Things that must live as long as the environment.
    kept: RefCell<Vec<Box<dyn Any>>>,
}

impl NetEnv {
    /// Opens an environment; it ends with the environment of `shared`.
    ///
    /// # Errors
    /// Where no driver can start, or node refuses.
    ///
    /// # Safety
    /// The contract of [`Js::new`]; called on the thread of `shared.env`.
    pub unsafe fn open(shared: &Shared, options: Options) -> io::Result<NonNull<Self>> {
        let refused = || io::Error::other("node refused to open the environment");
        // The environment's address must be known before the driver that calls back with it.
        let place: NonNull<std::mem::MaybeUninit<Self>> =
            NonNull::from(Box::leak(Box::new(std::mem::MaybeUninit::uninit())));
        let data: *mut c_void = place.as_ptr().cast();
        // SAFETY: the contract is the caller's.
        let parts = unsafe { Js::new(shared) }
            .ok_or_else(refused)
            .and_then(|js| {
                // SAFETY: as above; no callback runs before this thread returns to its loop.
                let started = unsafe { start_driver(shared, options, data) }?;
                Ok((started, js))
            });
        let (started, js) = match parts {
            Ok(parts) => parts,
            Err(error) => {
                // SAFETY: the box was leaked above, and nobody has its address.
                drop(unsafe { Box::from_raw(place.as_ptr()) });
                return Err(error);
            }
        };
        let Started {
            reactor,
            watch,
            fallback,
        } = started;
        let driver = reactor.name();
        let net = Self {
            driver,
            log: options.debug.then(|| Log::new(driver, fallback.as_deref())),
            fallback,
            core: RefCell::new(Core::new(
                reactor,
                options.coalesce_writes,
                options.offload_writes,
            )),
            js,
            watch,
            padded_names: options.padded_names,
            thread: Cell::new(0),
            phase: Cell::default(),
            busy_poll: BusyPoll::new(options.busy_poll),
            hook: Cell::new(ptr::null_mut()),
            kept: RefCell::new(Vec::new()),
        };
        // SAFETY: the place is ours, and no callback runs before this thread returns to its loop.
        let net = unsafe { NonNull::from((*place.as_ptr()).write(net)) };
        teardown::install(net);
        Ok(net)
    }

    /// Keeps `thing` as long as the environment.
    pub fn keep(&self, thing: Box<dyn Any>) {
        self.kept.borrow_mut().push(thing);
    }

    /// Returns the driver's name.
    pub fn driver(&self) -> &'static str {
        self.driver
    }

    /// Returns why the reactor is not on the loop, where that was tried first.
    pub fn fallback(&self) -> Option<&str> {
        self.fallback.as_deref()
    }

    pub fn padded_names(&self) -> bool {
        self.padded_names
    }

    /// Returns the number of the JavaScript thread; 0, the main thread's, until it is set.
    pub fn thread(&self) -> u32 {
        self.thread.get()
    }

    /// Sets the number of the JavaScript thread. Needed only to share a listener.
    pub fn set_thread(&self, thread: u32) {
        self.thread.set(thread);
    }

    /// Returns the key of the handle in a slot, or one that names nothing.
    pub fn key_of(&self, slot: u32) -> Key {
        self.core.borrow().key_of(slot)
    }

    /// Runs a verb, and sees to what it set off.
    pub fn run<T>(&self, verb: impl FnOnce(&mut Core) -> T) -> T {
        let result = verb(&mut self.core.borrow_mut());
        self.settle();
        result
    }

    /// As [`Self::run`], for a verb that begins to connect.
    pub fn run_connect<T>(&self, verb: impl FnOnce(&mut Core) -> T) -> T {
        self.step(Event::Connect);
        self.run(verb)
    }

    /// Runs a verb with the first `length` bytes of the out slab; `None` beyond its end.
    pub fn run_with_out<T>(
        &self,
        length: usize,
        verb: impl FnOnce(&mut Core, &[u8]) -> T,
    ) -> Option<T> {
        // SAFETY: a verb is given the core alone, which has no way into JavaScript.
        unsafe {
            self.js
                .with_out(length, |bytes| self.run(|core| verb(core, bytes)))
        }
    }

    /// Notes an event, and returns what to do about it.
    fn step(&self, event: Event) -> Action {
        let (phase, action) = self.phase.get().on(event);
        self.phase.set(phase);
        action
    }

    /// Runs in the loop's poll phase, when the driver has found something.
    fn on_signal(&self) {
        self.run_at(Event::Signal);
    }

    /// Runs behind the loop's poll phase, after a connect.
    fn on_check(&self) {
        self.run_at(Event::Check);
    }

    fn run_at(&self, event: Event) {
        match self.step(event) {
            Action::Nothing => self.settle(),
            Action::Serve => {
                self.iterate();
                self.finish(false);
            }
        }
    }

    fn on_prepare(&self) {
        self.step(Event::Prepare);
    }

    /// Runs at the start of a loop iteration that does not sleep. The loop may sleep again after one
    /// that has found nothing.
    fn on_start(&self) {
        if self.step(Event::Start) == Action::Serve {
            let found = self.iterate();
            self.finish(found);
        }
    }

    /// Runs when a PROXY header may have taken too long.
    fn on_timer(&self) {
        self.run(|core| core.expire_headers(Instant::now()));
    }

    /// Reports everything that was closed, in the phase in which node does.
    fn on_close_phase(&self) {
        if self.step(Event::ClosePhase) == Action::Serve {
            self.core.borrow_mut().announce_closed();
            self.deliver();
            self.finish(false);
        }
    }

    /// Ends what [`Action::Serve`] has begun.
    fn finish(&self, look_again: bool) {
        self.step(Event::Served { look_again });
        self.settle();
    }

    /// Polls the driver, and delivers what is ready in a bounded number of batches. Returns false if
    /// there was nothing.
    fn iterate(&self) -> bool {
        self.core.borrow_mut().count_wake();
        let found = self.serve();
        if found {
            if let Some(busy_poll) = &self.busy_poll {
                busy_poll.run(|| self.may_stay(), || self.serve());
            }
        }
        if let Some(log) = &self.log {
            log.end_iteration(self.core.borrow_mut().totals());
        }
        found
    }

    /// True when nothing waits for the loop. What this iteration has closed is reported in its closing
    /// phase, before anything that comes in later, and after a connect the loop is to look first.
    fn may_stay(&self) -> bool {
        let phase = self.phase.get();
        !phase.has_ended() && !phase.is_delayed() && !self.core.borrow().has_closing()
    }

    /// Polls the driver once and delivers what is ready, in a bounded number of batches. Returns false
    /// if there was nothing.
    fn serve(&self) -> bool {
        self.core.borrow_mut().begin_iteration();
        let mut any = false;
        for _ in 0..ITERATION_BATCHES {
            self.with_slab(Core::collect);
            let relayed = self.relay();
            if !self.deliver() && !relayed {
                break;
            }
            any = true;
        }
        any
    }

    /// Serves the relays that were put aside, where JavaScript confirms them. Returns false if there
    /// were none.
    fn relay(&self) -> bool {
        let count = {
            let core = self.core.borrow();
            let keys = core.relays();
            for (index, key) in keys.iter().enumerate() {
                self.js.put_question(index, *key);
            }
            keys.len()
        };
        if count == 0 {
            return false;
        }
        self.js.ask(count);
        let is_confirmed = |index| self.js.is_confirmed(index);
        self.with_slab(|core, slab| core.relay(is_confirmed, slab));
        true
    }

    /// Runs `fill` with the read slab.
    fn with_slab(&self, fill: impl FnOnce(&mut Core, &mut [u8])) {
        let mut core = self.core.borrow_mut();
        // SAFETY: the core has no way into JavaScript. While it is borrowed this cannot be called again.
        unsafe { self.js.with_slab(|slab| fill(&mut core, slab)) };
    }

    /// Delivers all events. Returns false if there were none. Nothing is borrowed while JavaScript runs.
    fn deliver(&self) -> bool {
        let mut any = false;
        loop {
            let mut index = 0;
            let count = self.core.borrow_mut().begin_batch(|event| {
                self.js.put(index, &event);
                index += 1;
            });
            if count == 0 {
                return any;
            }
            any = true;
            let delivery = self.js.deliver(count);
            if self.phase.get().has_ended() {
                return false;
            }
            self.core.borrow_mut().end_batch();
            if delivery == Delivery::Refused {
                return false;
            }
        }
    }

    /// Keeps the loop alive as long as it must be, and awake as long as there is work. Has its poll
    /// phases followed after a connect.
    fn settle(&self) {
        if !self.phase.get().is_at_rest() {
            return;
        }
        let core = self.core.borrow();
        let has_work = !core.is_idle();
        self.step(Event::Settle { has_work });
        let watch = self.watch();
        watch.set_referenced(core.is_alive());
        watch.spin(self.phase.get().spins());
        watch.follow_polls(self.phase.get().is_delayed());
        watch.wake_at(core.deadline());
        if core.has_closing() {
            watch.request_close_phase();
        }
    }

    fn watch(&self) -> &Watch {
        // SAFETY: the watch is freed together with this environment.
        unsafe { self.watch.as_ref() }
    }
}

/// Starts the driver of the environment at `data`.
///
/// # Safety
/// Called on the thread of `shared.env`. `data` is the environment that will own the watch, which
/// calls back only after it has been opened.
unsafe fn start_driver(
    shared: &Shared,
    options: Options,
    data: *mut c_void,
) -> io::Result<Started> {
    let callbacks = Callbacks {
        signal: on_signal,
        start: on_start,
        prepare: on_prepare,
        check: on_check,
        timer: on_timer,
        close_phase: on_close_phase,
        stopped: teardown::on_stopped,
    };
    // SAFETY: the contract is the caller's; the callbacks take an environment.
    unsafe { driver::start(shared.env, options.driver, callbacks, data) }
}

/// Runs `act` on the environment that `data` points to. A panic ends here: it must not unwind into
/// C, and the sockets that it left in disorder report errors of their own.
///
/// # Safety
/// `data` is an environment that has been opened, and whose teardown has not freed it.
unsafe fn with_env(data: *mut c_void, act: impl FnOnce(&NetEnv)) {
    // SAFETY: callbacks come only between `open` and the end of teardown.
    let net = unsafe { &*data.cast::<NetEnv>() };
    if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| act(net))).is_err() {
        if let Ok(mut core) = net.core.try_borrow_mut() {
            core.abandon_batch();
            drop(core);
            net.finish(false);
        }
    }
}

unsafe fn on_signal(data: *mut c_void) {
    // SAFETY: the data that the watch was started with.
    unsafe { with_env(data, NetEnv::on_signal) };
}

unsafe fn on_start(data: *mut c_void) {
    // SAFETY: as above.
    unsafe { with_env(data, NetEnv::on_start) };
}

unsafe fn on_prepare(data: *mut c_void) {
    // SAFETY: as above.
    unsafe { with_env(data, NetEnv::on_prepare) };
}

unsafe fn on_check(data: *mut c_void) {
    // SAFETY: as above.
    unsafe { with_env(data, NetEnv::on_check) };
}

unsafe fn on_timer(data: *mut c_void) {
    // SAFETY: as above.
    unsafe { with_env(data, NetEnv::on_timer) };
}

unsafe fn on_close_phase(data: *mut c_void) {
    // SAFETY: as above.
    unsafe { with_env(data, NetEnv::on_close_phase) };
}
