//! The handles of one environment, by key.

use std::collections::VecDeque;

use crate::error::{Errno, Result};
use crate::event::Key;

/// Values under keys that carry a generation. The slot that has been free longest is reused first.
#[derive(Debug)]
pub struct Slots<T> {
    entries: Vec<Entry<T>>,
    free: VecDeque<u32>,
}

#[derive(Debug)]
struct Entry<T> {
    generation: u32,
    state: State<T>,
}

#[derive(Debug)]
enum State<T> {
    Free,
    Live(T),
    /// The value is gone; the key still names the slot until its last event was delivered.
    Retired,
}

/// Slots that stay free before the first one is used again.
const REUSE_DISTANCE: usize = 64;

impl<T> Slots<T> {
    pub fn new() -> Self {
        Self {
            entries: Vec::new(),
            free: VecDeque::new(),
        }
    }

    /// Puts the value that `make` builds from its key into a free slot.
    ///
    /// # Errors
    /// `ENFILE` where all slots are taken.
    pub fn insert(&mut self, make: impl FnOnce(Key) -> T) -> Result<Key> {
        let index = self.free_index()?;
        let entry = &mut self.entries[index as usize];
        let key = Key::new(index, entry.generation);
        entry.state = State::Live(make(key));
        Ok(key)
    }

    fn free_index(&mut self) -> Result<u32> {
        let fresh = u32::try_from(self.entries.len()).unwrap_or(Key::SLOTS);
        if self.free.len() > REUSE_DISTANCE || fresh >= Key::SLOTS - 1 {
            if let Some(index) = self.free.pop_front() {
                return Ok(index);
            }
        }
        if fresh >= Key::SLOTS - 1 {
            return Err(Errno::NFILE);
        }
        self.entries.push(Entry {
            generation: 0,
            state: State::Free,
        });
        Ok(fresh)
    }

    pub fn get(&self, key: Key) -> Option<&T> {
        let entry = self.entries.get(key.index())?;
        let current = u32::try_from(key.index()).ok()?;
        match &entry.state {
            State::Live(value) if Key::new(current, entry.generation) == key => Some(value),
            _ => None,
        }
    }

    /// Returns the key of what lives in a slot, or one that names nothing.
    pub fn key_of(&self, slot: u32) -> Key {
        match self.entries.get(slot as usize) {
            Some(Entry {
                generation,
                state: State::Live(_),
            }) => Key::new(slot, *generation),
            _ => Key::NOBODY,
        }
    }

    pub fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        match self.entry(key) {
            Some(Entry {
                state: State::Live(value),
                ..
            }) => Some(value),
            _ => None,
        }
    }

    /// Takes the value out; the slot waits for [`Self::release`].
    pub fn retire(&mut self, key: Key) -> Option<T> {
        let entry = self.entry(key)?;
        match std::mem::replace(&mut entry.state, State::Retired) {
            State::Live(value) => Some(value),
            other => {
                entry.state = other;
                None
            }
        }
    }

    /// Frees a retired slot: nothing will name this key any more.
    pub fn release(&mut self, key: Key) {
        if let Some(entry) = self.entry(key) {
            if matches!(entry.state, State::Retired) {
                entry.state = State::Free;
                // One that has had them all stays free for ever: its keys would come round.
                if entry.generation < Key::LAST_GENERATION {
                    entry.generation += 1;
                    self.free.push_back(u32::try_from(key.index()).unwrap_or(0));
                }
            }
        }
    }

    /// Everything that is live.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().filter_map(|entry| match &entry.state {
            State::Live(value) => Some(value),
            State::Free | State::Retired => None,
        })
    }

    /// Takes out everything that is live.
    pub fn drain(&mut self) -> Vec<T> {
        self.free.clear();
        self.entries
            .drain(..)
            .filter_map(|entry| match entry.state {
                State::Live(value) => Some(value),
                State::Free | State::Retired => None,
            })
            .collect()
    }

    fn entry(&mut self, key: Key) -> Option<&mut Entry<T>> {
        let entry = self.entries.get_mut(key.index())?;
        let current = u32::try_from(key.index()).ok()?;
        (Key::new(current, entry.generation) == key).then_some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_key_never_reaches_the_next_value() {
        let mut slots = Slots::new();
        let first = slots.insert(|_| "first").unwrap();
        assert_eq!(slots.retire(first), Some("first"));
        assert_eq!(slots.retire(first), None);
        slots.release(first);
        let keys: Vec<Key> = (0..200)
            .map(|_| {
                let key = slots.insert(|_| "other").unwrap();
                slots.retire(key);
                slots.release(key);
                key
            })
            .collect();
        assert!(!keys.contains(&first));
        assert!(slots.get_mut(first).is_none());
    }

    #[test]
    fn a_key_does_not_come_round_with_its_slot() {
        let mut slots = Slots::new();
        let first = slots.insert(|_| 0).unwrap();
        slots.retire(first);
        slots.release(first);
        let mut reused = false;
        // More than 2^11 generations of each slot; Miri takes too long for that.
        for round in 1..if cfg!(miri) { 500 } else { 300_000 } {
            let key = slots.insert(|_| round).unwrap();
            reused |= key.slot() == first.slot();
            assert_ne!(key, first);
            slots.retire(key);
            slots.release(key);
        }
        assert!(reused);
        assert_eq!(slots.get(first), None);
    }

    #[test]
    fn a_slot_that_has_had_all_generations_is_not_given_away_again() {
        let mut slots = Slots::new();
        slots.insert(|_| 0).unwrap();
        slots.entries[0].generation = Key::LAST_GENERATION;
        let last = slots.key_of(0);
        slots.retire(last);
        slots.release(last);
        for round in 0..300 {
            let key = slots.insert(|_| round).unwrap();
            assert_ne!(key.slot(), last.slot());
            slots.retire(key);
            slots.release(key);
        }
    }

    #[test]
    fn a_slot_names_what_lives_in_it() {
        let mut slots = Slots::new();
        let key = slots.insert(|_| 1).unwrap();
        assert_eq!(slots.key_of(0), key);
        assert_eq!(slots.key_of(u32::MAX), Key::NOBODY);
        slots.retire(key);
        assert_eq!(slots.key_of(0), Key::NOBODY);
        assert_eq!(slots.get(Key::NOBODY), None);
    }

    #[test]
    fn a_retired_slot_is_not_reused_before_its_release() {
        let mut slots = Slots::new();
        let key = slots.insert(|_| 1).unwrap();
        slots.retire(key);
        for _ in 0..300 {
            let other = slots.insert(|_| 2).unwrap();
            assert_ne!(other.index(), key.index());
        }
    }
}
