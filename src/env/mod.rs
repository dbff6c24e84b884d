//! One Node environment (the main thread's or a worker's): its handles, its driver, its way into
//! JavaScript and its end. Nothing here is shared between environments.

mod busy_poll;
mod core;
mod counters;
mod js;
mod slots;
mod teardown;
mod uv;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::io;
use std::ptr::{self, NonNull};

use napi::sys;

use self::busy_poll::BusyPoll;
pub use self::core::Core;
use self::core::ITERATION_BATCHES;
pub use self::js::Shared;
use self::js::{Delivery, Js};
use self::uv::{Callbacks, Signal, Watch};
use crate::event::Key;
use crate::runtime::Reactor;

/// Who shall drive the reactor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriverChoice {
    /// On the loop where it can be watched, on a thread elsewhere.
    Auto,
    OnLoop,
    Threaded,
}

/// What can be chosen when an environment is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub driver: DriverChoice,
    /// Send small writes at the end of the callback that makes them.
    pub gather_writes: bool,
    /// Let a thread send what was gathered.
    pub offload_writes: bool,
    /// Fill abstract names with NULs, as the libuv of the running Node does.
    pub padded_names: bool,
    /// Microseconds to look for more after a turn that found something, at most 1,000; 0 for none.
    pub busy_poll: u32,
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
    /// What was last told to the loop, so that it is told of changes only.
    holding: Cell<bool>,
    spinning: Cell<bool>,
    /// The last turn of a loop that does not sleep found something.
    lingering: Cell<bool>,
    in_turn: Cell<bool>,
    /// A signal came while the loop did not sleep: a turn must follow before it may.
    signalled: Cell<bool>,
    /// Turns to put off, as a connect has begun: see [`Self::overtakes`].
    put_off: Cell<u8>,
    /// The last turn was put off: the next one is not, whatever connects until then.
    has_put_off: Cell<bool>,
    turns_after_connect: u8,
    busy_poll: Option<BusyPoll>,
    ended: Cell<bool>,
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
        let refused = || io::Error::other("the environment refused");
        // The environment's address must be known before the driver that calls back with it.
        let place: NonNull<std::mem::MaybeUninit<Self>> =
            NonNull::from(Box::leak(Box::new(std::mem::MaybeUninit::uninit())));
        let data: *mut c_void = place.as_ptr().cast();
        // SAFETY: the contract is the caller's.
        let parts = unsafe { Js::new(shared) }
            .ok_or_else(refused)
            .and_then(|js| Ok((start_driver(shared.env, options.driver, data)?, js)));
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
        // A thread may also be heard in the phase in which the connect is made.
        let turns_after_connect = if reactor.poll_descriptor().is_some() {
            1
        } else {
            2
        };
        let net = Self {
            driver: reactor.name(),
            fallback,
            core: RefCell::new(Core::new(
                reactor,
                options.gather_writes,
                options.offload_writes,
            )),
            js,
            watch,
            padded_names: options.padded_names,
            holding: Cell::new(false),
            spinning: Cell::new(false),
            lingering: Cell::new(false),
            in_turn: Cell::new(false),
            signalled: Cell::new(false),
            put_off: Cell::new(0),
            has_put_off: Cell::new(false),
            turns_after_connect,
            busy_poll: BusyPoll::new(options.busy_poll),
            ended: Cell::new(false),
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

    /// The driver's name.
    pub fn driver(&self) -> &'static str {
        self.driver
    }

    /// Why the loop could not be watched, where that was tried first.
    pub fn fallback(&self) -> Option<&str> {
        self.fallback.as_deref()
    }

    pub fn padded_names(&self) -> bool {
        self.padded_names
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
        if !self.has_put_off.get() {
            self.put_off.set(self.turns_after_connect);
        }
        self.run(verb)
    }

    /// Runs a verb with the first `length` bytes of the out slab; `None` beyond its end.
    pub fn run_with_out<T>(
        &self,
        length: usize,
        verb: impl FnOnce(&mut Core, &[u8]) -> T,
    ) -> Option<T> {
        self.js
            .with_out(length, |bytes| self.run(|core| verb(core, bytes)))
    }

    /// The loop's poll phase says that something is ready. Where this turn of the loop has been
    /// served at its beginning, or the next one will be, it waits: with two turns of ours in one of
    /// the loop's, what comes in late would overtake the closing phase.
    fn on_signal(&self) {
        if self.spinning.get() {
            // A thread does not ring again before a turn has begun.
            self.signalled.set(true);
            return;
        }
        if self.overtakes() {
            self.watch().signal_again();
            return;
        }
        self.turn();
    }

    /// Whether a turn must be put off to the loop's next. Where both ends of a connection are on this
    /// loop, the one that connects is ready a moment before the listener at the other end. Node watches
    /// it from the loop's next poll phase on, and so tells the listener first; told at once, 'connect'
    /// could close a listener that has not accepted yet. A listener of node's needs that turn of the
    /// loop; of ours [`Core`] accepts before it tells of a connect, whoever has found it ready.
    fn overtakes(&self) -> bool {
        let put_off = self.put_off.get();
        self.put_off.set(put_off.saturating_sub(1));
        self.has_put_off.set(put_off > 0);
        put_off > 0
    }

    /// The loop does not sleep. It may again when a whole turn has found nothing.
    fn on_idle(&self) {
        if self.overtakes() {
            return;
        }
        let found = self.turn();
        self.lingering.set(found);
        self.settle();
    }

    /// One turn: polls the driver, and delivers what is ready in a bounded number of batches. False
    /// if there was nothing.
    fn turn(&self) -> bool {
        if self.ended.get() || self.in_turn.replace(true) {
            return false;
        }
        self.signalled.set(false);
        self.core.borrow_mut().count_wake();
        let found = self.serve();
        if found {
            if let Some(busy_poll) = &self.busy_poll {
                busy_poll.run(|| self.may_stay(), || self.serve());
            }
        }
        self.in_turn.set(false);
        self.settle();
        found
    }

    /// Whether nothing waits for the loop: what this turn has closed is told in its closing phase,
    /// before anything that comes in later, and after a connect the loop is to look first.
    fn may_stay(&self) -> bool {
        !self.ended.get() && self.put_off.get() == 0 && !self.core.borrow().has_closing()
    }

    /// Polls the driver once and delivers what is ready, in a bounded number of batches. False if
    /// there was nothing.
    fn serve(&self) -> bool {
        self.core.borrow_mut().begin_iteration();
        let mut any = false;
        for _ in 0..ITERATION_BATCHES {
            self.js
                .with_slab(|slab| self.core.borrow_mut().collect(slab));
            let relayed = self.relay();
            if !self.deliver() && !relayed {
                break;
            }
            any = true;
        }
        any
    }

    /// Serves the relays that were put aside, where JavaScript confirms them. False if there were
    /// none.
    fn relay(&self) -> bool {
        let count = {
            let core = self.core.borrow();
            let keys = core.relays();
            for (place, key) in keys.iter().enumerate() {
                self.js.put_question(place, *key);
            }
            keys.len()
        };
        if count == 0 {
            return false;
        }
        self.js.ask(count);
        let is_confirmed = |place| self.js.is_confirmed(place);
        self.js
            .with_slab(|slab| self.core.borrow_mut().relay(is_confirmed, slab));
        true
    }

    /// Tells everything that was closed, where node tells its own.
    fn close_phase(&self) {
        if self.ended.get() || self.in_turn.replace(true) {
            return;
        }
        self.core.borrow_mut().announce_closed();
        self.deliver();
        self.in_turn.set(false);
        self.settle();
    }

    /// Delivers all events; false if there were none. Nothing is borrowed while JavaScript runs.
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
            if self.ended.get() {
                return false;
            }
            self.core.borrow_mut().end_batch();
            if delivery == Delivery::Refused {
                return false;
            }
        }
    }

    /// Sees to it that the loop stays alive as long as it must, and does not sleep on work.
    fn settle(&self) {
        if self.in_turn.get() || self.ended.get() {
            return;
        }
        let core = self.core.borrow();
        let hold = core.is_alive();
        let idle = core.is_idle() && !self.lingering.get() && !self.signalled.get();
        let watch = self.watch();
        if hold != self.holding.replace(hold) {
            watch.keep_alive(hold);
        }
        if idle == self.spinning.replace(!idle) {
            watch.spin(!idle);
        }
        if core.has_closing() {
            watch.request_close_phase();
        }
    }

    fn watch(&self) -> &Watch {
        // SAFETY: the watch is freed together with this environment.
        unsafe { self.watch.as_ref() }
    }
}

struct Started {
    reactor: Reactor,
    watch: NonNull<Watch>,
    /// Why this is not the driver that was tried first.
    fallback: Option<String>,
}

fn start_driver(
    env: sys::napi_env,
    choice: DriverChoice,
    data: *mut c_void,
) -> io::Result<Started> {
    let mut uv_loop = ptr::null_mut();
    // SAFETY: called on the environment's thread; the out-pointer is live.
    let status = unsafe { sys::napi_get_uv_event_loop(env, &mut uv_loop) };
    if status != sys::Status::napi_ok {
        return Err(io::Error::other("the environment has no event loop"));
    }
    let start_watch = |signal| {
        let callbacks = Callbacks {
            signal: on_signal,
            idle: on_idle,
            close_phase: on_close_phase,
            stopped: teardown::on_stopped,
        };
        // SAFETY: the loop is this thread's, and `data` is the environment that owns the watch.
        unsafe { Watch::start(uv_loop.cast(), signal, callbacks, data) }
            .ok_or_else(|| io::Error::other("libuv is not to be had"))
    };
    let mut fallback = None;
    if choice != DriverChoice::Threaded {
        match start_on_loop(start_watch) {
            Err(error) if choice == DriverChoice::OnLoop => return Err(error),
            Err(error) => fallback = Some(error.to_string()),
            started => return started,
        }
    }
    let watch = start_watch(Signal::Bell)?;
    // SAFETY: just started.
    let bell = unsafe { watch.as_ref() }.bell();
    match Reactor::threaded(Box::new(bell)) {
        Ok(reactor) => Ok(Started {
            reactor,
            watch,
            fallback,
        }),
        Err(error) => {
            // Its memory is not freed: libuv lets go of the handles only after this call.
            // SAFETY: just started. `stopped` must not be called: the environment never came to be.
            unsafe { watch.as_ref() }.abandon();
            Err(error)
        }
    }
}

fn start_on_loop(
    start_watch: impl FnOnce(Signal) -> io::Result<NonNull<Watch>>,
) -> io::Result<Started> {
    let reactor = Reactor::on_loop()?;
    let fd = reactor
        .poll_descriptor()
        .ok_or_else(|| io::Error::other("nothing to watch"))?;
    let watch = start_watch(Signal::Descriptor(fd))?;
    Ok(Started {
        reactor,
        watch,
        fallback: None,
    })
}

/// Runs `act` on the environment that `data` points to. A panic ends here: it must not unwind into
/// C, and the sockets that it left in disorder report errors of their own.
unsafe fn with_env(data: *mut c_void, act: impl FnOnce(&NetEnv)) {
    // SAFETY: callbacks come only between `open` and the end of teardown.
    let net = unsafe { &*data.cast::<NetEnv>() };
    if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| act(net))).is_err() {
        net.in_turn.set(false);
        if let Ok(mut core) = net.core.try_borrow_mut() {
            core.abandon_batch();
        }
    }
}

unsafe fn on_signal(data: *mut c_void) {
    // SAFETY: the data that the watch was started with.
    unsafe { with_env(data, NetEnv::on_signal) };
}

unsafe fn on_idle(data: *mut c_void) {
    // SAFETY: as above.
    unsafe { with_env(data, NetEnv::on_idle) };
}

unsafe fn on_close_phase(data: *mut c_void) {
    // SAFETY: as above.
    unsafe { with_env(data, NetEnv::close_phase) };
}
