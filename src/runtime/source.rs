//! One watched descriptor.

use std::cell::OnceCell;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};

use super::calls::{Calls, Count};
use super::ready::{KeyWaker, Ready, ReadyList};
use crate::event::Key;
use crate::sys::poller::Watched;
use crate::sys::splice::SplicePipe;
use crate::sys::{socket, BorrowedDescriptor, Bytes, Descriptor, Interest, Room, Tried};

/// Tries in one attempt. Two are the rule: one that finds nothing, one after that was noted.
const MAX_TRIES: usize = 8;

/// How an attempt at I/O ended.
#[derive(Debug)]
pub enum Attempt<T> {
    Done(T),
    /// Not ready: the waker is set, and the key will come up on the ready list.
    Pending,
    Failed(io::Error),
}

/// A descriptor registered with the reactor. Used by the JavaScript thread only.
///
/// Readiness is edge-triggered: after an attempt that ends in `Pending` or in a short read, the
/// key comes up again only through a new edge. Whoever stops earlier must [`arm`](Self::arm).
#[derive(Debug)]
pub struct Source {
    io: Watched,
    key: Key,
    list: Arc<ReadyList>,
    read_waker: OnceCell<Waker>,
    write_waker: OnceCell<Waker>,
    calls: Rc<Calls>,
    reads: Count,
    writes: Count,
}

impl Source {
    pub(super) fn new(
        key: Key,
        fd: Descriptor,
        list: Arc<ReadyList>,
        calls: Rc<Calls>,
    ) -> io::Result<Self> {
        Ok(Self {
            io: Watched::new(fd)?,
            key,
            list,
            read_waker: OnceCell::new(),
            write_waker: OnceCell::new(),
            calls,
            reads: Count::default(),
            writes: Count::default(),
        })
    }

    /// Stops watching, and gives the descriptor back.
    ///
    /// # Errors
    /// The system's; the descriptor is closed then.
    pub fn into_descriptor(self) -> io::Result<Descriptor> {
        self.io.into_descriptor()
    }

    pub fn descriptor(&self) -> BorrowedDescriptor<'_> {
        self.io.descriptor()
    }

    /// Asks to be told of readiness: through the waker, or at once if it is there already.
    pub fn arm(&self, interest: Interest) {
        if !matches!(self.poll_ready(interest), Poll::Pending) {
            self.announce(interest);
        }
    }

    /// Puts the key on the ready list, as if it had become ready.
    pub fn announce(&self, interest: Interest) {
        self.list.push(Ready {
            key: self.key,
            interest,
        });
    }

    /// Reads once.
    pub fn try_read(&self, mut room: Room<'_>) -> Attempt<usize> {
        let size = room.len();
        self.attempt(
            Interest::Read,
            |fd| {
                self.count_read();
                socket::receive(fd, room.reborrow())
            },
            // Less than was asked for: the kernel's buffer is empty, and the next byte makes an
            // edge, so the read that would say EAGAIN is saved. End-of-file stays ready.
            |&read| read != 0 && read < size,
        )
    }

    /// Accepts once.
    pub fn try_accept(&self) -> Attempt<Descriptor> {
        let accept = |fd: BorrowedDescriptor<'_>| {
            self.calls.accepts.add(1);
            socket::accept(fd)
        };
        self.attempt(Interest::Read, accept, |_| false)
    }

    /// Writes once what fits of one buffer.
    pub fn try_write_one(&self, bytes: Bytes<'_>) -> Attempt<usize> {
        self.attempt_write(|fd| {
            self.count_write();
            socket::send(fd, bytes)
        })
    }

    /// Writes once what fits of several buffers.
    pub fn try_write(&self, buffers: &[Bytes<'_>]) -> Attempt<usize> {
        self.attempt_write(|fd| {
            self.count_write();
            socket::send_vectored(fd, buffers)
        })
    }

    /// How often this descriptor was read from, and how often written to.
    pub fn calls(&self) -> (u64, u64) {
        (self.reads.get(), self.writes.get())
    }

    /// Counts what another thread has written; the environment's own count has it already.
    pub fn count_foreign_writes(&self, writes: u64) {
        self.writes.add(writes);
    }

    fn count_read(&self) {
        self.calls.reads.add(1);
        self.reads.add(1);
    }

    fn count_write(&self) {
        self.calls.writes.add(1);
        self.writes.add(1);
    }

    /// Moves what has come in into the empty `pipe`, at most `most` bytes.
    pub fn try_fill(&self, pipe: &SplicePipe, most: usize) -> Attempt<usize> {
        // A pipe may be full before the socket is empty: a short step tells nothing.
        self.attempt(Interest::Read, |fd| pipe.fill(fd, most), |_| false)
    }

    /// Sends at most `most` of the bytes in `pipe`.
    pub fn try_pour(&self, pipe: &SplicePipe, most: usize) -> Attempt<usize> {
        self.attempt_write(|fd| pipe.pour(fd, most))
    }

    /// Ends the writing side; where that is pending, the key will come up for writing.
    pub fn poll_shutdown(&self) -> Poll<io::Result<()>> {
        self.io.poll_shutdown(self.waker(Interest::Write))
    }

    /// Waits for the first writability, as a connect in progress does.
    pub fn poll_writable(&self) -> bool {
        self.poll_ready(Interest::Write).is_ready()
    }

    /// Tries a write. A kernel without memory for a packet (`ENOBUFS`) makes no edge when it has
    /// some again, so that the next iteration of the loop tries again.
    fn attempt_write(
        &self,
        operation: impl FnMut(BorrowedDescriptor<'_>) -> io::Result<usize>,
    ) -> Attempt<usize> {
        match self.attempt(Interest::Write, operation, |_| false) {
            Attempt::Failed(error) if socket::is_out_of_buffers(&error) => {
                self.list.push_later(Ready {
                    key: self.key,
                    interest: Interest::Write,
                });
                Attempt::Pending
            }
            outcome => outcome,
        }
    }

    /// Tries until the operation has an outcome; [`Watched::attempt`] says what a try is.
    fn attempt<T>(
        &self,
        interest: Interest,
        mut operation: impl FnMut(BorrowedDescriptor<'_>) -> io::Result<T>,
        is_drained: impl Fn(&T) -> bool,
    ) -> Attempt<T> {
        let waker = self.waker(interest);
        for _ in 0..MAX_TRIES {
            match self
                .io
                .attempt(interest, waker, &mut operation, &is_drained)
            {
                Tried::Done(value) => return Attempt::Done(value),
                Tried::Failed(error) => return Attempt::Failed(error),
                Tried::Pending => return Attempt::Pending,
                Tried::Stale => {}
            }
        }
        // The reactor insists on a readiness that the kernel denies. Not now, then, and not here:
        // the next turn of the loop tries again.
        self.announce(interest);
        Attempt::Pending
    }

    fn poll_ready(&self, interest: Interest) -> Poll<io::Result<()>> {
        self.io.poll_ready(interest, self.waker(interest))
    }

    fn waker(&self, interest: Interest) -> &Waker {
        let cell = match interest {
            Interest::Read => &self.read_waker,
            Interest::Write => &self.write_waker,
        };
        cell.get_or_init(|| {
            Waker::from(Arc::new(KeyWaker {
                ready: Ready {
                    key: self.key,
                    interest,
                },
                list: Arc::clone(&self.list),
            }))
        })
    }
}
