//! The writing side of a stream.

use std::task::Poll;

use super::Stream;
use crate::error::{status, Errno, Result};
use crate::event::{Event, Key, Kind};
use crate::net::common::Common;
use crate::net::socket::Io;
use crate::queue::EventQueue;
use crate::runtime::{Interest, Reactor, Source};
use crate::stream::{
    Added, Callback, Deferred, Place, Release, Sender, Shutdown, SmallWrite, WriteHabit, Writer,
    SMALL_WRITE,
};
use crate::sys::{descriptor, socket, BorrowedDescriptor, Bytes, Descriptor, Lent};

/// What a stream knows of its writes.
#[derive(Debug, Default)]
pub(super) struct Writing {
    writer: Writer,
    /// The place that the last deferred bytes were given. It may be out of date: the list compares
    /// the key when it looks the place up.
    deferred_place: Option<Place>,
    habit: WriteHabit,
    shutdown: Shutdown,
    /// Bytes that were reported as written could not be sent: nothing more is, every write reports
    /// this, and the peer gets a reset instead of an EOF.
    failure: Option<Errno>,
}

impl Writing {
    /// True when a write or a shutdown has not ended.
    pub fn is_pending(&self) -> bool {
        self.shutdown.is_requested() || !self.writer.is_idle()
    }

    pub fn is_shutting_down(&self) -> bool {
        self.shutdown.is_requested()
    }

    /// Returns how many coalesced bytes the kernel has not taken.
    pub fn queue_size(&self) -> usize {
        self.writer.pending()
    }

    /// Sends what is left of the coalesced bytes ahead of a close. Returns true when no byte that
    /// was reported as written is lost.
    pub fn send_last(&mut self, fd: BorrowedDescriptor<'_>) -> bool {
        self.failure.is_none() && self.writer.send_last(fd)
    }

    /// Writes bytes with descriptors: see [`Writer::pass`].
    ///
    /// # Errors
    /// The kernel's.
    pub fn pass(
        &mut self,
        source: &Source,
        bytes: Bytes<'_>,
        descriptors: &mut Vec<Descriptor>,
    ) -> Result<usize> {
        self.writer.pass(source, bytes, descriptors)
    }

    /// True when no unsent byte would be overtaken by one that is written now. Offloaded bytes do not
    /// count: the caller takes them back from the sender thread first.
    pub fn is_free(&self) -> bool {
        self.writer.is_idle()
            && self.deferred_place.is_none_or(Place::is_offloaded)
            && self.failure.is_none()
    }
}

impl Stream {
    /// Writes several buffers in order, and returns how many bytes have left. A `Writable` event
    /// follows where that is not all.
    ///
    /// # Errors
    /// The kernel's, or `EBADF` where there is nothing to write to; the errno of coalesced bytes
    /// that were lost.
    pub fn write(
        &mut self,
        key: Key,
        reactor: &Reactor,
        buffers: &mut [Bytes<'_>],
    ) -> Result<usize> {
        self.check_writable()?;
        self.check_flushed()?;
        self.awaits_answer = false;
        let source = self.socket.register(key, reactor)?;
        self.writing.writer.write(source, buffers)
    }

    /// Leaves everything with JavaScript until there is a `Writable` event. Returns that no byte
    /// has left.
    pub fn await_writable(&mut self) -> usize {
        self.writing.writer.await_room();
        0
    }

    /// Has a `Writable` event come in the next loop iteration, whether or not something waits for
    /// room.
    ///
    /// # Errors
    /// `EBADF` where there is nothing to write to.
    pub fn announce_writable(&mut self, key: Key, reactor: &Reactor) -> Result<()> {
        self.writing.writer.await_room();
        let source = self.socket.register(key, reactor)?;
        source.announce_later(Interest::Write);
        Ok(())
    }

    /// Defers a small write of a callback, to be offloaded where that is possible. Returns `None`
    /// where [`Self::write`] has to do it.
    pub fn defer(
        &mut self,
        common: &Common,
        sender: &mut Sender,
        may_offload: bool,
        callback: Callback,
        bytes: &[u8],
    ) -> Option<Added> {
        let fd = self.deferring_fd(common, bytes)?;
        let is_alone = self.writing.habit.note(callback);
        let release = if may_offload && common.offloads {
            Release::Offload
        } else {
            Release::Coalesce
        };
        if is_alone && release == Release::Coalesce {
            return None;
        }
        let added = sender.add(&SmallWrite {
            key: common.key,
            place: self.writing.deferred_place,
            fd,
            release,
            bytes,
        })?;
        self.writing.deferred_place = Some(added.place);
        self.awaits_answer = false;
        Some(added)
    }

    /// Returns the descriptor, where `bytes` may wait.
    fn deferring_fd(&self, common: &Common, bytes: &[u8]) -> Option<Lent> {
        let source = self.socket.source()?;
        // An empty write is a question to the kernel.
        let is_free = self.access.writable
            && !bytes.is_empty()
            && self.writing.writer.is_idle()
            && self.writing.failure.is_none();
        let may_wait = is_free && common.coalesces && bytes.len() <= SMALL_WRITE;
        descriptor::lend(source.descriptor()).filter(|_| may_wait)
    }

    /// Returns where its deferred bytes are, or may have been.
    pub fn deferred_place(&self) -> Option<Place> {
        self.writing.deferred_place
    }

    /// Forgets the place of what was coalesced, which is gone.
    pub fn forget_place(&mut self) {
        self.writing.deferred_place = None;
    }

    /// True when the sender thread may have something of this stream.
    pub(super) fn has_offloaded(&self) -> bool {
        self.writing.deferred_place.is_some_and(Place::is_offloaded)
    }

    /// Sends the rest of what was deferred; a failure becomes an event.
    pub fn send(&mut self, key: Key, deferred: &Deferred, queue: &mut EventQueue) {
        let Some(source) = self.socket.source() else {
            return;
        };
        source.count_foreign_writes(deferred.sends);
        // What comes after a hole must not be sent.
        if self.writing.failure.is_some() {
            return;
        }
        let result = match deferred.failed {
            Some(errno) => Err(errno),
            None => self.writing.writer.write_deferred(source, deferred.rest()),
        };
        if let Err(errno) = result {
            self.report_lost(key, errno, queue);
        }
    }

    /// Goes on with coalesced bytes, and reports room for what JavaScript holds back.
    pub(super) fn resume_writing(&mut self, key: Key, queue: &mut EventQueue) {
        let Some(source) = self.socket.source() else {
            return;
        };
        match self.writing.writer.resume(source) {
            Ok(true) => queue.push(Event::new(key, Kind::Writable, 0)),
            Ok(false) => {}
            Err(errno) => self.report_lost(key, errno, queue),
        }
    }

    /// Sends nothing more: bytes that were reported as written are lost.
    pub fn fail_writes(&mut self, errno: Errno) {
        self.writing.failure.get_or_insert(errno);
    }

    /// Reports that bytes are lost which were reported as written.
    pub(super) fn report_lost(&mut self, key: Key, errno: Errno, queue: &mut EventQueue) {
        self.fail_writes(errno);
        queue.push(Event::new(key, Kind::FlushFailed, errno.code()));
        // What JavaScript holds back fails when it is offered.
        if self.writing.writer.take_awaited() {
            queue.push(Event::new(key, Kind::Writable, 0));
        }
    }

    /// # Errors
    /// The errno of coalesced bytes that were lost.
    pub fn check_flushed(&self) -> Result<()> {
        self.writing.failure.map_or(Ok(()), Err)
    }

    /// Asks for a half-close behind everything that is queued. What was deferred must have been
    /// sent.
    ///
    /// # Errors
    /// `ENOTCONN` where the side is not open (any more).
    pub fn shutdown(&mut self, key: Key, queue: &mut EventQueue) -> Result<()> {
        if !self.access.writable || !self.writing.shutdown.request() {
            return Err(Errno::NOTCONN);
        }
        self.access.writable = false;
        self.finish_shutdown(key, queue);
        Ok(())
    }

    /// Makes the half-close that was asked for, once nothing is queued before it.
    pub(super) fn finish_shutdown(&mut self, key: Key, queue: &mut EventQueue) {
        if !self.writing.shutdown.is_requested() || !self.writing.writer.is_drained() {
            return;
        }
        let outcome = match self.socket.io() {
            // An EOF would hide the hole.
            _ if self.writing.failure.is_some() => Poll::Ready(self.check_flushed().map(Ok)),
            Io::Missing => Poll::Ready(Err(Errno::BADF)),
            Io::Open(fd) => Poll::Ready(Ok(socket::shutdown_write(descriptor::borrow(fd)))),
            Io::Registered(source) => source.poll_shutdown().map(Ok),
        };
        let Poll::Ready(outcome) = outcome else {
            return;
        };
        let result = outcome.and_then(|done| Ok(done?));
        self.writing.shutdown.finish();
        queue.push(Event::new(key, Kind::Shutdown, status(result)));
    }

    pub(super) fn check_writable(&self) -> Result<()> {
        // As in libuv: no descriptor is a bad one, a side that was shut down is a broken pipe.
        if self.socket.is_missing() {
            return Err(Errno::BADF);
        }
        if self.access.writable {
            Ok(())
        } else {
            Err(Errno::PIPE)
        }
    }
}
