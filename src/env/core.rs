//! What one environment owns, without JavaScript: handles, readiness, events and the read slab.

mod relay;

use self::relay::SharedPipe;
use super::counters::Counters;
use super::slots::Slots;
use crate::error::{Errno, Result, UV_EOF};
use crate::event::{Event, Key, Kind};
use crate::net::{Accepted, Handle, Place, Transport};
use crate::queue::EventQueue;
use crate::runtime::{Attempt, First, Interest, Reactor, Ready, Source};
use crate::stream::{Gathered, Gatherer, Offloader, READ_STEP};
use crate::sys::descriptor::Reserve;
use crate::sys::{Bytes, Descriptor, Room};

/// Events in one call into JavaScript.
pub const BATCH: usize = 1024;
/// Batches in one turn of the loop; timers and other handles come after them.
pub const TURN_BATCHES: usize = 4;
/// The most connections that one listener accepts in one turn.
const ACCEPT_STEP: usize = 64;

/// A handle, and whether it is counted as keeping the environment alive.
#[derive(Debug)]
struct Entry {
    handle: Handle,
    counted: bool,
}

/// Everything but the way into JavaScript.
#[derive(Debug)]
pub struct Core {
    entries: Slots<Entry>,
    reactor: Reactor,
    queue: EventQueue,
    /// How often this turn has collected.
    collected: usize,
    /// Bytes that this turn has read.
    read_in_turn: usize,
    /// Connections that a listener may accept in one turn.
    accept_share: usize,
    /// Readable, and in a relay that JavaScript has to confirm.
    relays: Vec<Key>,
    splice_pipe: SharedPipe,
    slab_used: usize,
    closing: Vec<Key>,
    delivered_closed: Vec<Key>,
    /// None where every write goes straight to the kernel.
    gatherer: Option<Gatherer>,
    gathered: Vec<Gathered>,
    /// Started by the first handle that asks for it.
    offloader: Option<(Offloader, Source)>,
    /// Whether new handles offload.
    offload_all: bool,
    in_callback: bool,
    /// The batch that is being collected tells of a new connection.
    admits: bool,
    alive: usize,
    reserve: Reserve,
    /// All that listen, and where.
    listeners: Vec<(Key, Place)>,
    /// Listeners that found no descriptor, to be tried again when one may be free.
    starved: Vec<Key>,
    counters: Counters,
    /// Of the sends by other threads, those that have been counted.
    counted_sends: u64,
}

impl Core {
    pub fn new(reactor: Reactor, gather_writes: bool, offload_writes: bool) -> Self {
        Self {
            entries: Slots::new(),
            reactor,
            queue: EventQueue::new(BATCH),
            collected: 0,
            read_in_turn: 0,
            accept_share: 1,
            relays: Vec::new(),
            splice_pipe: SharedPipe::default(),
            slab_used: 0,
            closing: Vec::new(),
            delivered_closed: Vec::new(),
            gatherer: gather_writes.then(Gatherer::new),
            gathered: Vec::new(),
            offloader: None,
            offload_all: offload_writes,
            in_callback: false,
            admits: false,
            alive: 0,
            reserve: Reserve::new(),
            listeners: Vec::new(),
            starved: Vec::new(),
            counters: Counters::default(),
            counted_sends: 0,
        }
    }

    /// Whether some handle or request, or an event that is still to be told, keeps the environment
    /// alive.
    pub fn is_alive(&self) -> bool {
        self.alive > 0 || !self.queue.is_empty()
    }

    /// Whether there is something to do before the loop may sleep.
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.reactor.ready().is_empty()
    }

    pub fn has_closing(&self) -> bool {
        !self.closing.is_empty()
    }

    /// A new handle without a descriptor.
    ///
    /// # Errors
    /// `ENFILE` with a million handles open.
    pub fn create(&mut self, transport: Transport) -> Result<Key> {
        let key = self.entries.insert(|key| Entry {
            handle: Handle::new(key, transport),
            counted: false,
        })?;
        if self.offload_all {
            self.set_offloads(key, true)?;
        }
        Ok(key)
    }

    /// Says whether gathered writes of a handle are sent by a thread. Where no thread is to be had
    /// they are sent at the end of the callback.
    ///
    /// # Errors
    /// `EBADF` for a handle that is closed.
    pub fn set_offloads(&mut self, key: Key, offloads: bool) -> Result<()> {
        let entry = self.entries.get_mut(key).ok_or(Errno::BADF)?;
        entry.handle.set_offloads(offloads);
        if offloads && self.offloader.is_none() && self.gatherer.is_some() {
            self.offloader = start_offloader(&self.reactor);
        }
        self.send_gathered_of(key);
        Ok(())
    }

    /// Returns the key of the handle in a slot, or one that names nothing.
    pub fn key_of(&self, slot: u32) -> Key {
        self.entries.key_of(slot)
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
        let entry = self.entries.get_mut(key).ok_or(Errno::BADF)?;
        let result = verb(&mut entry.handle, &self.reactor, &mut self.queue);
        Self::recount(&mut self.alive, entry);
        result
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
        let place = (self.entries.get(key)).and_then(|entry| entry.handle.place());
        self.forget_listener(key);
        self.listeners.extend(place.map(|place| (key, place)));
        Ok(())
    }

    fn forget_listener(&mut self, key: Key) {
        self.listeners.retain(|&(listener, _)| listener != key);
    }

    /// Writes, behind what callbacks have gathered. Returns how many bytes have left; a `Writable`
    /// event follows where that is not all.
    ///
    /// # Errors
    /// The verb's.
    pub fn write(&mut self, key: Key, buffers: &mut [Bytes<'_>]) -> Result<usize> {
        self.send_gathered_of(key);
        let sent = self.verb(key, |handle, reactor, _| handle.write(reactor, buffers))?;
        self.counters.bytes_written += sent as u64;
        Ok(sent)
    }

    /// As [`Self::write`]; a small write may be gathered until the end of the callback, and counts as
    /// having left.
    ///
    /// # Errors
    /// The verb's.
    pub fn write_small(&mut self, key: Key, bytes: &[u8]) -> Result<usize> {
        if self.gather(key, bytes) {
            self.counters.bytes_written += bytes.len() as u64;
            return Ok(bytes.len());
        }
        self.write(key, &mut [bytes.into()])
    }

    /// Sends what callbacks have gathered of a handle. What the kernel does not take counts as
    /// queued.
    ///
    /// # Errors
    /// `EBADF` for a handle that is closed; the errno of bytes that were lost.
    pub fn flush(&mut self, key: Key) -> Result<()> {
        self.send_gathered_of(key);
        self.verb(key, |handle, _, _| handle.check_flushed())
    }

    /// Sends what callbacks have gathered of a handle, and has a `Writable` event follow in the next
    /// iteration of the loop.
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
            self.take_back(key);
        }
        self.counters.bytes_read += u64::try_from(read).unwrap_or(0);
        Ok(read)
    }

    fn gather(&mut self, key: Key, bytes: &[u8]) -> bool {
        let (true, Some(gatherer)) = (self.in_callback, &mut self.gatherer) else {
            return false;
        };
        let Some(entry) = self.entries.get_mut(key) else {
            return false;
        };
        if let (true, Some((offloader, _))) = (entry.handle.offloads(), &self.offloader) {
            return entry.handle.offload(offloader, bytes);
        }
        if !entry.handle.gather(gatherer, bytes) {
            return false;
        }
        if gatherer.is_full() {
            self.send_gathered();
        }
        true
    }

    /// Sends what callbacks have gathered.
    pub fn send_gathered(&mut self) {
        let Some(gatherer) = &self.gatherer else {
            return;
        };
        gatherer.take_all(&mut self.gathered);
        for gathered in &self.gathered {
            if let Some(entry) = self.entries.get_mut(gathered.key) {
                entry.handle.send_gathered(gathered, &mut self.queue);
                Self::recount(&mut self.alive, entry);
            }
        }
        gatherer.recycle(&mut self.gathered);
    }

    fn send_gathered_of(&mut self, key: Key) {
        self.take_back(key);
        let Some(gatherer) = &self.gatherer else {
            return;
        };
        if let Some(entry) = self.entries.get_mut(key) {
            entry.handle.send_own_gathered(gatherer, &mut self.queue);
        }
    }

    /// Takes back what the offloader has of a handle, ahead of something that must come after it.
    fn take_back(&mut self, key: Key) {
        let Some((offloader, _)) = &self.offloader else {
            return;
        };
        let handle = self.entries.get_mut(key).map(|entry| &entry.handle);
        if handle.is_some_and(Handle::has_offloaded) {
            offloader.take(key, &mut self.gathered);
            self.send_taken();
        }
    }

    /// Goes on with what the offloader could not send.
    fn take_returned(&mut self) {
        if let Some((offloader, waker)) = &self.offloader {
            // A rest that is left unread wakes again.
            if let Attempt::Done(_) = waker.try_read((&mut [0; 64][..]).into()) {
                waker.arm(Interest::Read);
            }
            offloader.take_returned(&mut self.gathered);
            self.send_taken();
        }
    }

    fn send_taken(&mut self) {
        for gathered in self.gathered.drain(..) {
            if let Some(entry) = self.entries.get_mut(gathered.key) {
                entry.handle.send(&gathered, &mut self.queue);
                Self::recount(&mut self.alive, entry);
            }
        }
    }

    /// Sends what was gathered, and gathers no more: the process is about to exit.
    pub fn stop_gathering(&mut self) {
        self.send_gathered();
        if let Some((offloader, _)) = &self.offloader {
            offloader.take_all(&mut self.gathered);
            self.send_taken();
        }
        self.count_sends();
        self.offloader = None;
        self.gatherer = None;
    }

    // What other threads have sent is added when somebody asks.
    fn count_sends(&mut self) {
        let watchdog = self.gatherer.as_ref().map_or(0, Gatherer::watchdog_sends);
        let offloader = &self.offloader;
        let sends = watchdog + offloader.as_ref().map_or(0, |(it, _)| it.sends());
        // Less than before where the threads have ended: what they did was counted then.
        let new = sends.saturating_sub(self.counted_sends);
        self.reactor.calls().writes.add(new);
        self.counted_sends += new;
    }

    /// A turn of the loop was ours.
    pub fn count_wake(&mut self) {
        self.counters.wakes += 1;
    }

    /// What has been counted; see [`Counters::list`].
    pub fn stats(&mut self) -> [u64; 13] {
        self.count_sends();
        let (mut sockets, mut servers) = (0, 0);
        for entry in self.entries.iter() {
            if entry.handle.is_listening() {
                servers += 1;
            } else {
                sockets += 1;
            }
        }
        self.counters.list(sockets, servers, self.reactor.calls())
    }

    /// Asks for the end of a handle's writing side.
    ///
    /// # Errors
    /// The verb's.
    pub fn shutdown(&mut self, key: Key) -> Result<()> {
        self.send_gathered_of(key);
        self.verb(key, |handle, _, queue| handle.shutdown(queue))
    }

    /// Closes a handle. Its last event, `Closed`, is queued by [`Self::announce_closed`].
    ///
    /// # Errors
    /// `EBADF` for a handle that is closed already.
    pub fn close(&mut self, key: Key) -> Result<()> {
        self.send_gathered_of(key);
        let mut entry = self.entries.retire(key).ok_or(Errno::BADF)?;
        if std::mem::take(&mut entry.counted) {
            self.alive -= 1;
        }
        if entry.handle.is_listening() {
            self.forget_listener(key);
        }
        entry.handle.close();
        self.closing.push(key);
        if !self.starved.is_empty() {
            self.retry_starved();
        }
        Ok(())
    }

    /// Closes a handle with a reset instead of an orderly end.
    ///
    /// # Errors
    /// `EINVAL` while a shutdown is pending, and the kernel's; the handle is open then.
    pub fn reset(&mut self, key: Key) -> Result<()> {
        self.send_gathered_of(key);
        self.verb(key, |handle, _, _| handle.prepare_reset())?;
        self.close(key)
    }

    /// Queues the last event of everything that was closed: what was closed last comes first, as in
    /// libuv.
    pub fn announce_closed(&mut self) {
        for key in std::mem::take(&mut self.closing).into_iter().rev() {
            self.queue.push(Event::new(key, Kind::Closed, 0));
        }
    }

    /// Begins a turn: polls the driver once.
    pub fn begin_turn(&mut self) {
        if self.read_in_turn > READ_STEP {
            self.accept_share = 1;
        }
        self.read_in_turn = 0;
        self.collected = 0;
        self.reactor.poll();
    }

    /// Serves what is ready, until a batch is full or `slab` has no room for another read. Relays are
    /// put aside for [`Self::relay`].
    pub fn collect(&mut self, slab: &mut [u8]) {
        self.slab_used = 0;
        self.reactor.ready().begin_batch();
        self.collected += 1;
        // The light come first, but the heavy are sure of a batch in each turn.
        let first = if self.collected == TURN_BATCHES {
            First::Heavy
        } else {
            First::Light
        };
        while !self.queue.is_full()
            && self.relays.len() < BATCH
            && slab.len() - self.slab_used >= READ_STEP
        {
            let Some(ready) = self.reactor.ready().pop(first) else {
                break;
            };
            self.serve(ready, slab);
        }
    }

    fn serve(&mut self, ready: Ready, slab: &mut [u8]) {
        if ready.key == Key::NONE {
            self.take_returned();
            return;
        }
        let Some(entry) = self.entries.get_mut(ready.key) else {
            return;
        };
        match ready.interest {
            Interest::Read if entry.handle.is_listening() => self.accept_share(ready.key),
            Interest::Read if entry.handle.relay_target().is_some() => self.relays.push(ready.key),
            Interest::Read => {
                let (room, offset) = slab_room(slab, self.slab_used);
                let used = entry
                    .handle
                    .on_readable(&self.reactor, room, offset, &mut self.queue);
                self.use_slab(used);
                self.tell_held_end(ready.key);
                self.recount_of(ready.key);
            }
            Interest::Write => {
                if entry.handle.is_connecting() && self.puts_off(ready.key) {
                    return;
                }
                self.write_on(ready.key);
            }
        }
    }

    /// Tells an end behind what the offloader has met.
    fn tell_held_end(&mut self, key: Key) {
        let is_held = (self.entries.get(key)).is_some_and(|entry| entry.handle.has_held_end());
        if !is_held {
            return;
        }
        self.take_back(key);
        if let Some(entry) = self.entries.get_mut(key) {
            entry.handle.tell_held_end(&mut self.queue);
        }
    }

    /// Has a connect tell its outcome behind the connections that it may have made: what it reached may
    /// be a listener of ours. True when it has to wait for the next batch. A 'connection' listener may
    /// reset what has just connected, and libuv asks for the outcome behind it.
    fn puts_off(&mut self, key: Key) -> bool {
        let Some(entry) = self.entries.get(key) else {
            return false;
        };
        if entry.handle.is_connect_put_off() {
            return false;
        }
        let destination = entry.handle.destination();
        self.accept_at(destination.as_ref());
        let entry = self.entries.get_mut(key);
        self.admits && entry.is_some_and(|entry| entry.handle.put_off_connect())
    }

    fn write_on(&mut self, key: Key) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.handle.on_writable(&mut self.queue);
            Self::recount(&mut self.alive, entry);
        }
    }

    /// Accepts what the reactor may not have told yet. What has just connected may have done so to a
    /// listener of ours, which is to hear of it first: see [`super::NetEnv::overtakes`].
    fn accept_at(&mut self, destination: Option<&Place>) {
        let reached: Vec<Key> = (self.listeners.iter())
            .filter(|(_, place)| Some(place) == destination)
            .map(|&(key, _)| key)
            .collect();
        for key in reached {
            self.accept(key, ACCEPT_STEP);
        }
    }

    /// Accepts a listener's share of this turn. As long as a turn reads more than one step that is one
    /// connection: those that are open would otherwise be many before the first of them is finished.
    /// A share that is used up doubles.
    fn accept_share(&mut self, listener: Key) {
        if !self.accept(listener, self.accept_share) {
            self.accept_share = (self.accept_share * 2).min(ACCEPT_STEP);
        }
    }

    /// False where it stopped because of `most`.
    fn accept(&mut self, listener: Key, most: usize) -> bool {
        for _ in 0..most {
            let Some(entry) = self.entries.get_mut(listener) else {
                return true;
            };
            let transport = entry.handle.transport();
            match entry.handle.accept() {
                Accepted::Nothing => return true,
                Accepted::Aborted => {}
                Accepted::Connection(fd) => self.admit(listener, transport, fd),
                Accepted::Failed {
                    exhausted: true, ..
                } if self.shed_load(listener) => return true,
                Accepted::Failed { errno, .. } => {
                    self.starved.push(listener);
                    self.queue
                        .push(Event::new(listener, Kind::AcceptFailed, errno.code()));
                    return true;
                }
            }
        }
        if let Some(entry) = self.entries.get_mut(listener) {
            entry.handle.accept_later();
        }
        false
    }

    fn admit(&mut self, listener: Key, transport: Transport, fd: Descriptor) {
        let made = self.entries.insert(|key| Entry {
            handle: Handle::accepted(key, transport, fd),
            counted: false,
        });
        let event = match made {
            Ok(key) => {
                if self.offload_all {
                    // It is open: it was made a moment ago.
                    let _ = self.set_offloads(key, true);
                }
                self.admits = true;
                Event::new(listener, Kind::Connection, key.slot())
            }
            Err(errno) => Event::new(listener, Kind::AcceptFailed, errno.code()),
        };
        self.queue.push(event);
    }

    /// No descriptor is left: closes every connection that waits, with the help of the reserve, so
    /// that peers hear of it. False where the reserve was of no use.
    fn shed_load(&mut self, listener: Key) -> bool {
        let Some(entry) = self.entries.get_mut(listener) else {
            return true;
        };
        if !self.reserve.release() {
            self.reserve.refill();
            return false;
        }
        let is_empty = loop {
            match entry.handle.accept() {
                Accepted::Connection(fd) => drop(fd),
                Accepted::Aborted => {}
                Accepted::Nothing => break true,
                // Another thread has taken the descriptor.
                Accepted::Failed { .. } => break false,
            }
        };
        self.reserve.refill();
        is_empty
    }

    /// Tries the listeners again that found no descriptor.
    pub fn retry_starved(&mut self) {
        for key in std::mem::take(&mut self.starved) {
            if let Some(entry) = self.entries.get_mut(key) {
                entry.handle.accept_later();
            }
        }
        self.reserve.refill();
    }

    /// Takes the next batch for JavaScript.
    pub fn begin_batch(&mut self, mut put: impl FnMut(Event)) -> usize {
        let mut count = 0;
        self.admits = false;
        for event in self.queue.take_batch() {
            if event.kind == Kind::Closed {
                self.delivered_closed.push(event.key);
            }
            self.counters.note(&event);
            put(event);
            count += 1;
        }
        if count > 0 {
            self.counters.batches += 1;
            self.callback_edge(true);
        }
        count
    }

    fn callback_edge(&mut self, starts: bool) {
        if std::mem::replace(&mut self.in_callback, starts) == starts {
            return;
        }
        if let Some(gatherer) = &self.gatherer {
            gatherer.callback_edge();
        }
    }

    /// Ends a batch that a panic has cut short.
    pub fn abandon_batch(&mut self) {
        self.callback_edge(false);
    }

    /// The batch was delivered: slots of closed handles are free again, gathered writes leave.
    pub fn end_batch(&mut self) {
        self.callback_edge(false);
        for key in std::mem::take(&mut self.delivered_closed) {
            self.entries.release(key);
        }
        self.send_gathered();
        if let Some((offloader, _)) = &self.offloader {
            offloader.release();
        }
    }

    /// Closes everything and stops the reactor, for an environment that ends. No wake follows
    /// this.
    pub fn close_all(&mut self) {
        self.stop_gathering();
        for entry in self.entries.drain() {
            entry.handle.close();
        }
        self.alive = 0;
        self.reactor.stop();
    }

    // Reads begin at multiples of eight, for copies that are aligned.
    fn use_slab(&mut self, used: usize) {
        self.slab_used += used.next_multiple_of(8);
        self.read_in_turn += used;
    }

    fn recount_of(&mut self, key: Key) {
        if let Some(entry) = self.entries.get_mut(key) {
            Self::recount(&mut self.alive, entry);
        }
    }

    fn recount(alive: &mut usize, entry: &mut Entry) {
        let counts = entry.handle.keeps_alive();
        if counts != entry.counted {
            entry.counted = counts;
            *alive = if counts { *alive + 1 } else { *alive - 1 };
        }
    }
}

/// The room of one read, and where it begins.
fn slab_room(slab: &mut [u8], used: usize) -> (&mut [u8], u32) {
    let offset = u32::try_from(used).unwrap_or(0);
    (&mut slab[used..used + READ_STEP], offset)
}

fn start_offloader(reactor: &Reactor) -> Option<(Offloader, Source)> {
    let (offloader, heard) = Offloader::start().ok()?;
    let waker = reactor.register(Key::NONE, heard).ok()?;
    waker.arm(Interest::Read);
    Some((offloader, waker))
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    fn begin_batch(core: &mut Core) {
        core.queue
            .push(Event::new(Key::new(1, 0), Kind::Shutdown, 0));
        assert_eq!(core.begin_batch(|_| {}), 1);
    }

    #[test]
    fn a_batch_that_was_cut_short_leaves_the_watchdog_asleep() {
        let mut core = Core::new(Reactor::on_loop().unwrap(), true, false);
        let runs = |core: &Core| core.gatherer.as_ref().unwrap().is_in_callback();
        begin_batch(&mut core);
        assert!(runs(&core));
        core.abandon_batch();
        assert!(!runs(&core));
        begin_batch(&mut core);
        begin_batch(&mut core);
        assert!(runs(&core));
        core.end_batch();
        assert!(!runs(&core));
    }
}
