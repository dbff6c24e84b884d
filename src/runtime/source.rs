//! One registered descriptor.

use std::cell::OnceCell;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};

use super::calls::{Calls, Count};
use super::ready::{Member, Ready, ReadySet};
use crate::event::Key;
use crate::sys::poller::Registration;
use crate::sys::splice::SplicePipe;
use crate::sys::{
    passing, socket, BorrowedDescriptor, Bytes, Descriptor, Interest, Received, Room, Tried,
};

/// A read of at least so many bytes is a heavy one, as is any that fills its buffer.
const HEAVY_READ: usize = 32 * 1024;
/// Tries in one attempt. More than one is rare: an edge must come between two of them.
const MAX_TRIES: usize = 8;

/// How an attempt at I/O ended.
#[derive(Debug)]
pub enum Attempt<T> {
    Done(T),
    /// Not ready: the waker is kept, and the key will come up in the ready set.
    Pending,
    Failed(io::Error),
}

/// What is known of the bytes that wait to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    Bytes(usize),
    Nothing,
    /// Only a read can tell: an end, an error, or a descriptor that does not say.
    Unknown,
}

/// A descriptor registered with the reactor. Used by the JavaScript thread only.
///
/// Readiness is edge-triggered: after an attempt that ends in `Pending` or in a short read, the
/// key comes up again only through a new edge. Whoever stops earlier must [`arm`](Self::arm).
#[derive(Debug)]
pub struct Source {
    registration: Registration,
    key: Key,
    set: Rc<ReadySet>,
    reading: OnceCell<Direction>,
    writing: OnceCell<Direction>,
    calls: Rc<Calls>,
    reads: Count,
    writes: Count,
}

/// Made when a direction is first waited for.
#[derive(Debug)]
struct Direction {
    member: Arc<Member>,
    waker: Waker,
}

/// True when there is probably more. A peer that sends much has the next bytes under way: those that
/// were read make room for them, and they are there before a poll could tell.
pub fn is_heavy(read: usize, room: usize) -> bool {
    read == room || read >= HEAVY_READ
}

impl Source {
    pub(super) fn new(
        key: Key,
        registration: Registration,
        set: Rc<ReadySet>,
        calls: Rc<Calls>,
    ) -> Self {
        Self {
            registration,
            key,
            set,
            reading: OnceCell::new(),
            writing: OnceCell::new(),
            calls,
            reads: Count::default(),
            writes: Count::default(),
        }
    }

    /// Ends the registration, and gives the descriptor back.
    ///
    /// # Errors
    /// The system's; the descriptor is closed then.
    pub fn into_descriptor(self) -> io::Result<Descriptor> {
        self.registration.into_descriptor()
    }

    pub fn descriptor(&self) -> BorrowedDescriptor<'_> {
        self.registration.descriptor()
    }

    /// Adds the key to the ready set: at once if readiness is known, otherwise when the waker runs. A
    /// member of the set will be served in any case.
    pub fn arm(&self, interest: Interest) {
        if self.must_announce(interest) {
            self.announce(interest);
        }
    }

    /// As [`Self::arm`], for the next loop iteration.
    pub fn arm_later(&self, interest: Interest) {
        if self.must_announce(interest) {
            self.announce_later(interest);
        }
    }

    /// True when readiness is there, and the ready set does not have this member.
    fn must_announce(&self, interest: Interest) -> bool {
        !self.direction(interest).member.is_listed() && self.is_ready(interest)
    }

    /// Adds the key to the ready set, as if it had become ready.
    pub fn announce(&self, interest: Interest) {
        self.set.add(&self.direction(interest).member);
    }

    /// As [`Self::announce`], for the next loop iteration.
    pub fn announce_later(&self, interest: Interest) {
        self.set.add_later(&self.direction(interest).member);
    }

    /// Reads once.
    pub fn try_read(&self, mut room: Room<'_>) -> Attempt<usize> {
        let size = room.len();
        let attempt = self.attempt(
            Interest::Read,
            |fd| {
                self.count_read();
                socket::receive(fd, room.reborrow())
            },
            // Little, and less than was asked for: the kernel's buffer is empty, and the next byte
            // makes an edge, so the read that would say EAGAIN is saved. End-of-file stays ready.
            |&read| read != 0 && !is_heavy(read, size),
        );
        attempt
    }

    /// Reads away the wakes of a [`waker`](crate::sys::waker) whose receiving end this is. The key comes
    /// up again with the next wake, and at once where more are left or the read fails.
    pub fn take_wakes(&self) {
        if self.is_ready(Interest::Read) {
            let _ = self.try_read((&mut [0; 64][..]).into());
            self.arm_later(Interest::Read);
        }
    }

    /// Calls `look`, which peeks at the received bytes and leaves them in the kernel. Its second argument
    /// is true when the peer was known to have ended before the call. After `WouldBlock` the key comes
    /// up again with more bytes.
    pub fn try_look<T>(
        &self,
        mut look: impl FnMut(BorrowedDescriptor<'_>, bool) -> io::Result<T>,
    ) -> Attempt<T> {
        let waker = &self.direction(Interest::Read).waker;
        let look = |fd: BorrowedDescriptor<'_>| {
            self.count_read();
            look(fd, self.registration.has_read_ended(waker))
        };
        self.attempt(Interest::Read, look, |_| false)
    }

    /// Reads once from a Unix-domain socket: as [`Self::try_read`], with an eye on the descriptors
    /// that came with the bytes. They go to `inbox`; the kernel closes them where there is none.
    pub fn try_receive(
        &self,
        mut room: Room<'_>,
        mut inbox: Option<&mut Vec<Descriptor>>,
    ) -> Attempt<Received> {
        let size = room.len();
        self.attempt(
            Interest::Read,
            |fd| {
                self.count_read();
                passing::receive(fd, room.reborrow(), inbox.as_deref_mut())
            },
            // The kernel stops where there were descriptors. What follows makes no edge.
            |got| got.length != 0 && !got.is_cut && !is_heavy(got.length, size),
        )
    }

    /// True when the last read took much.
    pub fn is_heavy(&self) -> bool {
        self.direction(Interest::Read).member.is_heavy()
    }

    /// Returns how many bytes wait to be read. Where there are none, the key comes up again when there
    /// are, as after a read that finds nothing.
    pub fn waiting(&self) -> Waiting {
        let waker = &self.direction(Interest::Read).waker;
        let count = |fd: BorrowedDescriptor<'_>| match socket::available(fd)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            bytes => Ok(bytes),
        };
        let tried = self
            .registration
            .attempt(Interest::Read, waker, count, |_| false);
        match tried {
            Tried::Done(bytes) => Waiting::Bytes(bytes),
            Tried::Pending => Waiting::Nothing,
            // An end or an error stays ready, and so does what came meanwhile.
            Tried::Stale if !self.is_ready(Interest::Read) => Waiting::Nothing,
            Tried::Stale | Tried::Failed(_) => Waiting::Unknown,
        }
    }

    fn note_read(&self, read: usize, room: usize) {
        let member = &self.direction(Interest::Read).member;
        member.set_heavy(is_heavy(read, room));
    }

    /// Goes on after a read: where there is probably more it is read in the next batch, or else when
    /// the driver reports it.
    pub fn follow(&self, read: usize, room: usize) {
        self.note_read(read, room);
        if is_heavy(read, room) {
            self.announce(Interest::Read);
        } else {
            self.arm(Interest::Read);
        }
    }

    /// Goes on after a read that was cut: the rest is read in the next batch.
    pub fn follow_cut(&self, read: usize, room: usize) {
        self.note_read(read, room);
        self.announce(Interest::Read);
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

    /// Writes once what fits of one buffer, with descriptors.
    pub fn try_pass(&self, bytes: Bytes<'_>, descriptors: &[Descriptor]) -> Attempt<usize> {
        self.attempt_write(|fd| {
            self.count_write();
            passing::send(fd, bytes, descriptors)
        })
    }

    /// Returns true when the kernel has no room to write; the key then comes up when it has. Called
    /// after a short write: another write would find the little that has become free since. Where
    /// another would fail, the key comes up in the next loop iteration: as in libuv, a write of which
    /// something was taken does not fail at once.
    pub fn awaits_room(&self) -> bool {
        match self.attempt(Interest::Write, socket::check_room, |()| false) {
            Attempt::Done(()) => false,
            Attempt::Pending => true,
            Attempt::Failed(_) => {
                self.announce_later(Interest::Write);
                true
            }
        }
    }

    /// Returns how often this descriptor was read from, and how often written to.
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

    /// Moves what has come in into the empty `pipe`, at most `most` bytes. `None` where the system
    /// refuses to do it; the source stays ready for a read.
    pub fn try_fill(&self, pipe: &SplicePipe, most: usize) -> Attempt<Option<usize>> {
        // A pipe may be full before the socket is empty: a short step does not mean that it is.
        let attempt = self.attempt(Interest::Read, |fd| pipe.fill(fd, most), |_| false);
        if let Attempt::Done(Some(read)) = attempt {
            self.note_read(read, most);
        }
        attempt
    }

    /// Sends at most `most` of the bytes in `pipe`.
    pub fn try_pour(&self, pipe: &SplicePipe, most: usize) -> Attempt<usize> {
        self.attempt_write(|fd| pipe.pour(fd, most))
    }

    /// Ends the writing side; where that is pending, the key will come up for writing.
    pub fn poll_shutdown(&self) -> Poll<io::Result<()>> {
        self.registration
            .poll_shutdown(&self.direction(Interest::Write).waker)
    }

    /// True when readiness is known. Where it is not, the key comes up in the ready set with it.
    pub fn is_ready(&self, interest: Interest) -> bool {
        let waker = &self.direction(interest).waker;
        self.registration.poll_ready(interest, waker).is_ready()
    }

    /// Tries a write. A kernel without memory for a packet (`ENOBUFS`) makes no edge when it has
    /// some again, so that the next loop iteration tries again.
    fn attempt_write(
        &self,
        operation: impl FnMut(BorrowedDescriptor<'_>) -> io::Result<usize>,
    ) -> Attempt<usize> {
        match self.attempt(Interest::Write, operation, |_| false) {
            Attempt::Failed(error) if socket::is_out_of_buffers(&error) => {
                self.announce_later(Interest::Write);
                Attempt::Pending
            }
            outcome => outcome,
        }
    }

    /// Tries until the operation has an outcome; [`Registration::attempt`] says what a try is. One that
    /// finds nothing has cleared the readiness that it was made for. Only an edge that has come since
    /// is worth another.
    fn attempt<T>(
        &self,
        interest: Interest,
        mut operation: impl FnMut(BorrowedDescriptor<'_>) -> io::Result<T>,
        is_drained: impl Fn(&T) -> bool,
    ) -> Attempt<T> {
        let waker = &self.direction(interest).waker;
        for _ in 0..MAX_TRIES {
            match self
                .registration
                .attempt(interest, waker, &mut operation, &is_drained)
            {
                Tried::Done(value) => return Attempt::Done(value),
                Tried::Failed(error) => return Attempt::Failed(error),
                Tried::Pending => return Attempt::Pending,
                Tried::Stale if self.is_ready(interest) => {}
                Tried::Stale => return Attempt::Pending,
            }
        }
        // The reactor insists on a readiness that the kernel denies. Not now, then, and not here:
        // the next loop iteration tries again.
        self.announce_later(interest);
        Attempt::Pending
    }

    fn direction(&self, interest: Interest) -> &Direction {
        let cell = match interest {
            Interest::Read => &self.reading,
            Interest::Write => &self.writing,
        };
        cell.get_or_init(|| {
            let key = self.key;
            let member = self.set.member(Ready { key, interest });
            let waker = Waker::from(Arc::clone(&member));
            Direction { member, waker }
        })
    }
}
