//! Small writes that leave later, in one list for all sockets of an environment.
//!
//! Each byte is in exactly one place, and moves along these, so that an older byte is never behind a
//! younger one: the waiting list, then the sender thread, then the returned list (what the kernel did
//! not take from the thread), then the socket's own writer.

use std::collections::VecDeque;
use std::io;

use crate::error::Errno;
use crate::event::Key;
use crate::sys::{socket, Lent};

/// The largest write that is deferred: copying more would cost more than a system call.
pub const SMALL_WRITE: usize = 4 * 1024;
/// The most bytes of one socket that wait.
pub(super) const SOCKET_LIMIT: usize = 16 * 1024;
/// The most sockets that wait.
pub(super) const SOCKETS_LIMIT: usize = 64;

/// Says when deferred bytes leave, and who sends them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// At the end of the callback, by the JavaScript thread. The sender thread takes over in a
    /// callback that does not end.
    Coalesce,
    /// As soon as another socket defers a write, by the sender thread.
    Offload,
}

/// Names the place of a socket in the list, which another socket never gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    number: u64,
    release: Release,
}

impl Place {
    /// True when the sender thread may have something of this socket, or have returned it.
    pub fn is_offloaded(self) -> bool {
        self.release == Release::Offload
    }
}

/// What became of a write that was added to the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Added {
    /// Where the socket's bytes are.
    pub place: Place,
    /// So many sockets wait that what is coalesced should be sent.
    pub is_full: bool,
}

/// A small write of the socket `key`, whose last place was `place`.
#[derive(Clone, Copy, Debug)]
pub struct SmallWrite<'a> {
    pub key: Key,
    pub place: Option<Place>,
    /// Stays open until the socket's bytes have been taken back.
    pub fd: Lent,
    pub release: Release,
    pub bytes: &'a [u8],
}

/// The deferred bytes of one socket.
#[derive(Debug)]
pub struct Deferred {
    pub key: Key,
    pub(super) fd: Lent,
    release: Release,
    bytes: Vec<u8>,
    sent: usize,
    /// System calls of the sender thread while this was coalesced.
    pub sends: u64,
    /// Why the sender thread could not send.
    pub failed: Option<Errno>,
}

impl Deferred {
    fn new(write: &SmallWrite<'_>, mut buffer: Vec<u8>) -> Self {
        buffer.extend_from_slice(write.bytes);
        Self {
            key: write.key,
            fd: write.fd,
            release: write.release,
            bytes: buffer,
            sent: 0,
            sends: 0,
            failed: None,
        }
    }

    /// Returns what has not been sent yet.
    pub fn rest(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    fn is_offloaded(&self) -> bool {
        self.release == Release::Offload
    }

    /// Adds a write of the same socket, and returns how all of this leaves. Returns `None` where the
    /// limit is reached or the bytes before these are lost.
    fn append(&mut self, write: &SmallWrite<'_>) -> Option<Release> {
        if self.bytes.len() + write.bytes.len() > SOCKET_LIMIT || self.failed.is_some() {
            return None;
        }
        if self.bytes.is_empty() {
            self.fd = write.fd;
            self.release = write.release;
        }
        self.bytes.extend_from_slice(write.bytes);
        Some(self.release)
    }

    /// Takes what is there and leaves an empty place.
    fn take(&mut self) -> Self {
        let empty = Self {
            bytes: Vec::new(),
            sent: 0,
            sends: 0,
            failed: None,
            ..*self
        };
        std::mem::replace(self, empty)
    }

    /// True when the sender thread may still try to send something of this.
    pub(super) fn is_sendable(&self) -> bool {
        self.failed.is_none() && !self.rest().is_empty()
    }

    /// Notes the outcome of a send.
    pub(super) fn note(&mut self, outcome: io::Result<usize>) {
        match outcome {
            Ok(sent) => self.sent += sent,
            Err(error) if socket::is_full(&error) => {}
            Err(error) => self.failed = Some(error.into()),
        }
    }
}

/// The deferred writes of one environment.
#[derive(Debug, Default)]
pub(super) struct DeferredList {
    waiting: VecDeque<Deferred>,
    /// The number of the first place. Numbers only grow.
    first: u64,
    /// What is offloaded in places before this one may be sent.
    released: u64,
    /// What was offloaded, and the kernel did not take.
    returned: Vec<Deferred>,
    /// Buffers to be used again.
    spare: Vec<Vec<u8>>,
}

impl DeferredList {
    /// Adds a write. Returns `None` where a limit is reached, or the kernel takes no more: the write
    /// must be made in the ordinary way, after what waits of the socket.
    pub fn add(&mut self, write: &SmallWrite<'_>) -> Option<Added> {
        let offloads = write.release == Release::Offload;
        // What was returned is older than this write.
        if offloads && !self.returned.is_empty() {
            return None;
        }
        if let Some((place, own)) = self.own_place(write) {
            let release = own.append(write)?;
            return Some(self.added(Place { release, ..place }));
        }
        if offloads {
            if self.waiting.len() >= SOCKETS_LIMIT {
                return None;
            }
            // What waits already has most likely ended its callback.
            self.release();
        }
        let buffer = self.spare.pop().unwrap_or_default();
        self.waiting.push_back(Deferred::new(write, buffer));
        Some(self.added(Place {
            number: self.end() - 1,
            release: write.release,
        }))
    }

    fn added(&self, place: Place) -> Added {
        Added {
            place,
            is_full: self.waiting.len() >= SOCKETS_LIMIT,
        }
    }

    fn own_place(&mut self, write: &SmallWrite<'_>) -> Option<(Place, &mut Deferred)> {
        let place = write.place?;
        Some((place, self.at(place, write.key)?))
    }

    fn at(&mut self, place: Place, key: Key) -> Option<&mut Deferred> {
        let index = usize::try_from(place.number.checked_sub(self.first)?).ok()?;
        self.waiting.get_mut(index).filter(|own| own.key == key)
    }

    fn end(&self) -> u64 {
        self.first + self.waiting.len() as u64
    }

    /// True when no socket has a place.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Allows everything that is offloaded to be sent.
    pub fn release(&mut self) {
        self.released = self.end();
    }

    /// Returns how many places have been released.
    pub fn released(&self) -> u64 {
        self.released.saturating_sub(self.first)
    }

    /// Takes the oldest bytes that are offloaded and may be sent.
    pub fn next_released(&mut self) -> Option<Deferred> {
        let released = usize::try_from(self.released()).unwrap_or(0);
        let mut places = self.waiting.iter_mut().take(released);
        let next = places
            .find(|own| own.is_offloaded() && !own.bytes.is_empty())
            .map(Deferred::take);
        self.drop_empty_places(|own| own.is_offloaded());
        next
    }

    /// Drops the places at the front that hold nothing, as far as `may_drop` allows it.
    fn drop_empty_places(&mut self, may_drop: impl Fn(&Deferred) -> bool) {
        let is_dropped = |own: &Deferred| own.bytes.is_empty() && may_drop(own);
        while self.waiting.front().is_some_and(&is_dropped) {
            self.waiting.pop_front();
            self.first += 1;
        }
    }

    /// Returns what is coalesced and not sent yet.
    pub fn coalesced(&mut self) -> impl Iterator<Item = &mut Deferred> {
        let places = self.waiting.iter_mut();
        places.filter(|own| !own.is_offloaded() && own.is_sendable())
    }

    /// Takes everything that is coalesced, in order; its places are gone.
    pub fn take_coalesced(&mut self, into: &mut Vec<Deferred>) {
        for own in &mut self.waiting {
            if !own.is_offloaded() {
                into.push(own.take());
            }
        }
        self.drop_empty_places(|_| true);
    }

    /// Takes what waits of one socket; its place stays, empty.
    pub fn take(&mut self, place: Place, key: Key) -> Option<Deferred> {
        let own = self.at(place, key)?;
        (!own.bytes.is_empty()).then(|| own.take())
    }

    /// Takes everything that waits, in order; all places are gone.
    pub fn take_waiting(&mut self) -> VecDeque<Deferred> {
        self.first = self.end();
        self.released = self.first;
        std::mem::take(&mut self.waiting)
    }

    /// Takes what the kernel did not take.
    pub fn take_returned(&mut self, into: &mut Vec<Deferred>) {
        into.append(&mut self.returned);
    }

    /// Notes the outcome of a send of what [`Self::next_released`] gave. Returns true if bytes were
    /// handed back.
    pub fn finish(&mut self, mut job: Deferred, outcome: io::Result<usize>) -> bool {
        job.note(outcome);
        if job.failed.is_none() && job.rest().is_empty() {
            self.recycle(job);
            return false;
        }
        // What the socket has deferred meanwhile must not overtake this.
        let mut waiting = self.waiting.iter_mut();
        if let Some(younger) = waiting.find(|own| own.key == job.key) {
            job.bytes.append(&mut younger.take().bytes);
        }
        self.returned.push(job);
        true
    }

    /// Keeps the buffer of what has been sent.
    pub fn recycle(&mut self, done: Deferred) {
        let mut buffer = done.bytes;
        if self.spare.len() < SOCKETS_LIMIT && buffer.capacity() > 0 {
            buffer.clear();
            self.spare.push(buffer);
        }
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
