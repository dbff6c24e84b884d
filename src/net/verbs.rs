//! What each state answers to each verb: where a verb makes no sense, libuv's errno.

use std::time::Instant;

use super::common::{Common, Transport};
use super::handle::{Handle, State};
use crate::error::{Errno, Result};
use crate::event::Key;
use crate::queue::EventQueue;
use crate::runtime::Reactor;
use crate::stream::{Added, Callback, Deferred, Moved, Place, Relay, Sender};
use crate::sys::splice::SplicePipe;
use crate::sys::{socket, Access, Bytes, Descriptor, Room};

/// Questions, and settings that outlive a state.
impl Handle {
    pub fn transport(&self) -> Transport {
        self.common.transport
    }

    /// True when this handle keeps its environment alive, by libuv's rule: an active handle does
    /// unless it is unreferenced, a pending request always does.
    pub fn keeps_alive(&self) -> bool {
        match &self.state {
            State::Unbound(_) | State::Bound(_) | State::Awaiting(_) => false,
            State::Connecting(_) => true,
            State::Listener(_) => self.common.referenced,
            State::Stream(stream) => stream.keeps_alive(&self.common),
        }
    }

    /// True when it keeps its environment alive while it is active.
    pub fn is_referenced(&self) -> bool {
        self.common.referenced
    }

    pub fn set_referenced(&mut self, referenced: bool) {
        self.common.referenced = referenced;
    }

    pub fn is_connecting(&self) -> bool {
        matches!(self.state, State::Connecting(_))
    }

    /// True for what is served by accepting: a listener, or a connection that waits for its PROXY
    /// header.
    pub fn is_accepting(&self) -> bool {
        matches!(self.state, State::Listener(_) | State::Awaiting(_))
    }

    pub fn is_listening(&self) -> bool {
        matches!(self.state, State::Listener(_))
    }

    /// Returns what can be done with the stream: nothing where there is none.
    pub fn access(&self) -> Access {
        let stream = self.state.stream();
        stream.map_or(Access::NONE, |stream| stream.access())
    }

    /// True when the peer has ended or reset the connection, and everything it sent was read.
    pub fn has_ended(&self) -> bool {
        self.state.stream().is_some() && self.fd().is_some_and(socket::has_ended)
    }

    /// True for a connection on which nothing waits to be read or sent, and on which the peer has sent
    /// nothing since the last write.
    pub fn is_idle(&self) -> bool {
        let stream = self.state.stream();
        stream.is_some_and(|stream| stream.is_answered())
            && self.fd().is_some_and(|fd| !socket::has_input(fd))
    }

    /// Returns the coalesced bytes that the kernel has not taken.
    pub fn write_queue_size(&self) -> usize {
        let stream = self.state.stream();
        stream.map_or(0, |stream| stream.write_queue_size())
    }

    /// Returns, in the order in which `lib/stats/stats.js` names them, the coalesced bytes that the
    /// kernel has not taken, how often it was asked for some, how often it was given some, how many
    /// connections were rejected, how many of these because their address had too many open or
    /// opened them too fast, how many PROXY headers were read, and how many connections were refused
    /// for theirs.
    pub fn stats(&self) -> [u64; 8] {
        match &self.state {
            State::Unbound(_) | State::Bound(_) | State::Awaiting(_) => [0; 8],
            State::Listener(listener) => {
                let [by_filter, by_open, by_rate] = listener.rejected();
                let [read, refused] = listener.headers();
                let rejected = by_filter + by_open + by_rate;
                [0, 0, 0, rejected, by_open, by_rate, read, refused]
            }
            State::Connecting(_) | State::Stream(_) => {
                let [queued, reads, writes] = self.state.stream().map_or([0; 3], |it| it.stats());
                [queued, reads, writes, 0, 0, 0, 0, 0]
            }
        }
    }

    /// Returns, for a listener that threads share, how many connections wait for one of them, then of
    /// each thread its number and its open connections.
    ///
    /// # Errors
    /// `EINVAL` for anything else.
    pub fn shared_counts(&self) -> Result<Vec<u64>> {
        match &self.state {
            State::Listener(listener) => listener.shared_counts().ok_or(Errno::INVAL),
            _ => Err(Errno::INVAL),
        }
    }

    /// Announces readiness instead of reading, from now on: [`Self::read_directly`] reads.
    pub fn set_reads_directly(&mut self, directly: bool) {
        self.common.reads_directly = directly;
    }

    /// Says whether deferred writes of this handle are sent by the sender thread.
    pub fn set_offloads(&mut self, offloads: bool) {
        self.common.offloads = offloads;
    }

    /// Says whether small writes of this handle may be deferred.
    pub fn set_coalesces(&mut self, coalesces: bool) {
        self.common.coalesces = coalesces;
    }
}

/// Reading.
impl Handle {
    /// Lets data come, beginning with what has arrived already.
    ///
    /// # Errors
    /// `EALREADY` while reading, `ENOTCONN` where there is nothing to read from.
    pub fn read_start(&mut self, reactor: &Reactor) -> Result<()> {
        let stream = self.state.stream_mut().ok_or(Errno::NOTCONN)?;
        stream.read_start(self.common.key, reactor)
    }

    pub fn read_stop(&mut self) {
        if let Some(stream) = self.state.stream_mut() {
            stream.read_stop();
        }
    }

    /// Reads one step into `buffer`, which begins at `offset` of the read slab. Returns the number
    /// of bytes used up.
    pub fn on_readable(
        &mut self,
        reactor: &Reactor,
        buffer: &mut [u8],
        offset: u32,
        queue: &mut EventQueue,
    ) -> usize {
        let Self { common, state, .. } = self;
        match state {
            State::Stream(stream) => stream.on_readable(common, reactor, buffer, offset, queue),
            State::Connecting(connecting) => {
                connecting.stream.skip_look();
                0
            }
            State::Unbound(_) | State::Bound(_) | State::Listener(_) | State::Awaiting(_) => 0,
        }
    }

    /// True when an EOF waits for what the sender thread has met.
    pub fn has_held_end(&self) -> bool {
        self.state
            .stream()
            .is_some_and(|stream| stream.has_held_eof())
    }

    /// Reports an EOF that was held, after what the sender thread had.
    pub fn tell_held_end(&mut self, queue: &mut EventQueue) {
        if let Some(stream) = self.state.stream_mut() {
            stream.report_held_eof(self.common.key, queue);
        }
    }

    /// Reads one step into `room`. Returns the number of bytes, 0 where there is nothing, or why
    /// reading is over: `UV_EOF` or a negative errno.
    pub fn read_directly(&mut self, reactor: &Reactor, room: Room<'_>) -> i32 {
        match &mut self.state {
            State::Stream(stream) => stream.read_directly(&self.common, reactor, room),
            _ => 0,
        }
    }

    /// Returns how many bytes there are for another [`Self::read_directly`], at most one step; 0 where
    /// there are too few.
    pub fn waiting(&self) -> i32 {
        let stream = self.state.stream();
        stream.map_or(0, |stream| stream.waiting_directly())
    }

    /// Has a handle served again: it was taken out of the ready set, and nothing was read.
    pub fn read_again(&self, reactor: &Reactor) {
        if let State::Stream(stream) = &self.state {
            stream.read_again(self.common.key, reactor);
        }
    }
}

/// Writing.
impl Handle {
    /// Writes several buffers in order, and returns how many bytes have left. A `Writable` event
    /// follows where that is not all.
    ///
    /// # Errors
    /// The kernel's; `EBADF` where there is nothing to write to, `EPIPE` where nobody would read
    /// it; the errno of coalesced bytes that were lost.
    pub fn write(&mut self, reactor: &Reactor, buffers: &mut [Bytes<'_>]) -> Result<usize> {
        match &mut self.state {
            State::Unbound(_) => Err(Errno::BADF),
            State::Bound(_) | State::Listener(_) | State::Awaiting(_) => Err(Errno::PIPE),
            State::Connecting(connecting) => Ok(connecting.stream.await_writable()),
            State::Stream(stream) => stream.write(self.common.key, reactor, buffers),
        }
    }

    /// Has a `Writable` event come in the next loop iteration, whether or not something waits for
    /// room.
    ///
    /// # Errors
    /// `EBADF` where there is nothing to write to.
    pub fn announce_writable(&mut self, reactor: &Reactor) -> Result<()> {
        let stream = self.state.stream_mut().ok_or(Errno::BADF)?;
        stream.announce_writable(self.common.key, reactor)
    }

    /// Defers a small write of a callback, to be offloaded where that is possible. Returns `None`
    /// where [`Self::write`] has to do it.
    pub fn defer(
        &mut self,
        sender: &mut Sender,
        may_offload: bool,
        callback: Callback,
        bytes: &[u8],
    ) -> Option<Added> {
        let State::Stream(stream) = &mut self.state else {
            return None;
        };
        stream.defer(&self.common, sender, may_offload, callback, bytes)
    }

    /// Returns where this handle's deferred bytes are, or may have been.
    pub fn deferred_place(&self) -> Option<Place> {
        self.state.stream()?.deferred_place()
    }

    /// Forgets the place of what was coalesced, which is gone.
    pub fn forget_place(&mut self) {
        if let Some(stream) = self.state.stream_mut() {
            stream.forget_place();
        }
    }

    /// Sends the rest of what was deferred; a failure becomes an event.
    pub fn send(&mut self, deferred: &Deferred, queue: &mut EventQueue) {
        if let Some(stream) = self.state.stream_mut() {
            stream.send(self.common.key, deferred, queue);
        }
    }

    /// Sends nothing more: bytes that were reported as written are lost.
    pub fn fail_writes(&mut self, errno: Errno) {
        if let Some(stream) = self.state.stream_mut() {
            stream.fail_writes(errno);
        }
    }

    /// # Errors
    /// The errno of coalesced bytes that were lost.
    pub fn check_flushed(&self) -> Result<()> {
        let stream = self.state.stream();
        stream.map_or(Ok(()), |stream| stream.check_flushed())
    }

    /// Asks for a half-close behind everything that is queued. What was deferred must have been
    /// sent.
    ///
    /// # Errors
    /// `ENOTCONN` where the side is not open (any more).
    pub fn shutdown(&mut self, queue: &mut EventQueue) -> Result<()> {
        let stream = self.state.stream_mut().ok_or(Errno::NOTCONN)?;
        stream.shutdown(self.common.key, queue)
    }

    /// Goes on with what waited for writability: a connect, then the queue, then a shutdown.
    pub fn on_writable(&mut self, queue: &mut EventQueue) {
        if !self.finish_connect(queue) {
            return;
        }
        if let State::Stream(stream) = &mut self.state {
            stream.on_writable(self.common.key, queue);
        }
    }
}

/// Descriptors that are passed over a Unix-domain socket.
impl Handle {
    /// Says whether descriptors that come are taken. Otherwise the kernel closes them.
    pub fn set_takes_descriptors(&mut self, takes: bool) {
        self.common.takes_descriptors = takes;
    }

    /// Returns true when descriptors wait for [`Self::take_descriptors`].
    pub fn has_descriptors(&self) -> bool {
        let stream = self.state.stream();
        stream.is_some_and(|stream| stream.has_arrived())
    }

    /// Takes the descriptors that came with the oldest read that brought some; empty where none did.
    pub fn take_descriptors(&mut self) -> Vec<Descriptor> {
        let stream = self.state.stream_mut();
        stream
            .map(|stream| stream.take_arrived())
            .unwrap_or_default()
    }

    /// Duplicates descriptors for a later [`Self::pass`]. Returns the ticket that names them.
    ///
    /// # Errors
    /// `ENOTCONN` without a connection, `EBADF` for a number that is not open, `EMFILE` where no
    /// descriptor is free, `ENOTSUP` on Windows.
    pub fn hold_descriptors(&mut self, numbers: &[i32]) -> Result<i32> {
        let stream = self.state.stream_mut().ok_or(Errno::NOTCONN)?;
        stream.hold(numbers)
    }

    /// Writes bytes, with what a ticket names if that has not left. Returns how many bytes have left,
    /// and how many descriptors. A `Writable` event follows where these are not all bytes.
    ///
    /// # Errors
    /// As for [`Self::write`].
    pub fn pass(
        &mut self,
        reactor: &Reactor,
        bytes: Bytes<'_>,
        ticket: i32,
    ) -> Result<(usize, usize)> {
        match &mut self.state {
            State::Stream(stream) => stream.pass(self.common.key, reactor, bytes, ticket),
            _ => Ok((self.write(reactor, &mut [bytes])?, 0)),
        }
    }
}

/// Relaying.
impl Handle {
    /// Sends what comes in to `target` from here on, or to JavaScript again. The caller knows that
    /// nobody looks at the bytes.
    pub fn relay_to(&mut self, target: Option<Key>) {
        if let Some(stream) = self.state.stream_mut() {
            stream.relay_to(target);
        }
    }

    /// Returns what gets the bytes that come in, if that is not JavaScript.
    pub fn relay_target(&self) -> Option<Key> {
        self.state.stream().and_then(|stream| stream.relay_target())
    }

    /// Returns what has been relayed, from this handle and to it.
    pub fn relayed(&self) -> Relay {
        let stream = self.state.stream();
        stream.map_or_else(Relay::default, |stream| stream.relayed())
    }

    /// True when a pipe in between would serve a relay to `target`.
    pub fn wants_pipe(&self, target: &Self) -> bool {
        let both_tcp = [self, target].map(Self::transport) == [Transport::Tcp; 2];
        both_tcp
            && self
                .state
                .stream()
                .is_some_and(|stream| stream.relays_much())
    }

    /// Moves one step of what has come in to `target`: see [`Stream::relay_step`]. `None` where
    /// that must be done by way of JavaScript.
    ///
    /// [`Stream::relay_step`]: super::stream::Stream::relay_step
    pub fn relay_step(
        &self,
        target: &Self,
        pipe: Option<&SplicePipe>,
        buffer: &mut [u8],
    ) -> Option<Moved> {
        match (&self.state, &target.state) {
            (State::Stream(from), State::Stream(to)) => from.relay_step(to, pipe, buffer),
            _ => None,
        }
    }

    /// Takes note of a step in which this handle was the source. Returns the number of bytes used
    /// up of the buffer, which begins at `offset` of the read slab.
    pub fn after_relay(
        &mut self,
        moved: &Moved,
        offset: u32,
        now: Instant,
        queue: &mut EventQueue,
    ) -> usize {
        let Common { key, .. } = self.common;
        match &mut self.state {
            State::Stream(stream) => stream.after_relay(key, moved, offset, now, queue),
            _ => 0,
        }
    }

    /// Takes note of a step in which this handle was the target.
    pub fn after_relayed_write(&mut self, moved: &Moved, now: Instant, queue: &mut EventQueue) {
        if let State::Stream(stream) = &mut self.state {
            stream.after_relayed_write(self.common.key, moved, now, queue);
        }
    }
}
