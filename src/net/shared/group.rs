//! The members of one listening socket: their inbox under its lock, and who is woken outside it.

use std::sync::Arc;
use std::time::Instant;

use super::inbox::{Inbox, Look, Place};
use crate::runtime::Control;
use crate::sync::{self, Mutex, MutexGuard};

/// Has a member look at the inbox, from any thread.
pub trait Wake {
    fn wake(&self);
}

/// Items of type `T` that one thread adds, for members on others that are woken with a `W`.
#[derive(Debug)]
pub struct Group<T, W> {
    inbox: Mutex<Inbox<T, W>>,
    /// Wakes the thread that adds.
    control: Arc<Control>,
}

impl<T, W: Wake + Clone> Group<T, W> {
    /// Makes a group without members.
    pub fn new(control: Arc<Control>) -> Self {
        Self {
            inbox: Mutex::new(Inbox::default()),
            control,
        }
    }

    /// True while there is room for another item.
    pub fn has_room(&self) -> bool {
        self.lock().has_room()
    }

    /// Adds an item.
    pub fn add(&self, item: T) {
        self.change(|inbox, now| inbox.add(item, now));
    }

    /// Wakes the members that must be woken by now, and returns when this must be called again.
    pub fn tend(&self) -> Option<Instant> {
        let (wakes, due) = self.lock().tend(sync::now());
        wake_all(&wakes);
        due
    }

    /// Adds a member and returns its id.
    pub fn join(&self, thread: u32, waker: W) -> u64 {
        let (id, wakes) = self.lock().join(thread, waker, sync::now());
        wake_all(&wakes);
        // All others may have been paused: then there is room only now.
        self.control.wake();
        id
    }

    /// Removes a member. Returns true if it was the last.
    pub fn leave(&self, id: u64) -> bool {
        self.change(|inbox, now| inbox.leave(id, now));
        let is_deserted = self.lock().is_deserted();
        self.control.wake();
        is_deserted
    }

    /// Takes an item; `None` where there is none for this member.
    pub fn take(&self, id: u64) -> Option<(T, Place)> {
        let Look {
            taken,
            wakes,
            changes_accepting,
        } = self.lock().take(id, sync::now());
        wake_all(&wakes);
        if changes_accepting {
            self.control.wake();
        }
        taken
    }

    /// Has a member wait for a wake: what it took is followed by no look.
    pub fn set_idle(&self, id: u64) {
        self.lock().set_idle(id);
    }

    /// Has a member take nothing any more, or take part again.
    pub fn set_paused(&self, id: u64, is_paused: bool) {
        self.change(|inbox, now| inbox.set_paused(id, is_paused, now));
        self.control.wake();
    }

    /// Takes everything out.
    pub fn empty(&self) -> Vec<T> {
        self.lock().empty()
    }

    /// Returns how many items wait, and of each member its thread and its open connections.
    pub fn counts(&self) -> (usize, Vec<(u32, usize)>) {
        self.lock().counts()
    }

    /// Changes the inbox, and wakes the members that `change` returns once the lock is free.
    fn change(&self, change: impl FnOnce(&mut Inbox<T, W>, Instant) -> Vec<W>) {
        let wakes = change(&mut self.lock(), sync::now());
        wake_all(&wakes);
    }

    fn lock(&self) -> MutexGuard<'_, Inbox<T, W>> {
        sync::lock(&self.inbox)
    }
}

fn wake_all<W: Wake>(wakers: &[W]) {
    for waker in wakers {
        waker.wake();
    }
}

#[cfg(loom)]
#[cfg(test)]
mod models;
