//! Listening sockets that several threads of one process share.
//!
//! One thread of its own, [`AcceptThread`](crate::runtime::AcceptThread), accepts from such a socket
//! and puts what has come into the inbox of a [`Group`]. Each thread that listens is a member of it,
//! and is woken by a descriptor that its own reactor watches. Which member gets a connection is the
//! inbox's affair, who the members are the registry's.

mod group;
mod inbox;
mod registry;

use std::io;
use std::sync::Arc;
use std::time::Instant;

use self::group::{Group, Wake};
pub use self::inbox::Place;
pub use self::registry::{Address, Registry};
use crate::error::Result;
use crate::event::Key;
use crate::runtime::{Intake, Interest, Reactor, Source};
use crate::sys::waker::{self, Waker};
use crate::sys::{options, BorrowedDescriptor, Descriptor};

type Connections = Group<io::Result<Descriptor>, Arc<Waker>>;

impl Wake for Arc<Waker> {
    fn wake(&self) {
        Waker::wake(self);
    }
}

impl Connections {
    /// Resets what nobody has taken, as the kernel does with the backlog of a socket that is closed.
    fn reset_waiting(&self) {
        for fd in self.empty().into_iter().flatten() {
            // Without it the peer sees an end instead.
            let _ = options::set_linger_zero(crate::sys::descriptor::borrow(&fd));
        }
    }
}

impl Intake for Connections {
    fn has_room(&self) -> bool {
        self.has_room()
    }

    fn add(&self, accepted: io::Result<Descriptor>) {
        self.add(accepted);
    }

    fn tend(&self) -> Option<Instant> {
        self.tend()
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

    fn join(self, group: &Arc<Connections>) -> Membership {
        Membership {
            id: group.join(self.thread, self.waker),
            group: Arc::clone(group),
            woken: self.woken,
        }
    }
}

/// The share of one handle in a listening socket. Ends when dropped, with the socket if it is the last.
#[derive(Debug)]
pub struct Membership {
    group: Arc<Connections>,
    id: u64,
    woken: Source,
}

impl Membership {
    /// Takes note of a wake.
    pub fn answer(&self) {
        self.woken.take_wakes();
    }

    /// Takes a connection, or why none could be accepted; `None` where there is none for this member.
    pub fn take(&self) -> Option<(io::Result<Descriptor>, Place)> {
        self.group.take(self.id)
    }

    /// Waits for a wake: what was taken is followed by no look.
    pub fn set_idle(&self) {
        self.group.set_idle(self.id);
    }

    /// Has the handle look in the next loop iteration.
    pub fn look_later(&self) {
        self.woken.announce_later(Interest::Read);
    }

    /// Takes nothing any more, or takes part again.
    pub fn set_paused(&self, is_paused: bool) {
        self.group.set_paused(self.id, is_paused);
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
        let (waiting, members) = self.group.counts();
        let members = members
            .into_iter()
            .flat_map(|(thread, open)| [u64::from(thread), open as u64]);
        std::iter::once(waiting as u64).chain(members).collect()
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let mut registry = Registry::lock();
        if self.group.leave(self.id) {
            registry.close(&self.group);
        }
    }
}
