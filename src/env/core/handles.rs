//! The handles of one environment by key, and what their verbs work on.

use super::active_count::{ActiveCount, Counted};
use crate::env::slots::Slots;
use crate::error::{Errno, Result};
use crate::event::{Event, Key, Kind};
use crate::net::Handle;
use crate::queue::EventQueue;
use crate::runtime::Reactor;

#[derive(Debug)]
struct Entry {
    handle: Handle,
    counted: Counted,
}

/// Owns the handles from creation until their last event was delivered.
#[derive(Debug)]
pub struct Handles {
    entries: Slots<Entry>,
    pub reactor: Reactor,
    pub queue: EventQueue,
    active: ActiveCount,
    /// Closed handles whose last event is not queued yet.
    closing: Vec<Key>,
    /// Closed handles whose last event is in the batch that is being delivered.
    delivered: Vec<Key>,
}

impl Handles {
    /// Makes an empty set whose events leave in batches of at most `batch`.
    pub fn new(reactor: Reactor, batch: usize) -> Self {
        Self {
            entries: Slots::new(),
            reactor,
            queue: EventQueue::new(batch),
            active: ActiveCount::default(),
            closing: Vec::new(),
            delivered: Vec::new(),
        }
    }

    /// Adds the handle that `make` builds from its key.
    ///
    /// # Errors
    /// `ENFILE` with a million handles open.
    pub fn insert(&mut self, make: impl FnOnce(Key) -> Handle) -> Result<Key> {
        self.entries.insert(|key| Entry {
            handle: make(key),
            counted: Counted::default(),
        })
    }

    /// Returns the key of the handle in a slot, or one that names nothing.
    pub fn key_of(&self, slot: u32) -> Key {
        self.entries.key_of(slot)
    }

    /// Returns a handle that is open.
    pub fn get(&self, key: Key) -> Option<&Handle> {
        self.entries.get(key).map(|entry| &entry.handle)
    }

    /// Returns all handles that are open.
    pub fn iter(&self) -> impl Iterator<Item = &Handle> {
        self.entries.iter().map(|entry| &entry.handle)
    }

    /// Changes a handle and updates whether it counts; `None` for one that is closed.
    #[inline]
    pub fn with<T>(
        &mut self,
        key: Key,
        change: impl FnOnce(&mut Handle, &Reactor, &mut EventQueue) -> T,
    ) -> Option<T> {
        let entry = self.entries.get_mut(key)?;
        let result = change(&mut entry.handle, &self.reactor, &mut self.queue);
        let keeps_alive = entry.handle.keeps_alive();
        self.active.set(&mut entry.counted, keeps_alive);
        Some(result)
    }

    /// Runs a verb on a handle.
    ///
    /// # Errors
    /// `EBADF` for a handle that is closed, and the verb's own.
    #[inline]
    pub fn verb<T>(
        &mut self,
        key: Key,
        verb: impl FnOnce(&mut Handle, &Reactor, &mut EventQueue) -> Result<T>,
    ) -> Result<T> {
        self.with(key, verb).unwrap_or(Err(Errno::BADF))
    }

    /// True when a handle, a request or an event that is not delivered keeps the environment alive.
    pub fn is_alive(&self) -> bool {
        self.active.any() || !self.queue.is_empty()
    }

    /// True when no event and no ready socket is pending.
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.reactor.ready().is_empty()
    }

    /// True when a closed handle waits for [`Self::announce_closed`].
    pub fn has_closing(&self) -> bool {
        !self.closing.is_empty()
    }

    /// Closes a handle. Its last event, `Closed`, is queued by [`Self::announce_closed`].
    ///
    /// # Errors
    /// `EBADF` for a handle that is closed already.
    pub fn close(&mut self, key: Key) -> Result<()> {
        let Entry { handle, counted } = self.entries.retire(key).ok_or(Errno::BADF)?;
        self.active.remove(counted);
        handle.close();
        self.closing.push(key);
        Ok(())
    }

    /// Resets a connection that JavaScript knows nothing of: it has no last event.
    pub fn discard(&mut self, key: Key) {
        if let Some(Entry {
            mut handle,
            counted,
        }) = self.entries.retire(key)
        {
            self.active.remove(counted);
            // Refused where the peer is gone, and by what is not TCP.
            let _ = handle.prepare_reset();
            handle.close();
            self.entries.release(key);
        }
    }

    /// Queues the last event of everything that was closed: what was closed last comes first, as in
    /// libuv.
    pub fn announce_closed(&mut self) {
        for key in std::mem::take(&mut self.closing).into_iter().rev() {
            self.queue.push(Event::new(key, Kind::Closed, 0));
        }
    }

    /// Hands the events of one batch to `put`, and returns how many there were.
    pub fn begin_batch(&mut self, mut put: impl FnMut(Event)) -> usize {
        let mut count = 0;
        for event in self.queue.take_batch() {
            if event.kind == Kind::Closed {
                self.delivered.push(event.key);
            }
            put(event);
            count += 1;
        }
        count
    }

    /// Frees the slots of handles whose last event was delivered.
    pub fn end_batch(&mut self) {
        for key in std::mem::take(&mut self.delivered) {
            self.entries.release(key);
        }
    }

    /// Closes everything and stops the reactor, for an environment that ends.
    pub fn close_all(&mut self) {
        for Entry { handle, counted } in self.entries.drain() {
            self.active.remove(counted);
            handle.close();
        }
        self.reactor.stop();
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Transport;

    fn handles() -> Handles {
        Handles::new(Reactor::on_loop().unwrap(), 64)
    }

    fn insert(handles: &mut Handles) -> Key {
        handles
            .insert(|key| Handle::new(key, Transport::Tcp))
            .unwrap()
    }

    #[test]
    fn what_was_closed_last_is_announced_first() {
        let mut handles = handles();
        let (one, two) = (insert(&mut handles), insert(&mut handles));
        handles.close(one).unwrap();
        handles.close(two).unwrap();
        assert_eq!(handles.close(two), Err(Errno::BADF));
        assert!(handles.has_closing());
        handles.announce_closed();
        assert!(!handles.has_closing());
        let mut keys = Vec::new();
        assert_eq!(handles.begin_batch(|event| keys.push(event.key)), 2);
        assert_eq!(keys, [two, one]);
    }

    #[test]
    fn an_event_keeps_alive_until_it_is_delivered() {
        let mut handles = handles();
        let key = insert(&mut handles);
        handles.close(key).unwrap();
        assert!(!handles.is_alive() && handles.is_idle());
        handles.announce_closed();
        assert!(handles.is_alive() && !handles.is_idle());
        handles.begin_batch(|_| {});
        assert!(!handles.is_alive() && handles.is_idle());
    }

    #[test]
    fn a_listener_keeps_alive_while_it_is_referenced() {
        let mut handles = handles();
        let key = insert(&mut handles);
        assert!(!handles.is_alive());
        handles
            .verb(key, |handle, reactor, _| handle.listen_tcp(reactor, 1))
            .unwrap();
        assert!(handles.is_alive());
        handles.with(key, |handle, _, _| handle.set_referenced(false));
        assert!(!handles.is_alive());
        handles.with(key, |handle, _, _| handle.set_referenced(true));
        handles.close_all();
        assert!(!handles.is_alive());
        assert!(handles.get(key).is_none());
    }
}
