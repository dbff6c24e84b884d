//! Listening sockets that several threads of one process share.
//!
//! One thread of its own, [`AcceptThread`], accepts from such a socket and puts what has come into
//! an [`Inbox`]. Each thread that listens is a member of it, and is woken by a descriptor that its
//! own reactor watches. Which member gets a connection is the inbox's affair, who the members are the
//! registry's.

mod inbox;
mod registry;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

pub use self::inbox::Place;
use self::inbox::{Inbox, Look};
pub use self::registry::{Address, Registry};
use crate::error::Result;
use crate::event::Key;
use crate::runtime::{AcceptControl, Attempt, Intake, Interest, Reactor, Source};
use crate::sys::waker::{self, Waker};
use crate::sys::{options, BorrowedDescriptor, Descriptor};

type Connections = Inbox<io::Result<Descriptor>, Arc<Waker>>;

/// What the members of one listening socket have in common.
#[derive(Debug, Default)]
struct Group {
    inbox: Mutex<Connections>,
    control: Arc<AcceptControl>,
}

impl Group {
    fn lock(&self) -> MutexGuard<'_, Connections> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the inbox, and wakes the members that `change` returns once the lock is free.
    fn change(&self, change: impl FnOnce(&mut Connections, Instant) -> Vec<Arc<Waker>>) {
        let wakes = change(&mut self.lock(), Instant::now());
        wake_all(&wakes);
    }

    /// Resets what nobody has taken, as the kernel does with the backlog of a socket that is closed.
    fn reset_waiting(&self) {
        for fd in self.lock().empty().into_iter().flatten() {
            // Without it the peer sees an end instead.
            let _ = options::set_linger_zero(crate::sys::descriptor::borrow(&fd));
        }
    }
}

impl Intake for Group {
    fn has_room(&self) -> bool {
        self.lock().has_room()
    }

    fn add(&self, accepted: io::Result<Descriptor>) {
        self.change(|inbox, now| inbox.add(accepted, now));
    }

    fn tend(&self) -> Option<Instant> {
        let (wakes, due) = self.lock().tend(Instant::now());
        wake_all(&wakes);
        due
    }
}

fn wake_all(wakers: &[Arc<Waker>]) {
    for waker in wakers {
        waker.wake();
    }
}

/// A place in an inbox before it is known in which.
#[derive(Debug)]
pub struct Candidate {
    waker: Arc<Waker>,
    woken: Source,
    thread: u32,
}

impl Candidate {
    /// Registers what wakes the handle `key` of the JavaScript thread `thread`.
    ///
    /// # Errors
    /// The system's.
    pub fn new(key: Key, reactor: &Reactor, thread: u32) -> Result<Self> {
        let (waker, woken) = waker::pair()?;
        let woken = reactor.register(key, woken)?;
        woken.arm(Interest::Read);
        Ok(Self {
            waker: Arc::new(waker),
            woken,
            thread,
        })
    }

    fn join(self, group: &Arc<Group>) -> Membership {
        Membership {
            id: group.lock().join(self.thread, self.waker),
            group: Arc::clone(group),
            woken: self.woken,
        }
    }
}

/// The share of one handle in a listening socket. Ends when dropped, with the socket if it is the last.
#[derive(Debug)]
pub struct Membership {
    group: Arc<Group>,
    id: u64,
    woken: Source,
}

impl Membership {
    /// Takes note of a wake.
    pub fn answer(&self) {
        if self.woken.is_ready(Interest::Read) {
            // A rest that is left unread wakes again.
            if let Attempt::Done(_) = self.woken.try_read((&mut [0; 64][..]).into()) {
                self.woken.arm(Interest::Read);
            }
        }
    }

    /// Takes a connection, or why none could be accepted; `None` where there is none for this member.
    pub fn take(&self) -> Option<(io::Result<Descriptor>, Place)> {
        let Look {
            taken,
            wakes,
            changes_accepting,
        } = self.group.lock().take(self.id, Instant::now());
        wake_all(&wakes);
        if changes_accepting {
            self.group.control.wake();
        }
        taken
    }

    /// Waits for a wake: what was taken is followed by no look.
    pub fn set_idle(&self) {
        self.group.lock().set_idle(self.id);
    }

    /// Has the handle look in the next loop iteration.
    pub fn look_later(&self) {
        self.woken.announce_later(Interest::Read);
    }

    /// Takes nothing any more, or takes part again.
    pub fn set_paused(&self, is_paused: bool) {
        let id = self.id;
        self.group
            .change(|inbox, now| inbox.set_paused(id, is_paused, now));
        self.group.control.wake();
    }

    /// Adds permissions to the name in the file system, where there is one.
    ///
    /// # Errors
    /// As [`Registry::change_mode`].
    pub fn change_mode(&self, fd: BorrowedDescriptor<'_>, mode: u32) -> Result<()> {
        Registry::lock().change_mode(&self.group, fd, mode)
    }

    /// Returns how many connections wait, then of each member its thread and its open connections.
    pub fn counts(&self) -> Vec<u64> {
        let (waiting, members) = self.group.lock().counts();
        let members = members
            .into_iter()
            .flat_map(|(thread, open)| [u64::from(thread), open as u64]);
        std::iter::once(waiting as u64).chain(members).collect()
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let mut registry = Registry::lock();
        let id = self.id;
        self.group.change(|inbox, now| inbox.leave(id, now));
        if self.group.lock().is_deserted() {
            registry.close(&self.group);
        }
        drop(registry);
        self.group.control.wake();
    }
}
