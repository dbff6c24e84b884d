//! Relays: what one handle receives goes to another without a visit to JavaScript, as long as
//! JavaScript confirms that nobody there would have seen it.

use std::time::Instant;

use super::Core;
use crate::error::{Errno, Result};
use crate::event::Key;
use crate::runtime::{Interest, Ready};
use crate::stream::{Moved, READ_STEP};
use crate::sys::splice::SplicePipe;

impl Core {
    /// Sends what `source` receives to `target` from here on; each step has to be confirmed.
    ///
    /// # Errors
    /// `EBADF` where one of them is closed.
    pub fn start_relay(&mut self, source: Key, target: Key) -> Result<()> {
        if self.entries.get(target).is_none() {
            return Err(Errno::BADF);
        }
        self.verb(source, |handle, _, _| {
            handle.relay_to(Some(target));
            Ok(())
        })
    }

    /// The sources that [`Self::collect`] has put aside.
    pub fn relays(&self) -> &[Key] {
        &self.relays
    }

    /// Moves one step of each relay that was put aside and is confirmed; the others are ended, and
    /// read for JavaScript. `is_confirmed` is asked by the place in [`Self::relays`].
    pub fn relay(&mut self, is_confirmed: impl Fn(usize) -> bool, slab: &mut [u8]) {
        let mut keys = std::mem::take(&mut self.relays);
        let now = Instant::now();
        for (place, &key) in keys.iter().enumerate() {
            if !is_confirmed(place) {
                self.end_relay(key);
            }
            // Each step may bring an event, and bytes for it.
            if self.queue.is_full() || slab.len() - self.slab_used < READ_STEP {
                self.read_again(key);
            } else if !self.relay_one(key, now, slab) {
                self.end_relay(key);
                self.serve(readable(key), slab);
            }
        }
        keys.clear();
        self.relays = keys;
    }

    fn read_again(&self, key: Key) {
        if let Some(entry) = self.entries.get(key) {
            entry.handle.read_again();
        }
    }

    fn end_relay(&mut self, key: Key) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.handle.relay_to(None);
        }
    }

    /// False where JavaScript has to do it.
    fn relay_one(&mut self, key: Key, now: Instant, slab: &mut [u8]) -> bool {
        let target_key = self
            .entries
            .get(key)
            .and_then(|source| source.handle.relay_target());
        if let Some(target_key) = target_key {
            self.take_back(target_key);
        }
        let offset = u32::try_from(self.slab_used).unwrap_or(0);
        let room = &mut slab[self.slab_used..];
        let pair = self.entries.get(key).and_then(|source| {
            let target_key = target_key?;
            Some((source, self.entries.get(target_key)?, target_key))
        });
        let Some((source, target, target_key)) = pair else {
            return false;
        };
        let pipe = if source.handle.wants_pipe(&target.handle) {
            self.splice_pipe.get()
        } else {
            None
        };
        let Some(moved) = source.handle.relay_step(&target.handle, pipe, room) else {
            return false;
        };
        match moved {
            Moved::All(sent) | Moved::Part { sent, .. } => self.counters.note_relayed(sent),
            Moved::Lost(_) => self.splice_pipe.discard(),
            // What the thread that sends has met comes before an end.
            Moved::End(_) => self.take_back(key),
            Moved::Nothing => {}
        }
        if let Some(target) = self.entries.get_mut(target_key) {
            target
                .handle
                .after_relayed_write(&moved, now, &mut self.queue);
        }
        if let Some(source) = self.entries.get_mut(key) {
            let used = source
                .handle
                .after_relay(&moved, offset, now, &mut self.queue);
            self.use_slab(used);
        }
        self.recount_of(key);
        true
    }
}

/// The pipe of all relays of an environment, opened when one first asks for it.
#[derive(Debug, Default)]
pub(super) enum SharedPipe {
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
