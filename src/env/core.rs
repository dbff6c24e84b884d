//! What one environment owns, without JavaScript: handles, readiness, events and the read slab.
//!
//! Each part has its own file: [`Handles`] by key, with [`ActiveCount`](active_count::ActiveCount),
//! [`Scheduler`], [`Acceptor`], [`DeferredWrites`] and [`Relays`]. Here is what takes several of them.

mod acceptor;
mod active_count;
mod deferred_writes;
mod handles;
mod headers;
mod relay;
mod scheduler;

use std::time::Instant;

use self::acceptor::Acceptor;
use self::deferred_writes::DeferredWrites;
use self::handles::Handles;
use self::relay::Relays;
use self::scheduler::Scheduler;
pub use self::scheduler::ITERATION_BATCHES;
use super::counters::{Counters, Totals};
use crate::error::{Result, UV_EOF};
use crate::event::{Event, Key};
use crate::net::{Handle, Terms, Transport};
use crate::queue::EventQueue;
use crate::runtime::{Interest, Reactor, Ready};
use crate::sys::{Bytes, Descriptor, Room};

/// The most events in one call into JavaScript.
pub const BATCH: usize = 1024;

/// Everything but the way into JavaScript.
#[derive(Debug)]
pub struct Core {
    handles: Handles,
    scheduler: Scheduler,
    acceptor: Acceptor,
    writes: DeferredWrites,
    relays: Relays,
    counters: Counters,
}

impl Core {
    /// Says whether small writes are coalesced, and whether new handles offload them.
    pub fn new(reactor: Reactor, coalesces: bool, offloads: bool) -> Self {
        Self {
            handles: Handles::new(reactor, BATCH),
            scheduler: Scheduler::default(),
            acceptor: Acceptor::new(),
            writes: DeferredWrites::new(coalesces, offloads),
            relays: Relays::default(),
            counters: Counters::default(),
        }
    }

    /// True when a handle, a request or an event that is not delivered keeps the environment alive.
    pub fn is_alive(&self) -> bool {
        self.handles.is_alive()
    }

    /// True when no event and no ready socket is pending.
    pub fn is_idle(&self) -> bool {
        self.handles.is_idle()
    }

    /// True when a closed handle waits for [`Self::announce_closed`].
    pub fn has_closing(&self) -> bool {
        self.handles.has_closing()
    }

    /// Makes a handle without a descriptor.
    ///
    /// # Errors
    /// `ENFILE` with a million handles open.
    pub fn create(&mut self, transport: Transport) -> Result<Key> {
        let key = self.handles.insert(|key| Handle::new(key, transport))?;
        self.writes.adopt(&mut self.handles, key);
        Ok(key)
    }

    /// Says whether deferred writes of a handle are sent by a thread. Where there is no thread to be
    /// had they are sent at the end of the callback.
    ///
    /// # Errors
    /// `EBADF` for a handle that is closed.
    pub fn set_offloads(&mut self, key: Key, offloads: bool) -> Result<()> {
        self.writes.set_offloads(&mut self.handles, key, offloads)
    }

    /// Returns the key of the handle in a slot, or one that names nothing.
    pub fn key_of(&self, slot: u32) -> Key {
        self.handles.key_of(slot)
    }

    /// Runs a verb on a handle.
    ///
    /// # Errors
    /// `EBADF` for a handle that is closed, and the verb's own.
    pub fn verb<T>(
        &mut self,
        key: Key,
        verb: impl FnOnce(&mut Handle, &Reactor, &mut EventQueue) -> Result<T>,
    ) -> Result<T> {
        self.handles.verb(key, verb)
    }

    /// Runs a verb that begins to connect a handle.
    ///
    /// # Errors
    /// As [`Self::verb`].
    pub fn connect(
        &mut self,
        key: Key,
        verb: impl FnOnce(&mut Handle, &Reactor) -> Result<()>,
    ) -> Result<()> {
        self.verb(key, |handle, reactor, _| verb(handle, reactor))?;
        if self.handles.reactor.reports_late() {
            self.acceptor.look_behind_connect(&self.handles, key);
        }
        Ok(())
    }

    /// Begins to listen.
    ///
    /// # Errors
    /// The handle's.
    pub fn listen(&mut self, key: Key, backlog: i32) -> Result<()> {
        self.verb(key, |handle, reactor, _| match handle.transport() {
            Transport::Tcp => handle.listen_tcp(reactor, backlog),
            Transport::Pipe => handle.listen_pipe(reactor, backlog),
        })?;
        let endpoint = self.handles.get(key).and_then(Handle::endpoint);
        self.acceptor.add_listener(key, endpoint);
        Ok(())
    }

    /// Begins to listen together with other threads.
    ///
    /// # Errors
    /// The handle's.
    pub fn listen_shared(&mut self, key: Key, terms: &Terms) -> Result<()> {
        // Not one of the acceptor's listeners: a connect may reach another thread.
        self.verb(key, |handle, reactor, _| {
            handle.listen_shared(reactor, terms)
        })
    }

    /// Writes, after what callbacks have deferred. Returns how many bytes have left; a `Writable`
    /// event follows where that is not all.
    ///
    /// # Errors
    /// The verb's.
    pub fn write(&mut self, key: Key, buffers: &mut [Bytes<'_>]) -> Result<usize> {
        self.send_deferred(key);
        let sent = self.verb(key, |handle, reactor, _| handle.write(reactor, buffers))?;
        self.counters.bytes_written += sent as u64;
        Ok(sent)
    }

    /// As [`Self::write`]; a small write may be deferred, and counts as having left.
    ///
    /// # Errors
    /// The verb's.
    pub fn write_small(&mut self, key: Key, bytes: &[u8]) -> Result<usize> {
        if self.writes.defer(&mut self.handles, key, bytes) {
            self.counters.bytes_written += bytes.len() as u64;
            return Ok(bytes.len());
        }
        self.write(key, &mut [bytes.into()])
    }

    /// As [`Self::write`], with the descriptors that a ticket names: see [`Handle::pass`].
    ///
    /// # Errors
    /// The verb's.
    pub fn pass(&mut self, key: Key, bytes: Bytes<'_>, ticket: i32) -> Result<usize> {
        self.send_deferred(key);
        let (sent, descriptors) = self.verb(key, |handle, reactor, _| {
            handle.pass(reactor, bytes, ticket)
        })?;
        self.counters.bytes_written += sent as u64;
        self.counters.descriptors_sent += descriptors as u64;
        Ok(sent)
    }

    /// Takes the descriptors that came with the oldest read of a handle that brought some.
    ///
    /// # Errors
    /// `EBADF` for a handle that is closed.
    pub fn take_descriptors(&mut self, key: Key) -> Result<Vec<Descriptor>> {
        let taken = self.verb(key, |handle, _, _| Ok(handle.take_descriptors()))?;
        self.counters.descriptors_received += taken.len() as u64;
        Ok(taken)
    }

    /// Sends what callbacks have deferred of a handle. What the kernel does not take counts as queued.
    ///
    /// # Errors
    /// `EBADF` for a handle that is closed; the errno of bytes that were lost.
    pub fn flush(&mut self, key: Key) -> Result<()> {
        self.send_deferred(key);
        self.verb(key, |handle, _, _| handle.check_flushed())
    }

    /// Sends what callbacks have deferred of a handle, and has a `Writable` event follow in the next
    /// loop iteration.
    ///
    /// # Errors
    /// As [`Self::flush`].
    pub fn announce_writable(&mut self, key: Key) -> Result<()> {
        self.flush(key)?;
        self.verb(key, |handle, reactor, _| handle.announce_writable(reactor))
    }

    /// Reads into `room`: see [`Handle::read_directly`].
    ///
    /// # Errors
    /// `EBADF` for a handle that is closed.
    pub fn read_directly(&mut self, key: Key, room: Room<'_>) -> Result<i32> {
        let read = self.verb(key, |handle, reactor, _| {
            Ok(handle.read_directly(reactor, room))
        })?;
        if read == UV_EOF {
            self.writes.take_back(&mut self.handles, key);
        }
        self.counters.bytes_read += u64::try_from(read).unwrap_or(0);
        Ok(read)
    }

    /// Sends what a handle has deferred, ahead of something that must come after it.
    fn send_deferred(&mut self, key: Key) {
        self.writes.send_of(&mut self.handles, key);
    }

    /// Sends everything that was deferred, and defers no more: the process is about to exit.
    pub fn stop_deferring(&mut self) {
        self.writes.stop(&mut self.handles);
    }

    /// Counts a loop iteration in which rust-net runs.
    pub fn count_wake(&mut self) {
        self.counters.wakes += 1;
    }

    /// Returns what has been counted; see [`Counters::list`].
    pub fn stats(&mut self) -> [u64; 15] {
        self.writes.count_sends(&self.handles);
        let (mut sockets, mut servers) = (0, 0);
        for handle in self.handles.iter() {
            if handle.is_listening() {
                servers += 1;
            } else {
                sockets += 1;
            }
        }
        let calls = self.handles.reactor.calls();
        self.counters.list(sockets, servers, calls)
    }

    /// Returns the counts that the log reports.
    pub fn totals(&mut self) -> Totals {
        self.writes.count_sends(&self.handles);
        self.counters.totals(self.handles.reactor.calls())
    }

    /// Asks for the end of a handle's writing side.
    ///
    /// # Errors
    /// The verb's.
    pub fn shutdown(&mut self, key: Key) -> Result<()> {
        self.send_deferred(key);
        self.verb(key, |handle, _, queue| handle.shutdown(queue))
    }

    /// Closes a handle. Its last event, `Closed`, is queued by [`Self::announce_closed`].
    ///
    /// # Errors
    /// `EBADF` for a handle that is closed already.
    pub fn close(&mut self, key: Key) -> Result<()> {
        self.writes.send_before_close(&mut self.handles, key);
        let is_listener = self.handles.get(key).is_some_and(Handle::is_listening);
        if is_listener {
            self.acceptor.discard_of(&mut self.handles, key);
        }
        self.handles.close(key)?;
        if is_listener {
            self.acceptor.remove_listener(key);
        }
        if self.acceptor.has_starved() {
            self.retry_starved();
        }
        Ok(())
    }

    /// Closes a handle with a reset instead of an orderly end.
    ///
    /// # Errors
    /// `EINVAL` while a shutdown is pending, and the kernel's; the handle is open then.
    pub fn reset(&mut self, key: Key) -> Result<()> {
        self.writes.send_before_close(&mut self.handles, key);
        self.verb(key, |handle, _, _| handle.prepare_reset())?;
        self.close(key)
    }

    /// Tries the listeners again that found no descriptor.
    pub fn retry_starved(&mut self) {
        self.acceptor.retry_starved(&self.handles);
    }

    /// Returns the time of the next [`Self::expire_headers`], if there is to be one.
    pub fn deadline(&self) -> Option<Instant> {
        self.acceptor.deadline()
    }

    /// Gives up the PROXY headers that have taken too long.
    pub fn expire_headers(&mut self, now: Instant) {
        self.acceptor.expire_headers(&mut self.handles, now);
    }

    /// Queues the last event of everything that was closed.
    pub fn announce_closed(&mut self) {
        self.handles.announce_closed();
    }

    /// Begins a loop iteration: polls the driver once.
    pub fn begin_iteration(&mut self) {
        self.acceptor
            .begin_iteration(self.scheduler.has_read_much());
        self.scheduler.begin_iteration();
        self.handles.reactor.poll();
    }

    /// Serves what is ready, until a batch is full or `slab` has no room for another read. Relays are
    /// put aside for [`Self::relay`].
    pub fn collect(&mut self, slab: &mut [u8]) {
        self.handles.reactor.ready().begin_batch();
        let first = self.scheduler.begin_batch();
        while !self.handles.queue.is_full()
            && !self.relays.is_full()
            && self.scheduler.has_room(slab)
        {
            let Some(ready) = self.handles.reactor.ready().pop(first) else {
                break;
            };
            self.serve(ready, slab);
        }
    }

    fn serve(&mut self, ready: Ready, slab: &mut [u8]) {
        self.counters.ready += 1;
        let Ready { key, interest } = ready;
        if key == Key::NOBODY {
            self.writes.take_returned(&mut self.handles);
            return;
        }
        let Some(handle) = self.handles.get(key) else {
            return;
        };
        match interest {
            Interest::Read if handle.is_accepting() => {
                self.acceptor
                    .serve(&mut self.handles, &mut self.writes, key);
            }
            Interest::Read if handle.relay_target().is_some() => self.relays.add(key),
            Interest::Read => self.read(key, slab),
            Interest::Write => {
                if handle.is_connecting() && self.accept_before_connect(key) {
                    return;
                }
                self.handles
                    .with(key, |handle, _, queue| handle.on_writable(queue));
            }
        }
    }

    fn read(&mut self, key: Key, slab: &mut [u8]) {
        let (room, offset) = (self.scheduler.room(slab), self.scheduler.offset());
        let used = self.handles.with(key, |handle, reactor, queue| {
            handle.on_readable(reactor, room, offset, queue)
        });
        self.scheduler.use_slab(used.unwrap_or(0));
        self.report_held_end(key);
    }

    /// Reports an EOF after what the sender thread has met.
    fn report_held_end(&mut self, key: Key) {
        if !self.handles.get(key).is_some_and(Handle::has_held_end) {
            return;
        }
        self.writes.take_back(&mut self.handles, key);
        self.handles
            .with(key, |handle, _, queue| handle.tell_held_end(queue));
    }

    fn accept_before_connect(&mut self, key: Key) -> bool {
        self.acceptor
            .accept_before_connect(&mut self.handles, &mut self.writes, key)
    }

    /// Takes the next batch for JavaScript.
    pub fn begin_batch(&mut self, mut put: impl FnMut(Event)) -> usize {
        self.acceptor.begin_batch();
        let counters = &mut self.counters;
        let count = self.handles.begin_batch(|event| {
            counters.note(&event);
            put(event);
        });
        if count > 0 {
            self.counters.batches += 1;
            self.writes.begin_callback(count);
        }
        count
    }

    /// Ends a batch that a panic has cut short.
    pub fn abandon_batch(&mut self) {
        self.writes.end_callback();
    }

    /// Ends a batch: slots of closed handles are free again, deferred writes leave.
    pub fn end_batch(&mut self) {
        self.handles.end_batch();
        self.end_turn();
    }

    /// Ends a turn of JavaScript, within a batch or outside of any: deferred writes leave.
    pub fn end_turn(&mut self) {
        self.writes.end_callback();
        self.writes.release(&mut self.handles);
    }

    /// Closes everything and stops the reactor, for an environment that ends. No waker runs after
    /// this.
    pub fn close_all(&mut self) {
        self.stop_deferring();
        self.handles.close_all();
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Kind;

    #[test]
    fn a_batch_is_counted_and_ends_once() {
        let mut core = Core::new(Reactor::on_loop().unwrap(), true, false);
        assert_eq!(core.begin_batch(|_| panic!("an event")), 0);
        let event = Event::new(Key::new(1, 0), Kind::Shutdown, 0);
        for _ in 0..2 {
            core.handles.queue.push(event);
            assert!(core.is_alive() && !core.is_idle());
            assert_eq!(core.begin_batch(|_| {}), 1);
            core.abandon_batch();
            core.end_batch();
        }
        assert!(!core.is_alive() && core.is_idle());
        assert_eq!(core.counters.batches, 2);
    }
}
