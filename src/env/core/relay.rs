//! Relays: what one handle receives goes to another without a visit to JavaScript, as long as
//! JavaScript confirms that nobody there would have seen it.

use std::time::Instant;

use super::{Core, BATCH};
use crate::error::{Errno, Result};
use crate::event::Key;
use crate::runtime::{Interest, Ready};
use crate::stream::Moved;
use crate::sys::splice::SplicePipe;

/// The relays of an environment that wait to be confirmed, and the pipe that all of them use.
#[derive(Debug, Default)]
pub struct Relays {
    /// Sources that are readable, at most one batch of them.
    waiting: Vec<Key>,
    pipe: SharedPipe,
}

impl Relays {
    /// Puts a readable source aside until JavaScript has confirmed its relay.
    pub fn add(&mut self, source: Key) {
        self.waiting.push(source);
    }

    /// True when there is no room for another question.
    pub fn is_full(&self) -> bool {
        self.waiting.len() >= BATCH
    }
}

impl Core {
    /// Sends what `source` receives to `target` from here on; each step has to be confirmed.
    ///
    /// # Errors
    /// `EBADF` where one of them is closed.
    pub fn start_relay(&mut self, source: Key, target: Key) -> Result<()> {
        if self.handles.get(target).is_none() {
            return Err(Errno::BADF);
        }
        self.verb(source, |handle, _, _| {
            handle.relay_to(Some(target));
            Ok(())
        })
    }

    /// Returns the sources that [`Self::collect`] has put aside.
    pub fn relays(&self) -> &[Key] {
        &self.relays.waiting
    }

    /// Moves one step of each relay that was put aside and is confirmed; the others are ended, and
    /// read for JavaScript. `is_confirmed` is asked by the index in [`Self::relays`].
    pub fn relay(&mut self, is_confirmed: impl Fn(usize) -> bool, slab: &mut [u8]) {
        let mut keys = std::mem::take(&mut self.relays.waiting);
        let now = Instant::now();
        for (index, &key) in keys.iter().enumerate() {
            if !is_confirmed(index) {
                self.end_relay(key);
            }
            // Each step may bring an event, and bytes for it.
            if self.handles.queue.is_full() || !self.scheduler.has_room(slab) {
                self.read_again(key);
            } else if !self.relay_one(key, now, slab) {
                self.end_relay(key);
                self.serve(readable(key), slab);
            }
        }
        keys.clear();
        self.relays.waiting = keys;
    }

    fn read_again(&self, key: Key) {
        if let Some(handle) = self.handles.get(key) {
            handle.read_again(&self.handles.reactor);
        }
    }

    fn end_relay(&mut self, key: Key) {
        self.handles.with(key, |handle, _, _| handle.relay_to(None));
    }

    /// Returns false where JavaScript has to do it.
    fn relay_one(&mut self, key: Key, now: Instant, slab: &mut [u8]) -> bool {
        let source = self.handles.get(key);
        let Some(target_key) = source.and_then(|source| source.relay_target()) else {
            return false;
        };
        self.writes.take_back(&mut self.handles, target_key);
        let Some(moved) = self.relay_step(key, target_key, slab) else {
            return false;
        };
        match moved {
            Moved::All(sent) | Moved::Part { sent, .. } => self.counters.note_relayed(sent),
            Moved::Lost(_) => self.relays.pipe.discard(),
            // What the sender thread has met comes before an end.
            Moved::End(_) => self.writes.take_back(&mut self.handles, key),
            Moved::Nothing => {}
        }
        self.handles.with(target_key, |target, _, queue| {
            target.after_relayed_write(&moved, now, queue);
        });
        let offset = self.scheduler.offset();
        let used = self.handles.with(key, |source, _, queue| {
            source.after_relay(&moved, offset, now, queue)
        });
        self.scheduler.use_slab(used.unwrap_or(0));
        true
    }

    /// Moves one step, through the pipe where that costs less. Returns `None` where there is nothing
    /// to move it from or to.
    fn relay_step(&mut self, source: Key, target: Key, slab: &mut [u8]) -> Option<Moved> {
        let (source, target) = (self.handles.get(source)?, self.handles.get(target)?);
        let pipe = if source.wants_pipe(target) {
            self.relays.pipe.get()
        } else {
            None
        };
        source.relay_step(target, pipe, self.scheduler.all_room(slab))
    }
}

/// The pipe of all relays of an environment, opened when one first asks for it.
#[derive(Debug, Default)]
enum SharedPipe {
    #[default]
    Unopened,
    Open(SplicePipe),
    /// There is none to be had.
    Absent,
}

impl SharedPipe {
    fn get(&mut self) -> Option<&SplicePipe> {
        if let Self::Unopened = self {
            *self = SplicePipe::open().map_or(Self::Absent, Self::Open);
        }
        match self {
            Self::Open(pipe) => Some(pipe),
            Self::Unopened | Self::Absent => None,
        }
    }

    /// Closes the pipe, with what is in it: no byte of one connection may reach another.
    fn discard(&mut self) {
        *self = Self::Unopened;
    }
}

fn readable(key: Key) -> Ready {
    Ready {
        key,
        interest: Interest::Read,
    }
}
