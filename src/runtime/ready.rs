//! The ready list: which handles a poll has found ready, and for what.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Wake;

use crate::event::Key;
use crate::sys::Interest;

/// One entry of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    pub key: Key,
    pub interest: Interest,
}

/// Tells the JavaScript thread that the list is no longer empty. Called from any thread.
pub trait Doorbell: Send + Sync {
    fn ring(&self);
}

/// What is ready and has not been looked at. Any thread may add; the JavaScript thread takes.
///
/// What another thread finds waits apart until the JavaScript thread asks for it, once in a turn of
/// the loop: else an answer that comes in within the turn would overtake the closing phase, in
/// which node tells what this turn has closed.
#[derive(Default)]
pub struct ReadyList {
    state: Mutex<State>,
    bell: Option<Box<dyn Doorbell>>,
}

#[derive(Default)]
struct State {
    keys: Vec<Ready>,
    /// By the driver, since the last turn began.
    found: Vec<Ready>,
    /// What the JavaScript thread keeps for its next turn.
    later: Vec<Ready>,
    rung: bool,
}

impl ReadyList {
    /// A list for a driver that is polled by the thread that takes from it.
    pub fn silent() -> Self {
        Self::default()
    }

    /// A list that rings `bell` when a waker adds to it, once between two calls of
    /// [`Self::begin_turn`].
    pub fn with_bell(bell: Box<dyn Doorbell>) -> Self {
        Self {
            bell: Some(bell),
            ..Self::default()
        }
    }

    /// Adds what the JavaScript thread itself knows to be ready.
    pub fn push(&self, ready: Ready) {
        self.lock().keys.push(ready);
    }

    /// Adds what shall not be looked at before the next turn of the loop.
    pub fn push_later(&self, ready: Ready) {
        self.lock().later.push(ready);
    }

    // The bell is rung outside the lock: it may take a lock of its own that a taker holds.
    fn wake(&self, ready: Ready) {
        let mut state = self.lock();
        state.found.push(ready);
        let Some(bell) = &self.bell else {
            return;
        };
        let silent = !std::mem::replace(&mut state.rung, true);
        drop(state);
        if silent {
            bell.ring();
        }
    }

    /// Takes back, for the next turn, what has been taken and not been served.
    pub fn put_back(&self, rest: impl Iterator<Item = Ready>) {
        self.lock().keys.splice(0..0, rest);
    }

    /// A turn begins. What the driver has found comes first: it has waited for nothing yet, and who
    /// is left over from the turn before is somebody that sends more than a turn can take. What was
    /// kept for this turn comes last. The bell may ring again.
    pub fn begin_turn(&self) {
        let mut state = self.lock();
        let state = &mut *state;
        state.rung = false;
        state.keys.splice(0..0, state.found.drain(..));
        state.keys.append(&mut state.later);
    }

    /// Moves everything that is ready to the end of `into`.
    pub fn take(&self, into: &mut Vec<Ready>) {
        into.append(&mut self.lock().keys);
    }

    /// Whether there is nothing to take, now or in the next turn; what is found after this rings the
    /// bell.
    pub fn is_empty(&self) -> bool {
        let state = self.lock();
        state.keys.is_empty() && state.later.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ReadyList {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ReadyList")
            .field("keys", &self.lock().keys)
            .finish_non_exhaustive()
    }
}

/// The waker of one direction of one handle.
pub(super) struct KeyWaker {
    pub(super) ready: Ready,
    pub(super) list: Arc<ReadyList>,
}

impl Wake for KeyWaker {
    fn wake(self: Arc<Self>) {
        self.list.wake(self.ready);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.list.wake(self.ready);
    }
}
