//! The ready list: which handles a poll has found ready, and for what.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Wake;

use crate::event::Key;

/// The direction in which a handle is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    Read,
    Write,
}

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
#[derive(Default)]
pub struct ReadyList {
    state: Mutex<State>,
    bell: Option<Box<dyn Doorbell>>,
}

#[derive(Default)]
struct State {
    keys: Vec<Ready>,
    rung: bool,
}

impl ReadyList {
    /// A list for a driver that is polled by the thread that takes from it.
    pub fn silent() -> Self {
        Self::default()
    }

    /// A list that rings `bell` once when it stops being empty.
    pub fn with_bell(bell: Box<dyn Doorbell>) -> Self {
        Self {
            bell: Some(bell),
            ..Self::default()
        }
    }

    pub fn push(&self, ready: Ready) {
        let mut state = self.lock();
        state.keys.push(ready);
        self.ring_if_silent(state);
    }

    // The bell is rung outside the lock: it may take a lock of its own that a taker holds.
    fn ring_if_silent(&self, mut state: MutexGuard<'_, State>) {
        let Some(bell) = &self.bell else { return };
        let silent = !std::mem::replace(&mut state.rung, true);
        drop(state);
        if silent {
            bell.ring();
        }
    }

    /// Moves everything that is ready to the end of `into`, and lets the bell ring again.
    pub fn take(&self, into: &mut Vec<Ready>) {
        let mut state = self.lock();
        state.rung = false;
        into.append(&mut state.keys);
    }

    pub fn is_empty(&self) -> bool {
        self.lock().keys.is_empty()
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
        self.list.push(self.ready);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.list.push(self.ready);
    }
}
