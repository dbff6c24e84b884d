//! One handle: a stream or a listener, and what it is doing.

use std::fmt;
use std::net::IpAddr;
use std::task::Poll;
use std::time::Instant;

use crate::error::{Errno, Result, UV_EOF};
use crate::event::{Event, Key, Kind};
use crate::queue::EventQueue;
use crate::runtime::{is_heavy, Attempt, Count, Interest, Reactor, Source};
use crate::stream::{
    first_look, read_step, relay_step, splice_step, Added, Deferred, Moved, Place, ReadStep, Relay,
    Release, Sender, Shutdown, SmallWrite, Writer, READ_STEP, SMALL_WRITE,
};
use crate::sys::splice::SplicePipe;
use crate::sys::{
    descriptor, options, path, socket, Access, BorrowedDescriptor, Bytes, Descriptor, Lent, Room,
};

/// What carries the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Tcp,
    /// A Unix-domain socket or named pipe, or a descriptor that was opened as one (a pipe, a terminal).
    Pipe,
}

/// Says of a peer's address whether a listener turns it away.
pub struct PeerFilter(Box<dyn Fn(IpAddr) -> bool>);

impl PeerFilter {
    pub fn new(turns_away: impl Fn(IpAddr) -> bool + 'static) -> Self {
        Self(Box::new(turns_away))
    }

    /// False also for a peer without an address.
    fn turns_away(&self, fd: BorrowedDescriptor<'_>) -> bool {
        match socket::peer_address(fd) {
            Ok(Some(peer)) => (self.0)(peer.ip()),
            _ => false,
        }
    }
}

/// What a listener knows of those it turns away. Few handles have one, and so it is boxed.
#[derive(Debug, Default)]
struct Door {
    filter: Option<PeerFilter>,
    turned_away: Count,
}

impl Door {
    fn turns_away(&self, peer: BorrowedDescriptor<'_>) -> bool {
        let closed = self
            .filter
            .as_ref()
            .is_some_and(|filter| filter.turns_away(peer));
        if closed {
            self.turned_away.add(1);
        }
        closed
    }
}

impl fmt::Debug for PeerFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PeerFilter")
    }
}

/// What one attempt to accept brought.
#[derive(Debug)]
pub enum Accepted {
    Connection(Descriptor),
    /// The backlog is empty.
    Nothing,
    /// The connection was gone before it could be taken, or was turned away: go on.
    Aborted,
    Failed {
        errno: Errno,
        exhausted: bool,
    },
}

/// The descriptor on its way from creation to close.
#[derive(Debug)]
pub(super) enum Io {
    /// No descriptor yet.
    None,
    /// Open, and not watched until there is something to wait for.
    Open(Descriptor),
    Watched(Source),
}

/// A `TCP` or `Pipe`. Used by the JavaScript thread only.
#[derive(Debug)]
pub struct Handle {
    pub(super) key: Key,
    pub(super) transport: Transport,
    pub(super) io: Io,
    pub(super) access: Access,
    /// An error to be told by the next verb that can tell it, as libuv does after a bind.
    pub(super) delayed_error: Option<Errno>,
    pub(super) connecting: bool,
    /// The outcome of this connect has been put off once.
    pub(super) connect_put_off: bool,
    pub(super) listening: bool,
    /// The name in the file system that this handle made and must remove.
    pub(super) bound_path: Option<Box<[u8]>>,
    pub(super) no_delay: bool,
    /// Whether a listener took it off its backlog.
    accepted: bool,
    /// In the ready set for the first read, which needs no source.
    look_is_due: bool,
    reading: bool,
    /// Reads go straight into a buffer that JavaScript names at each of them.
    reads_directly: bool,
    /// The end has been read, and waits to be told: see [`Self::tell_held_end`].
    end_is_held: bool,
    /// What reading failed with. The kernel says it once, and who starts to read again is to hear it.
    read_failure: Option<i32>,
    referenced: bool,
    writer: Writer,
    /// Where this handle's deferred bytes are, or were when some were deferred last.
    deferred_place: Option<Place>,
    coalesces: bool,
    offloads: bool,
    /// Whom a listener does not let in, once somebody has said so.
    door: Option<Box<Door>>,
    /// Reads before there was a source to count them.
    looks: Count,
    shutdown: Shutdown,
    /// Made for the first relay that this handle has a part in.
    relay: Option<Box<Relay>>,
    /// Bytes that were reported as written could not be sent: nothing more is, every write reports
    /// this, and the peer gets a reset instead of an end.
    write_failure: Option<Errno>,
}

/// Reads of an accepted connection before it is watched, at most: enough for a short upload, with its
/// end.
const MAX_LOOKS: u64 = 8;

const NO_ACCESS: Access = Access {
    readable: false,
    writable: false,
};
pub(super) const FULL_ACCESS: Access = Access {
    readable: true,
    writable: true,
};

impl Handle {
    /// A handle without a descriptor.
    pub fn new(key: Key, transport: Transport) -> Self {
        Self {
            key,
            transport,
            io: Io::None,
            access: NO_ACCESS,
            delayed_error: None,
            connecting: false,
            connect_put_off: false,
            listening: false,
            bound_path: None,
            no_delay: false,
            accepted: false,
            look_is_due: false,
            reading: false,
            reads_directly: false,
            end_is_held: false,
            read_failure: None,
            referenced: true,
            writer: Writer::default(),
            deferred_place: None,
            coalesces: true,
            offloads: false,
            door: None,
            looks: Count::default(),
            shutdown: Shutdown::default(),
            relay: None,
            write_failure: None,
        }
    }

    /// A handle for a connection that a listener accepted.
    pub fn accepted(key: Key, transport: Transport, fd: Descriptor) -> Self {
        Self {
            io: Io::Open(fd),
            access: FULL_ACCESS,
            accepted: true,
            ..Self::new(key, transport)
        }
    }

    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// Whether this handle keeps its environment alive, by libuv's rule: an active handle does
    /// unless it is unreferenced, a pending request always does.
    pub fn keeps_alive(&self) -> bool {
        (self.referenced && (self.reading || self.listening))
            || self.connecting
            || self.shutdown.is_requested()
            || !self.writer.is_idle()
    }

    pub fn set_referenced(&mut self, referenced: bool) {
        self.referenced = referenced;
    }

    pub fn access(&self) -> Access {
        self.access
    }

    pub fn is_connecting(&self) -> bool {
        self.connecting
    }

    pub fn is_listening(&self) -> bool {
        self.listening
    }

    /// The descriptor's number, or -1.
    pub fn number(&self) -> i32 {
        self.fd().map_or(-1, descriptor::number)
    }

    pub fn is_open(&self) -> bool {
        self.fd().is_some()
    }

    /// A second descriptor for what this handle has open.
    ///
    /// # Errors
    /// `EBADF` without a descriptor, and the kernel's.
    pub fn share(&self) -> Result<Descriptor> {
        Ok(descriptor::share(self.fd().ok_or(Errno::BADF)?)?)
    }

    /// Coalesced bytes that the kernel has not taken.
    pub fn write_queue_size(&self) -> usize {
        self.writer.pending()
    }

    /// In the order in which `lib/stats/stats.js` names them: coalesced bytes that the kernel has not taken, how
    /// often it was asked for some, how often it was given some, and connections turned away.
    pub fn stats(&self) -> [u64; 4] {
        let (reads, writes) = match &self.io {
            Io::Watched(source) => source.calls(),
            Io::None | Io::Open(_) => (0, 0),
        };
        let queued = self.writer.pending() as u64;
        [
            queued,
            reads + self.looks.get(),
            writes,
            self.door.as_ref().map_or(0, |door| door.turned_away.get()),
        ]
    }

    /// Adopts a descriptor from outside, which stays the caller's where that fails.
    ///
    /// # Errors
    /// `EBUSY` with a descriptor in place; `EBADF` where the number is not open; the kernel's for an
    /// option that was set before.
    pub fn open(&mut self, number: i32) -> Result<()> {
        if let Some(own) = self.fd() {
            return if descriptor::number(own) == number {
                self.access = FULL_ACCESS;
                Ok(())
            } else {
                Err(Errno::BUSY)
            };
        }
        let (fd, access) = descriptor::adopt(number)?;
        if let Err(errno) = self.apply_options(descriptor::borrow(&fd)) {
            descriptor::into_number(fd);
            return Err(errno);
        }
        self.access = match self.transport {
            Transport::Tcp => FULL_ACCESS,
            Transport::Pipe => access,
        };
        self.io = Io::Open(fd);
        Ok(())
    }

    /// Lets data come, beginning with what has arrived already.
    ///
    /// # Errors
    /// `EALREADY` while reading, `ENOTCONN` where there is nothing to read from.
    pub fn read_start(&mut self, reactor: &Reactor) -> Result<()> {
        if self.reading {
            return Err(Errno::ALREADY);
        }
        if self.read_failure.is_some() {
            reactor.serve_later(self.key, Interest::Read);
            self.reading = true;
            return Ok(());
        }
        if !self.access.readable {
            return Err(Errno::NOTCONN);
        }
        if self.accepted && matches!(self.io, Io::Open(_)) {
            self.look_later(reactor);
        } else if !self.look_is_due {
            self.watch(reactor)?.arm(Interest::Read);
        }
        self.reading = true;
        Ok(())
    }

    /// A connection that was just accepted is read before it is watched: a peer that has said
    /// everything already, its end included, need not be watched at all. In the next turn of the
    /// loop, as its readiness would have come.
    fn look_later(&mut self, reactor: &Reactor) {
        if !std::mem::replace(&mut self.look_is_due, true) {
            reactor.serve_later(self.key, Interest::Read);
        }
    }

    pub fn read_stop(&mut self) {
        self.reading = false;
    }

    /// Announces readiness instead of reading, from now on: [`Self::read_directly`] reads.
    pub fn set_reads_directly(&mut self, directly: bool) {
        self.reads_directly = directly;
    }

    /// Reads one step into `buffer`, which begins at `offset` of the read slab. The number of
    /// bytes used up.
    pub fn on_readable(
        &mut self,
        reactor: &Reactor,
        buffer: &mut [u8],
        offset: u32,
        queue: &mut EventQueue,
    ) -> usize {
        self.look_is_due = false;
        // Data that came with the handshake waits for the connect to be told.
        if !self.reading || self.connecting {
            return 0;
        }
        if let Some(status) = self.read_failure {
            self.tell_end(status, queue);
            return 0;
        }
        if self.reads_directly {
            queue.push(Event::new(self.key, Kind::Readable, 0));
            return 0;
        }
        match self.read_into(reactor, buffer.into()) {
            ReadStep::Nothing => 0,
            ReadStep::Data(read) => {
                self.tell_data(read, offset, queue);
                read
            }
            ReadStep::End(UV_EOF) if self.has_offloaded() => {
                self.end_is_held = true;
                0
            }
            ReadStep::End(status) => {
                self.tell_end(status, queue);
                0
            }
        }
    }

    /// True when an end waits for what the thread that sends has met. The kernel tells a reset once: to
    /// a send, where that comes first, and a read then finds an end that looks like an orderly one.
    pub fn has_held_end(&self) -> bool {
        self.end_is_held
    }

    /// Tells an end that was held, after what the thread had.
    pub fn tell_held_end(&mut self, queue: &mut EventQueue) {
        if std::mem::take(&mut self.end_is_held) {
            self.tell_end(UV_EOF, queue);
        }
    }

    /// Reads one step into `room`. Returns the number of bytes, 0 where there is nothing, or why
    /// reading is over: `UV_EOF` or a negative errno.
    pub fn read_directly(&mut self, reactor: &Reactor, room: Room<'_>) -> i32 {
        if !self.reading || self.connecting {
            return 0;
        }
        // As libuv says of a buffer without room. What came stays where it is.
        if room.len() == 0 {
            return Errno::NOBUFS.code();
        }
        match self.read_into(reactor, room) {
            ReadStep::Nothing => 0,
            ReadStep::Data(read) => i32::try_from(read).unwrap_or(i32::MAX),
            ReadStep::End(status) => {
                self.end_reading(status);
                status
            }
        }
    }

    fn read_into(&mut self, reactor: &Reactor, room: Room<'_>) -> ReadStep {
        match &self.io {
            Io::None => ReadStep::Nothing,
            Io::Watched(source) => read_step(source, room),
            Io::Open(_) => self.look(reactor, room),
        }
    }

    /// Reads before there is a source. While a look brings much another one follows, up to
    /// [`MAX_LOOKS`].
    fn look(&mut self, reactor: &Reactor, room: Room<'_>) -> ReadStep {
        let size = room.len();
        let Some(fd) = self.fd() else {
            return ReadStep::Nothing;
        };
        self.looks.add(1);
        reactor.calls().reads.add(1);
        let step = first_look(fd, room);
        let read = match step {
            ReadStep::End(_) => return step,
            ReadStep::Data(read) => read,
            ReadStep::Nothing => 0,
        };
        // A relay needs the source.
        let may_look_again = read > 0 && self.looks.get() < MAX_LOOKS && self.relay.is_none();
        if may_look_again && is_heavy(read, size) {
            self.look_is_due = true;
            reactor.serve_heavy(self.key, Interest::Read);
            return step;
        }
        // On a busy machine a driver on another thread tells late of an end that is there already.
        let looks_later = may_look_again && reactor.reports_late();
        match self.watch(reactor) {
            Ok(source) if looks_later => source.announce_later(Interest::Read),
            Ok(source) => source.follow(read, size),
            Err(errno) => return ReadStep::End(errno.code()),
        }
        step
    }

    fn tell_data(&self, length: usize, offset: u32, queue: &mut EventQueue) {
        queue.push(Event {
            key: self.key,
            kind: Kind::Read,
            a: i32::try_from(length).unwrap_or(i32::MAX),
            b: offset,
        });
    }

    fn end_reading(&mut self, status: i32) {
        self.reading = false;
        if status != UV_EOF {
            self.access = NO_ACCESS;
            self.read_failure = Some(status);
        }
    }

    fn tell_end(&mut self, status: i32, queue: &mut EventQueue) {
        self.end_reading(status);
        queue.push(Event::new(self.key, Kind::ReadEnd, status));
    }

    /// Sends what comes in to `target` from here on, or to JavaScript again. That nobody looks at
    /// the bytes is for the caller to know.
    pub fn relay_to(&mut self, target: Option<Key>) {
        if target.is_some() || self.relay.is_some() {
            self.relay_state().set_target(target);
        }
    }

    /// Who gets what comes in, if that is not JavaScript.
    pub fn relay_target(&self) -> Option<Key> {
        self.relay.as_ref().and_then(|relay| relay.target())
    }

    /// What has been relayed, from this handle and to it.
    pub fn relayed(&self) -> Relay {
        self.relay.as_deref().copied().unwrap_or_default()
    }

    fn relay_state(&mut self) -> &mut Relay {
        self.relay.get_or_insert_default()
    }

    /// Whether a pipe in between would serve a relay to `target`.
    pub fn wants_pipe(&self, target: &Self) -> bool {
        let is_large = self.relay.as_ref().is_some_and(|relay| relay.is_large());
        is_large && self.transport == Transport::Tcp && target.transport == Transport::Tcp
    }

    /// Moves one step of what has come in to `target`, through `pipe` if there is one, or else
    /// through `buffer`, which has room for a read. None where that must be done by way of
    /// JavaScript.
    pub fn relay_step(
        &self,
        target: &Self,
        pipe: Option<&SplicePipe>,
        buffer: &mut [u8],
    ) -> Option<Moved> {
        let (Io::Watched(from), Io::Watched(to)) = (&self.io, &target.io) else {
            return None;
        };
        let is_open = self.reading && !self.connecting && target.takes_relay();
        is_open.then(|| match pipe {
            Some(pipe) => splice_step(from, to, pipe, buffer),
            None => relay_step(from, to, &mut buffer[..READ_STEP]),
        })
    }

    /// Whether nothing stands before a byte that is written now.
    fn takes_relay(&self) -> bool {
        self.access.writable
            && !self.connecting
            && self.writer.is_idle()
            && self.deferred_place.is_none_or(Place::is_offloaded)
            && self.write_failure.is_none()
    }

    /// Takes note of a step in which this handle was the source. What the target did not take goes
    /// to JavaScript, as does everything after it. The number of bytes used up of the buffer, which
    /// begins at `offset` of the read slab.
    pub fn after_relay(
        &mut self,
        moved: &Moved,
        offset: u32,
        now: Instant,
        queue: &mut EventQueue,
    ) -> usize {
        match *moved {
            Moved::All(read) => {
                self.relay_state().count_received(read, now);
                0
            }
            Moved::Part { read, sent, .. } => {
                self.relay_state().count_received(sent, now);
                self.relay_to(None);
                for start in (sent..read).step_by(READ_STEP) {
                    let length = READ_STEP.min(read - start);
                    self.tell_data(length, offset + u32::try_from(start).unwrap_or(0), queue);
                }
                read
            }
            Moved::Nothing => 0,
            Moved::End(status) => {
                self.relay_to(None);
                self.tell_end(status, queue);
                0
            }
            Moved::Lost(errno) => {
                self.relay_to(None);
                self.tell_end(errno.code(), queue);
                0
            }
        }
    }

    /// Takes note of a step in which this handle was the target.
    pub fn after_relayed_write(&mut self, moved: &Moved, now: Instant, queue: &mut EventQueue) {
        match *moved {
            Moved::All(sent) => self.relay_state().count_sent(sent, now),
            Moved::Part { sent, failure, .. } => {
                self.relay_state().count_sent(sent, now);
                self.write_failure = self.write_failure.or(failure);
            }
            // What was in the pipe is missing from the stream. Nobody may write to it again, so that
            // this is told at once.
            Moved::Lost(errno) => self.tell_lost(errno, queue),
            Moved::Nothing | Moved::End(_) => {}
        }
    }

    /// Writes several buffers in order, and returns how many bytes have left. A `Writable` event
    /// follows where that is not all.
    ///
    /// # Errors
    /// The kernel's, or `EBADF` where there is nothing to write to; the errno of coalesced bytes that
    /// were lost.
    pub fn write(&mut self, reactor: &Reactor, buffers: &mut [Bytes<'_>]) -> Result<usize> {
        if self.connecting {
            self.writer.defer();
            return Ok(0);
        }
        self.check_writable()?;
        if let Some(errno) = self.write_failure {
            return Err(errno);
        }
        self.watch(reactor)?;
        let Io::Watched(source) = &self.io else {
            return Err(Errno::BADF);
        };
        self.writer.write(source, buffers)
    }

    /// Has a `Writable` event come in the next iteration of the loop, whether or not something waits
    /// for room.
    ///
    /// # Errors
    /// `EBADF` where there is nothing to write to.
    pub fn announce_writable(&mut self, reactor: &Reactor) -> Result<()> {
        self.writer.defer();
        self.watch(reactor)?.announce_later(Interest::Write);
        Ok(())
    }

    /// Defers a small write, to be offloaded where that is possible. Returns `None` where
    /// [`Self::write`] has to do it.
    pub fn defer(&mut self, sender: &mut Sender, may_offload: bool, bytes: &[u8]) -> Option<Added> {
        let release = if may_offload && self.offloads {
            Release::Offload
        } else {
            Release::Coalesce
        };
        let added = sender.add(&SmallWrite {
            key: self.key,
            place: self.deferred_place,
            fd: self.deferring_fd(bytes)?,
            release,
            bytes,
        })?;
        self.deferred_place = Some(added.place);
        Some(added)
    }

    /// Returns the descriptor, where `bytes` may wait.
    fn deferring_fd(&self, bytes: &[u8]) -> Option<Lent> {
        let Io::Watched(source) = &self.io else {
            return None;
        };
        // An empty write is a question to the kernel.
        let is_free = self.access.writable
            && !bytes.is_empty()
            && !self.connecting
            && self.writer.is_idle()
            && self.write_failure.is_none();
        let may_wait = is_free && self.coalesces && bytes.len() <= SMALL_WRITE;
        descriptor::lend(source.descriptor()).filter(|_| may_wait)
    }

    /// Says whether deferred writes of this handle are sent by the sender thread.
    pub fn set_offloads(&mut self, offloads: bool) {
        self.offloads = offloads;
    }

    /// Says whether small writes of this handle may be deferred.
    pub fn set_coalesces(&mut self, coalesces: bool) {
        self.coalesces = coalesces;
    }

    /// Returns where this handle's deferred bytes are, or may have been.
    pub fn deferred_place(&self) -> Option<Place> {
        self.deferred_place
    }

    /// Forgets the place of what was coalesced, which is gone.
    pub fn forget_place(&mut self) {
        self.deferred_place = None;
    }

    /// True when the sender thread may have something of this handle.
    fn has_offloaded(&self) -> bool {
        self.deferred_place.is_some_and(Place::is_offloaded)
    }

    /// Sends the rest of what was deferred; a failure becomes an event.
    pub fn send(&mut self, deferred: &Deferred, queue: &mut EventQueue) {
        let Io::Watched(source) = &self.io else {
            return;
        };
        source.count_foreign_writes(deferred.sends);
        // What comes after a hole must not be sent.
        if self.write_failure.is_some() {
            return;
        }
        let result = match deferred.failed {
            Some(errno) => Err(errno),
            None => self.writer.write_deferred(source, deferred.rest()),
        };
        if let Err(errno) = result {
            self.tell_lost(errno, queue);
        }
    }

    /// Sends nothing more: bytes that were reported as written are lost.
    pub fn fail_writes(&mut self, errno: Errno) {
        self.write_failure.get_or_insert(errno);
    }

    fn tell_lost(&mut self, errno: Errno, queue: &mut EventQueue) {
        self.fail_writes(errno);
        queue.push(Event::new(self.key, Kind::FlushFailed, errno.code()));
        // What JavaScript holds back fails when it is offered.
        if self.writer.take_awaited() {
            queue.push(Event::new(self.key, Kind::Writable, 0));
        }
    }

    /// # Errors
    /// The errno of coalesced bytes that were lost.
    pub fn check_flushed(&self) -> Result<()> {
        self.write_failure.map_or(Ok(()), Err)
    }

    /// Asks for the end of the writing side, behind everything that is queued. What was deferred
    /// must have been sent.
    ///
    /// # Errors
    /// `ENOTCONN` where the side is not open (any more).
    pub fn shutdown(&mut self, queue: &mut EventQueue) -> Result<()> {
        if !self.access.writable || !self.shutdown.request() {
            return Err(Errno::NOTCONN);
        }
        self.access.writable = false;
        self.finish_shutdown(queue);
        Ok(())
    }

    fn finish_shutdown(&mut self, queue: &mut EventQueue) {
        if !self.shutdown.is_requested() || !self.writer.is_drained() {
            return;
        }
        let outcome = match &self.io {
            // An end would hide the hole.
            _ if self.write_failure.is_some() => Poll::Ready(self.check_flushed().map(Ok)),
            Io::None => Poll::Ready(Err(Errno::BADF)),
            Io::Open(fd) => Poll::Ready(Ok(socket::shutdown_write(descriptor::borrow(fd)))),
            Io::Watched(source) => source.poll_shutdown().map(Ok),
        };
        let Poll::Ready(outcome) = outcome else {
            return;
        };
        let result = outcome.and_then(|done| Ok(done?));
        self.shutdown.finish();
        queue.push(Event::new(
            self.key,
            Kind::Shutdown,
            crate::error::status(result),
        ));
    }

    /// Goes on with what waited for writability: a connect, then the queue, then a shutdown.
    pub fn on_writable(&mut self, queue: &mut EventQueue) {
        if self.connecting && !self.finish_connect(queue) {
            return;
        }
        let Io::Watched(source) = &self.io else {
            return;
        };
        match self.writer.resume(source) {
            Ok(true) => queue.push(Event::new(self.key, Kind::Writable, 0)),
            Ok(false) => {}
            Err(errno) => self.tell_lost(errno, queue),
        }
        self.finish_shutdown(queue);
    }

    /// True for a connect that was put off: accepts without end must not keep it waiting.
    pub fn is_connect_put_off(&self) -> bool {
        self.connect_put_off
    }

    /// Has a connect finished in the next batch. False where there is nothing to wait with.
    pub fn put_off_connect(&mut self) -> bool {
        let Io::Watched(source) = &self.io else {
            return false;
        };
        source.announce(Interest::Write);
        self.connect_put_off = true;
        true
    }

    /// False while the connect goes on, or when it has failed.
    fn finish_connect(&mut self, queue: &mut EventQueue) -> bool {
        let result = match (self.delayed_error.take(), &self.io) {
            (Some(errno), _) => Err(errno),
            (None, Io::Watched(source)) => {
                if !source.poll_writable() {
                    return false;
                }
                match socket::take_error(source.descriptor()) {
                    Ok(None) => Ok(()),
                    Ok(Some(error)) | Err(error) => Err(Errno::from(error)),
                }
            }
            (None, _) => Err(Errno::BADF),
        };
        self.connecting = false;
        if let (Ok(()), Io::Watched(source)) = (result, &self.io) {
            self.access = FULL_ACCESS;
            if self.reading {
                source.arm(Interest::Read);
            }
        }
        let status = crate::error::status(result);
        queue.push(Event::new(self.key, Kind::Connected, status));
        status == 0
    }

    /// Accepts one connection.
    pub fn accept(&self) -> Accepted {
        let Io::Watched(source) = &self.io else {
            return Accepted::Nothing;
        };
        match source.try_accept() {
            Attempt::Done(fd) => match &self.door {
                Some(door) if door.turns_away(descriptor::borrow(&fd)) => Accepted::Aborted,
                _ => Accepted::Connection(fd),
            },
            Attempt::Pending => Accepted::Nothing,
            Attempt::Failed(error) if error.kind() == std::io::ErrorKind::ConnectionAborted => {
                Accepted::Aborted
            }
            Attempt::Failed(error) => Accepted::Failed {
                exhausted: descriptor::is_exhausted(&error),
                errno: error.into(),
            },
        }
    }

    /// Closes connections of some peers as soon as they are accepted; `None` for of nobody.
    pub fn set_peer_filter(&mut self, filter: Option<PeerFilter>) {
        self.door.get_or_insert_default().filter = filter;
    }

    /// Has a listener served again in the next turn: it stopped before its backlog was empty.
    pub fn accept_later(&self) {
        if let Io::Watched(source) = &self.io {
            source.arm_later(Interest::Read);
        }
    }

    /// Has a handle served again: it was taken out of the ready set, and nothing was read.
    pub fn read_again(&self) {
        if let Io::Watched(source) = &self.io {
            source.announce(Interest::Read);
        }
    }

    /// Makes the coming close send a reset.
    ///
    /// # Errors
    /// `EINVAL` while a shutdown is pending, as in libuv.
    pub fn prepare_reset(&mut self) -> Result<()> {
        if self.shutdown.is_requested() {
            return Err(Errno::INVAL);
        }
        match self.fd() {
            Some(fd) => match options::set_linger_zero(fd) {
                // macOS says so of a connection that its peer has reset already.
                Err(error) if Errno::from(&error) == Errno::INVAL => Ok(()),
                result => Ok(result?),
            },
            None => Err(Errno::BADF),
        }
    }

    /// Closes the descriptor and removes the name that a bind made. What was deferred must have been
    /// taken; requests that are pending are the caller's to cancel. Where bytes were lost the peer
    /// gets a reset, if the transport has one.
    pub fn close(mut self) {
        if let (Some(_), Some(fd)) = (self.write_failure, self.fd()) {
            // Refused where there is nobody left to be reset.
            let _ = options::set_linger_zero(fd);
        }
        if let Some(name) = self.bound_path.take() {
            path::remove(&name);
        }
    }

    /// Has reads and writes of others wait, with whom the descriptor is shared. A listener never waits:
    /// it is asked for connections until there is none.
    ///
    /// # Errors
    /// `EBADF` without a descriptor.
    pub fn set_blocking(&self, blocking: bool) -> Result<()> {
        let fd = self.fd().ok_or(Errno::BADF)?;
        if self.listening {
            return Ok(());
        }
        Ok(descriptor::set_blocking(fd, blocking)?)
    }

    pub(super) fn fd(&self) -> Option<BorrowedDescriptor<'_>> {
        match &self.io {
            Io::None => None,
            Io::Open(fd) => Some(descriptor::borrow(fd)),
            Io::Watched(source) => Some(source.descriptor()),
        }
    }

    /// Puts a new descriptor in place, with the options that were set before there was one.
    pub(super) fn set_io(&mut self, fd: Descriptor) -> Result<()> {
        self.apply_options(descriptor::borrow(&fd))?;
        self.io = Io::Open(fd);
        Ok(())
    }

    fn apply_options(&self, fd: BorrowedDescriptor<'_>) -> Result<()> {
        if self.no_delay {
            options::set_no_delay(fd, true)?;
        }
        Ok(())
    }

    /// Registers the descriptor with the reactor, if that has not been done.
    pub(super) fn watch(&mut self, reactor: &Reactor) -> Result<&Source> {
        self.io = match std::mem::replace(&mut self.io, Io::None) {
            Io::None => return Err(Errno::BADF),
            Io::Open(fd) => Io::Watched(reactor.register(self.key, fd)?),
            watched @ Io::Watched(_) => watched,
        };
        match &self.io {
            Io::Watched(source) => Ok(source),
            _ => Err(Errno::BADF),
        }
    }

    /// Takes the descriptor out of the reactor, which may have seen it hung up before it was
    /// connected and never forgets that.
    pub(super) fn unwatch(&mut self) -> Result<()> {
        self.io = match std::mem::replace(&mut self.io, Io::None) {
            Io::Watched(source) => Io::Open(source.into_descriptor()?),
            other => other,
        };
        Ok(())
    }

    fn check_writable(&self) -> Result<()> {
        // As in libuv: no descriptor is a bad one, a side that was shut down is a broken pipe.
        if self.fd().is_none() {
            return Err(Errno::BADF);
        }
        if self.access.writable {
            Ok(())
        } else {
            Err(Errno::PIPE)
        }
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::First;
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    fn accepted() -> (UnixStream, Handle) {
        let (peer, ours) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let handle = Handle::accepted(Key::new(1, 0), Transport::Pipe, ours.into());
        (peer, handle)
    }

    /// Serves the handle while it is in the ready set, and returns the bytes read.
    fn serve(handle: &mut Handle, reactor: &Reactor, queue: &mut EventQueue) -> usize {
        let mut room = vec![0; READ_STEP];
        let mut read = 0;
        reactor.ready().begin_iteration();
        while !reactor.ready().is_empty() {
            while reactor.ready().pop(First::Light).is_some() {
                read += handle.on_readable(reactor, &mut room, 0, queue);
            }
            reactor.ready().begin_iteration();
        }
        read
    }

    #[test]
    fn an_upload_that_has_come_whole_is_read_without_a_source() {
        let reactor = Reactor::on_loop().unwrap();
        let mut queue = EventQueue::new(64);
        let (mut peer, mut handle) = accepted();
        peer.write_all(&vec![7; 2 * READ_STEP]).unwrap();
        drop(peer);
        handle.read_start(&reactor).unwrap();
        assert_eq!(serve(&mut handle, &reactor, &mut queue), 2 * READ_STEP);
        assert!(matches!(handle.io, Io::Open(_)));
        let last = queue.take_batch().last().unwrap();
        assert_eq!((last.kind, last.a), (Kind::ReadEnd, UV_EOF));
    }

    #[test]
    fn a_stream_that_goes_on_is_watched() {
        let reactor = Reactor::on_loop().unwrap();
        let mut queue = EventQueue::new(64);
        let (mut peer, mut handle) = accepted();
        handle.read_start(&reactor).unwrap();
        let mut room = vec![0; READ_STEP];
        for look in 1..=MAX_LOOKS {
            peer.write_all(&room).unwrap();
            reactor.ready().begin_iteration();
            assert!(reactor.ready().pop(First::Light).is_some(), "look {look}");
            let read = handle.on_readable(&reactor, &mut room, 0, &mut queue);
            assert_eq!(read, READ_STEP, "look {look}");
        }
        assert!(matches!(handle.io, Io::Watched(_)));
    }
}
