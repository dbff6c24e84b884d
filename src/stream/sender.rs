//! The sender thread: it sends deferred writes so that JavaScript does not wait for the system calls, nor
//! peers for JavaScript.
//!
//! It is asked in two ways. What is offloaded it sends when it is released. What is coalesced leaves at
//! the end of the callback without it; it sends that only in a callback that has run for a beat already.

use std::fmt;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::deferred::{Added, Deferred, DeferredList, Place, SmallWrite};
use crate::event::Key;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::thread::{self, JoinHandle};
use crate::sync::{self, Condvar, Mutex, MutexGuard};
use crate::sys::waker::{self, Waker};
use crate::sys::{Descriptor, Lent};

/// Bytes wait for no longer than two beats in a callback that does not end.
const BEAT: Duration = Duration::from_millis(1);
/// Beats in which nothing is deferred before the thread sleeps until it is called. A call costs as
/// much as a few beats.
const IDLE_BEATS: u32 = if cfg!(loom) { 1 } else { 8 };
/// Released sockets that are worth a call to wake the thread.
const WORTH_WAKING: u64 = 4;

/// Sends bytes on a descriptor that is still open.
pub type SendBytes = dyn Fn(Lent, &[u8]) -> io::Result<usize> + Send + Sync;

/// Keeps the deferred writes of one environment, with the thread that may send them. Used by its
/// JavaScript thread.
#[derive(Debug)]
pub struct Sender {
    shared: Arc<Shared>,
    thread: Thread,
}

#[derive(Debug)]
enum Thread {
    /// Nothing has been deferred yet.
    Unstarted,
    Running(JoinHandle<()>),
    /// There was none to be had.
    Absent,
}

struct Shared {
    state: Mutex<State>,
    /// There is something for the thread to do.
    work: Condvar,
    /// The thread has ended a system call that JavaScript waits for.
    sent: Condvar,
    /// Odd while a callback runs: it goes up at the start and at the end of each.
    callback: AtomicU64,
    send: Box<SendBytes>,
    /// Makes the reactor look for what was returned. Only what is offloaded needs it.
    waker: OnceLock<Waker>,
}

#[derive(Debug, Default)]
struct State {
    list: DeferredList,
    sending: Option<Key>,
    /// System calls of the thread.
    sends: u64,
    sleep: Sleep,
    /// Something was deferred since the last beat.
    is_used: bool,
    is_awaited: bool,
    is_stopped: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sleep {
    #[default]
    Awake,
    /// For a beat.
    Light,
    /// Until called.
    Deep,
}

impl Sender {
    /// Makes a sender whose thread will send with `send`, which gets no descriptor that has been taken
    /// back by [`Self::take`].
    pub fn new(send: Box<SendBytes>) -> Self {
        Self {
            shared: Arc::new(Shared {
                state: Mutex::default(),
                work: Condvar::new(),
                sent: Condvar::new(),
                callback: AtomicU64::new(0),
                send,
                waker: OnceLock::new(),
            }),
            thread: Thread::Unstarted,
        }
    }

    /// Lets writes be offloaded. `register` is given the descriptor that becomes readable when there is
    /// something for [`Self::take_returned`].
    ///
    /// # Errors
    /// Where there is no thread or no descriptor to be had, and what `register` returns.
    pub fn start_offload<T>(
        &mut self,
        register: impl FnOnce(Descriptor) -> io::Result<T>,
    ) -> io::Result<T> {
        let (waker, woken) = waker::pair()?;
        self.start()?;
        let registered = register(woken)?;
        self.shared.waker.get_or_init(|| waker);
        Ok(registered)
    }

    /// Marks the start or the end of a callback.
    pub fn mark_callback_edge(&self) {
        self.shared.callback.fetch_add(1, Ordering::Release);
    }

    /// True between the start and the end of a callback.
    #[cfg(test)]
    pub fn is_in_callback(&self) -> bool {
        self.shared.is_in_callback()
    }

    /// Adds a write to the list. Returns `None` where it must be made in the ordinary way.
    pub fn add(&mut self, write: &SmallWrite<'_>) -> Option<Added> {
        if let Thread::Unstarted = self.thread {
            // Without a thread the bytes leave at the end of the callback, however long that takes.
            let _ = self.start();
        }
        let mut state = self.shared.lock();
        let added = state.list.add(write);
        state.is_used = true;
        let may_send = added.is_some_and(|added| added.place.is_offloaded());
        self.shared.wake_if_worth(&mut state, may_send);
        added
    }

    /// Ends the callbacks of a batch: everything that is offloaded may be sent.
    pub fn release(&self) {
        let mut state = self.shared.lock();
        state.list.release();
        if state.list.released() > 0 && state.sleep != Sleep::Awake {
            state.sleep = Sleep::Awake;
            drop(state);
            self.shared.work.notify_one();
        }
    }

    /// Returns how many system calls the thread has made.
    pub fn sends(&self) -> u64 {
        self.shared.lock().sends
    }

    /// Takes everything that is coalesced, in order; its places are gone.
    pub fn take_coalesced(&self, into: &mut Vec<Deferred>) {
        self.shared.lock().list.take_coalesced(into);
    }

    /// Gives buffers back to be used again.
    pub fn recycle(&self, done: &mut Vec<Deferred>) {
        let mut state = self.shared.lock();
        for deferred in done.drain(..) {
            state.list.recycle(deferred);
        }
    }

    /// Takes what was offloaded, and the kernel did not take.
    pub fn take_returned(&self, into: &mut Vec<Deferred>) {
        self.shared.lock().list.take_returned(into);
    }

    /// Takes back what one socket has deferred, after what was returned of all sockets. The thread does
    /// not use the socket's descriptor from here on until [`Self::add`].
    pub fn take(&self, place: Place, key: Key, into: &mut Vec<Deferred>) {
        let mut state = self.shared.lock();
        let own = state.list.take(place, key);
        while state.sending == Some(key) {
            state = self.shared.wait_sent(state);
        }
        state.list.take_returned(into);
        into.extend(own);
    }

    /// Takes back everything, in order. The thread uses no descriptor from here on until [`Self::add`].
    pub fn take_all(&self, into: &mut Vec<Deferred>) {
        let mut state = self.shared.lock();
        let waiting = state.list.take_waiting();
        while state.sending.is_some() {
            state = self.shared.wait_sent(state);
        }
        state.list.take_returned(into);
        into.extend(waiting);
    }

    fn start(&mut self) -> io::Result<()> {
        if let Thread::Running(_) = self.thread {
            return Ok(());
        }
        self.thread = Thread::Absent;
        let shared = Arc::clone(&self.shared);
        let thread = thread::Builder::new()
            .name("rust-net-send".to_owned())
            .spawn(move || shared.run())?;
        self.thread = Thread::Running(thread);
        Ok(())
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.shared.lock().is_stopped = true;
        self.shared.work.notify_one();
        if let Thread::Running(thread) = std::mem::replace(&mut self.thread, Thread::Absent) {
            // A panic there has been printed.
            let _ = thread.join();
        }
    }
}

/// What the thread remembers from beat to beat.
struct Pulse {
    /// Beats since something was deferred.
    idle: u32,
    last_look: Instant,
    /// The callback that ran at the last look.
    callback: u64,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        sync::lock(&self.state)
    }

    fn is_in_callback(&self) -> bool {
        self.callback.load(Ordering::Acquire) % 2 == 1
    }

    fn wait_sent<'state>(&self, mut state: MutexGuard<'state, State>) -> MutexGuard<'state, State> {
        state.is_awaited = true;
        sync::wait(&self.sent, state)
    }

    /// Wakes the thread where enough may be sent, or it sleeps until it is called.
    fn wake_if_worth(&self, state: &mut State, may_send: bool) {
        let is_worth = match state.sleep {
            Sleep::Awake => false,
            Sleep::Light => may_send && state.list.released() >= WORTH_WAKING,
            Sleep::Deep => true,
        };
        if is_worth {
            state.sleep = Sleep::Awake;
            self.work.notify_one();
        }
    }

    /// The thread. The lock is not held while it sends what is offloaded.
    fn run(&self) {
        let mut pulse = Pulse {
            idle: 0,
            last_look: sync::now(),
            callback: 0,
        };
        let mut state = self.lock();
        while !state.is_stopped {
            self.look_for_overdue(&mut state, &mut pulse);
            let Some(job) = state.list.next_released() else {
                state = self.sleep(state, &mut pulse);
                continue;
            };
            pulse.idle = 0;
            state.sending = Some(job.key);
            state.sends += 1;
            drop(state);
            let outcome = (self.send)(job.fd, job.rest());
            state = self.lock();
            state.sending = None;
            if state.list.finish(job, outcome) {
                if let Some(waker) = self.waker.get() {
                    waker.wake();
                }
            }
            if std::mem::take(&mut state.is_awaited) {
                self.sent.notify_all();
            }
        }
    }

    /// At most once per `BEAT`, sends what a long callback has coalesced: one that was already running
    /// at the last look. The entries stay in the list and the lock is held over the sends, because the
    /// JavaScript thread collects the entries when its callback ends. It may wait for the lock.
    fn look_for_overdue(&self, state: &mut State, pulse: &mut Pulse) {
        let now = sync::now();
        if now - pulse.last_look < BEAT {
            return;
        }
        pulse.last_look = now;
        let callback = self.callback.load(Ordering::Acquire);
        let is_overdue = callback % 2 == 1 && callback == pulse.callback;
        pulse.callback = callback;
        if !is_overdue {
            return;
        }
        let mut sends = 0;
        for own in state.list.coalesced() {
            sends += 1;
            own.sends += 1;
            own.note((self.send)(own.fd, own.rest()));
        }
        state.sends += sends;
    }

    fn sleep<'state>(
        &'state self,
        mut state: MutexGuard<'state, State>,
        pulse: &mut Pulse,
    ) -> MutexGuard<'state, State> {
        if pulse.idle >= IDLE_BEATS && state.list.is_empty() {
            pulse.idle = 0;
            state.sleep = Sleep::Deep;
            state = sync::wait(&self.work, state);
        } else {
            state.sleep = Sleep::Light;
            let is_beat;
            (state, is_beat) = sync::wait_for((&self.state, &self.work), state, BEAT);
            if is_beat {
                let is_used = std::mem::take(&mut state.is_used) || self.is_in_callback();
                pulse.idle = if is_used { 0 } else { pulse.idle + 1 };
                state.list.release();
            }
        }
        state.sleep = Sleep::Awake;
        state
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Shared")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

#[cfg(all(unix, not(loom)))]
#[cfg(test)]
mod tests;

#[cfg(all(unix, loom))]
#[cfg(test)]
mod models;
