//! Small writes of callbacks that leave later: coalesced, at the end of the callback, or offloaded, by
//! a thread.

use super::handles::Handles;
use crate::error::{Errno, Result};
use crate::event::Key;
use crate::net::Handle;
use crate::runtime::{Attempt, Interest, Reactor, Source};
use crate::stream::{Gathered, Gatherer, Offloader};

/// Defers the small writes of one environment, and takes them back where something must come after
/// them.
#[derive(Debug)]
pub struct DeferredWrites {
    /// None where every write goes straight to the kernel.
    gatherer: Option<Gatherer>,
    /// Started by the first handle that asks for it.
    offloader: Option<(Offloader, Source)>,
    /// Whether new handles offload.
    offload_all: bool,
    in_callback: bool,
    /// Of the sends by other threads, those that have been counted.
    counted_sends: u64,
    /// Empty between two calls, and kept for its memory.
    taken: Vec<Gathered>,
}

impl DeferredWrites {
    /// Says whether small writes are deferred at all, and whether new handles offload them.
    pub fn new(coalesces: bool, offload_all: bool) -> Self {
        Self {
            gatherer: coalesces.then(Gatherer::new),
            offloader: None,
            offload_all,
            in_callback: false,
            counted_sends: 0,
            taken: Vec::new(),
        }
    }

    /// Sets what new handles do.
    pub fn adopt(&mut self, handles: &mut Handles, key: Key) {
        if self.offload_all {
            // It is open: it was made a moment ago.
            let _ = self.set_offloads(handles, key, true);
        }
    }

    /// Says whether deferred writes of a handle are sent by a thread. Where there is no thread to be
    /// had they are sent at the end of the callback.
    ///
    /// # Errors
    /// `EBADF` for a handle that is closed.
    pub fn set_offloads(&mut self, handles: &mut Handles, key: Key, offloads: bool) -> Result<()> {
        handles
            .with(key, |handle, _, _| handle.set_offloads(offloads))
            .ok_or(Errno::BADF)?;
        if offloads && self.offloader.is_none() && self.gatherer.is_some() {
            self.offloader = start_offloader(&handles.reactor);
        }
        self.send_of(handles, key);
        Ok(())
    }

    /// Begins a callback, whose small writes may be deferred.
    pub fn begin_callback(&mut self) {
        self.callback_edge(true);
    }

    /// Ends a callback, or what a panic has left of one.
    pub fn end_callback(&mut self) {
        self.callback_edge(false);
    }

    fn callback_edge(&mut self, starts: bool) {
        if std::mem::replace(&mut self.in_callback, starts) == starts {
            return;
        }
        if let Some(gatherer) = &self.gatherer {
            gatherer.callback_edge();
        }
    }

    /// Defers a write. Returns false where it must be made at once.
    pub fn defer(&mut self, handles: &mut Handles, key: Key, bytes: &[u8]) -> bool {
        let (true, Some(gatherer)) = (self.in_callback, &mut self.gatherer) else {
            return false;
        };
        let offloader = self.offloader.as_ref().map(|(offloader, _)| offloader);
        let deferred = handles.with(key, |handle, _, _| match offloader {
            Some(offloader) if handle.offloads() => (handle.offload(offloader, bytes), false),
            _ => (handle.gather(gatherer, bytes), true),
        });
        let Some((true, is_coalesced)) = deferred else {
            return false;
        };
        if is_coalesced && gatherer.is_full() {
            self.send_coalesced(handles);
        }
        true
    }

    /// Lets everything leave that the callbacks of a batch have deferred.
    pub fn release(&mut self, handles: &mut Handles) {
        self.send_coalesced(handles);
        if let Some((offloader, _)) = &self.offloader {
            offloader.release();
        }
    }

    fn send_coalesced(&mut self, handles: &mut Handles) {
        let Some(gatherer) = &self.gatherer else {
            return;
        };
        gatherer.take_all(&mut self.taken);
        for gathered in &self.taken {
            handles.with(gathered.key, |handle, _, queue| {
                handle.send_gathered(gathered, queue);
            });
        }
        gatherer.recycle(&mut self.taken);
    }

    /// Sends what a handle has deferred, ahead of something that must come after it.
    pub fn send_of(&mut self, handles: &mut Handles, key: Key) {
        self.take_back(handles, key);
        let Some(gatherer) = &self.gatherer else {
            return;
        };
        handles.with(key, |handle, _, queue| {
            handle.send_own_gathered(gatherer, queue);
        });
    }

    /// Takes back what the thread has of a handle, ahead of something that must come after it.
    pub fn take_back(&mut self, handles: &mut Handles, key: Key) {
        let Some((offloader, _)) = &self.offloader else {
            return;
        };
        if handles.get(key).is_some_and(Handle::has_offloaded) {
            offloader.take(key, &mut self.taken);
            self.send_taken(handles);
        }
    }

    /// Goes on with what the thread could not send.
    pub fn take_returned(&mut self, handles: &mut Handles) {
        if let Some((offloader, bell)) = &self.offloader {
            // A rest that is left unread rings again.
            if let Attempt::Done(_) = bell.try_read((&mut [0; 64][..]).into()) {
                bell.arm(Interest::Read);
            }
            offloader.take_returned(&mut self.taken);
            self.send_taken(handles);
        }
    }

    fn send_taken(&mut self, handles: &mut Handles) {
        for gathered in self.taken.drain(..) {
            handles.with(gathered.key, |handle, _, queue| {
                handle.send(&gathered, queue);
            });
        }
    }

    /// Sends everything, and defers no more: the process is about to exit.
    pub fn stop(&mut self, handles: &mut Handles) {
        self.send_coalesced(handles);
        if let Some((offloader, _)) = &self.offloader {
            offloader.take_all(&mut self.taken);
            self.send_taken(handles);
        }
        self.count_sends(handles);
        self.offloader = None;
        self.gatherer = None;
    }

    /// Adds what other threads have sent to the reactor's count.
    pub fn count_sends(&mut self, handles: &Handles) {
        let watchdog = self.gatherer.as_ref().map_or(0, Gatherer::watchdog_sends);
        let offloader = &self.offloader;
        let sends = watchdog + offloader.as_ref().map_or(0, |(it, _)| it.sends());
        // Less than before where the threads have ended: what they did was counted then.
        let new = sends.saturating_sub(self.counted_sends);
        handles.reactor.calls().writes.add(new);
        self.counted_sends += new;
    }
}

fn start_offloader(reactor: &Reactor) -> Option<(Offloader, Source)> {
    let (offloader, heard) = Offloader::start().ok()?;
    let bell = reactor.register(Key::NOBODY, heard).ok()?;
    bell.arm(Interest::Read);
    Some((offloader, bell))
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_that_was_cut_short_leaves_the_watchdog_asleep() {
        let mut writes = DeferredWrites::new(true, false);
        let runs = |writes: &DeferredWrites| writes.gatherer.as_ref().unwrap().is_in_callback();
        for _ in 0..2 {
            writes.begin_callback();
            writes.begin_callback();
            assert!(runs(&writes));
            writes.end_callback();
            writes.end_callback();
            assert!(!runs(&writes));
        }
    }
}
