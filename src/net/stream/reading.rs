//! The reading side of a stream.

use super::Stream;
use crate::error::{Errno, Result, UV_EOF};
use crate::event::{Event, Key, Kind};
use crate::net::common::{Common, Transport};
use crate::net::socket::Io;
use crate::queue::EventQueue;
use crate::runtime::{is_heavy, Count, Interest, Reactor, Waiting};
use crate::stream::{first_look, read_step, Inbox, ReadStep, DIRECT_READ, READ_STEP};
use crate::sys::{Access, Descriptor, Room};

/// The most reads of an accepted connection before it is registered: enough for a short upload,
/// with its EOF.
pub(in crate::net) const MAX_LOOKS: u64 = 8;

/// What a stream knows of its reads.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// JavaScript has started to read, and has not stopped.
    is_on: bool,
    /// A listener took it off its backlog.
    was_accepted: bool,
    /// In the ready set for the next look.
    look_is_due: bool,
    /// Reads before there was a source to count them.
    looks: Count,
    /// An EOF was read and waits: see [`Stream::report_held_eof`].
    eof_is_held: bool,
    /// What reading failed with. The kernel says it once, and the next start reports it again.
    failure: Option<i32>,
}

impl Reading {
    pub fn of_accepted() -> Self {
        Self {
            was_accepted: true,
            ..Self::default()
        }
    }

    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// Returns how many reads were made without a source.
    pub fn looks(&self) -> u64 {
        self.looks.get()
    }
}

impl Stream {
    /// Lets data come, beginning with what has arrived already.
    ///
    /// # Errors
    /// `EALREADY` while reading, `ENOTCONN` where there is nothing to read from.
    pub fn read_start(&mut self, key: Key, reactor: &Reactor) -> Result<()> {
        if self.reading.is_on {
            return Err(Errno::ALREADY);
        }
        if self.reading.failure.is_some() {
            reactor.serve_later(key, Interest::Read);
        } else if !self.access.readable {
            return Err(Errno::NOTCONN);
        } else if self.reading.was_accepted && self.socket.is_unregistered() {
            self.look_later(key, reactor);
        } else if !self.reading.look_is_due {
            self.socket.register(key, reactor)?.arm(Interest::Read);
        }
        self.reading.is_on = true;
        Ok(())
    }

    /// Has a connection that was just accepted read before it is registered, in the next loop
    /// iteration, as its readiness would have come. A peer that has sent everything already, EOF
    /// included, needs no registration at all.
    fn look_later(&mut self, key: Key, reactor: &Reactor) {
        if !std::mem::replace(&mut self.reading.look_is_due, true) {
            reactor.serve_later(key, Interest::Read);
        }
    }

    pub fn read_stop(&mut self) {
        self.reading.is_on = false;
    }

    /// Drops the look that is due: data that came with the handshake waits for the connect to be
    /// reported.
    pub fn skip_look(&mut self) {
        self.reading.look_is_due = false;
    }

    /// Has the stream served again: it was taken out of the ready set, and nothing was read.
    pub fn read_again(&self, key: Key, reactor: &Reactor) {
        match self.socket.source() {
            Some(source) => source.announce(Interest::Read),
            // It is read before it is registered, and no readiness would bring it up again.
            None => reactor.serve_heavy(key, Interest::Read),
        }
    }

    /// Reads one step into `buffer`, which begins at `offset` of the read slab. Returns the number
    /// of bytes used up.
    pub fn on_readable(
        &mut self,
        common: &Common,
        reactor: &Reactor,
        buffer: &mut [u8],
        offset: u32,
        queue: &mut EventQueue,
    ) -> usize {
        self.reading.look_is_due = false;
        if !self.reading.is_on {
            return 0;
        }
        let key = common.key;
        if let Some(status) = self.reading.failure {
            self.report_end(key, status, queue);
            return 0;
        }
        // The read into the user's buffer says by itself how much there is.
        if common.reads_directly {
            queue.push(Event::new(key, Kind::Readable, step_size(READ_STEP)));
            return 0;
        }
        let waiting = self.waiting();
        if waiting == Waiting::Nothing {
            return 0;
        }
        if let Waiting::Bytes(bytes @ DIRECT_READ..) = waiting {
            queue.push(Event::new(key, Kind::Readable, step_size(bytes)));
            return bytes.min(READ_STEP);
        }
        let mut arrived = Vec::new();
        match self.read_into(common, reactor, buffer.into(), &mut arrived) {
            ReadStep::Nothing => 0,
            ReadStep::Data(read) => {
                if arrived.is_empty() {
                    report_data(key, read, offset, queue);
                } else {
                    self.keep_arrived(arrived);
                    report(Kind::ReadDescriptors, key, read, offset, queue);
                }
                read
            }
            ReadStep::End(UV_EOF) if self.has_offloaded() => {
                self.reading.eof_is_held = true;
                0
            }
            ReadStep::End(status) => {
                self.report_end(key, status, queue);
                0
            }
        }
    }

    /// True when an EOF waits for what the sender thread has met. The kernel reports a reset once:
    /// to a send, where that comes first, and a read then finds an EOF that looks like an orderly
    /// one.
    pub fn has_held_eof(&self) -> bool {
        self.reading.eof_is_held
    }

    /// Reports an EOF that was held, after what the sender thread had.
    pub fn report_held_eof(&mut self, key: Key, queue: &mut EventQueue) {
        if std::mem::take(&mut self.reading.eof_is_held) {
            self.report_end(key, UV_EOF, queue);
        }
    }

    /// Reads one step into `room`. Returns the number of bytes, 0 where there is nothing, or why
    /// reading is over: `UV_EOF` or a negative errno.
    pub fn read_directly(&mut self, common: &Common, reactor: &Reactor, room: Room<'_>) -> i32 {
        if !self.reading.is_on {
            return 0;
        }
        // As libuv says of a buffer without room. What came stays where it is.
        if room.len() == 0 {
            return Errno::NOBUFS.code();
        }
        let mut arrived = Vec::new();
        match self.read_into(common, reactor, room, &mut arrived) {
            ReadStep::Nothing => 0,
            ReadStep::Data(read) => {
                self.keep_arrived(arrived);
                i32::try_from(read).unwrap_or(i32::MAX)
            }
            ReadStep::End(status) => {
                self.end_reading(status);
                status
            }
        }
    }

    /// Returns how many bytes there are for another [`Self::read_directly`], at most one step; 0 where
    /// there are too few.
    pub fn waiting_directly(&self) -> i32 {
        match self.waiting() {
            Waiting::Bytes(bytes @ DIRECT_READ..) if self.reading.is_on => step_size(bytes),
            _ => 0,
        }
    }

    /// Returns what waits for a stream whose last read took much: it is probably much again, and worth
    /// the question.
    fn waiting(&self) -> Waiting {
        match self.socket.source() {
            Some(source) if source.is_heavy() => source.waiting(),
            _ => Waiting::Unknown,
        }
    }

    /// Reads once. The descriptors that came with the bytes go to `arrived`, if they are taken.
    fn read_into(
        &mut self,
        common: &Common,
        reactor: &Reactor,
        room: Room<'_>,
        arrived: &mut Vec<Descriptor>,
    ) -> ReadStep {
        let inbox = match self.transport {
            Transport::Tcp => Inbox::Absent,
            Transport::Pipe if common.takes_descriptors => Inbox::Open(arrived),
            Transport::Pipe => Inbox::Closed,
        };
        let step = match self.socket.io() {
            Io::Missing => ReadStep::Nothing,
            Io::Registered(source) => read_step(source, room, inbox),
            Io::Open(_) => self.look(common.key, reactor, room, inbox),
        };
        self.awaits_answer |= matches!(step, ReadStep::Data(_));
        step
    }

    /// Reads before there is a source. While a look brings much another one follows, up to
    /// [`MAX_LOOKS`].
    fn look(&mut self, key: Key, reactor: &Reactor, room: Room<'_>, inbox: Inbox<'_>) -> ReadStep {
        let size = room.len();
        let Some(fd) = self.socket.fd() else {
            return ReadStep::Nothing;
        };
        self.reading.looks.add(1);
        reactor.calls().reads.add(1);
        let step = first_look(fd, room, inbox);
        let read = match step {
            ReadStep::End(_) => return step,
            ReadStep::Data(read) => read,
            ReadStep::Nothing => 0,
        };
        // A relay needs the source.
        let looks = self.reading.looks.get();
        let may_look_again = read > 0 && looks < MAX_LOOKS && self.relay.is_none();
        if may_look_again && is_heavy(read, size) {
            self.reading.look_is_due = true;
            reactor.serve_heavy(key, Interest::Read);
            return step;
        }
        // On a busy machine a driver on another thread reports late an EOF that is there already.
        let looks_later = may_look_again && reactor.reports_late();
        match self.socket.register(key, reactor) {
            Ok(source) if looks_later => source.announce_later(Interest::Read),
            Ok(source) => source.follow(read, size),
            Err(errno) => return ReadStep::End(errno.code()),
        }
        step
    }

    fn end_reading(&mut self, status: i32) {
        self.reading.is_on = false;
        if status != UV_EOF {
            self.access = Access::NONE;
            self.reading.failure = Some(status);
        }
    }

    /// Stops to read, and reports why: `UV_EOF` or a negative errno.
    pub(super) fn report_end(&mut self, key: Key, status: i32, queue: &mut EventQueue) {
        self.end_reading(status);
        let event = Event::new(key, Kind::ReadEnd, status);
        if status == UV_EOF {
            queue.push(event);
        } else {
            // The read has taken the error from the kernel. A write before this event would fail with
            // EPIPE. libuv reads first, too.
            queue.push_ahead(event, Kind::Writable);
        }
    }
}

/// Returns how many of `bytes` one read takes.
fn step_size(bytes: usize) -> i32 {
    i32::try_from(bytes.min(READ_STEP)).unwrap_or(i32::MAX)
}

/// Reports `length` bytes at `offset` of the read slab.
pub(super) fn report_data(key: Key, length: usize, offset: u32, queue: &mut EventQueue) {
    report(Kind::Read, key, length, offset, queue);
}

fn report(kind: Kind, key: Key, length: usize, offset: u32, queue: &mut EventQueue) {
    queue.push(Event {
        key,
        kind,
        a: i32::try_from(length).unwrap_or(i32::MAX),
        b: offset,
    });
}
