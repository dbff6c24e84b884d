//! The ring: numbers in memory that JavaScript shares, by which a batch of events goes up and relays are
//! confirmed. It is seen as cells: JavaScript reads and writes it between any two calls.

use std::cell::Cell;

use super::core::BATCH;
use crate::event::{Event, Key};

/// Where the number of events, or of relays, stands.
pub const COUNT: usize = 0;
/// Where the number of events that have been delivered stands.
pub const CURSOR: usize = 1;
/// Numbers in front of the events.
pub const HEADER: usize = 2;
/// Numbers of one event: slot, kind, and its two arguments.
pub const WORDS: usize = 4;
/// Numbers of a whole ring.
pub const LENGTH: usize = HEADER + BATCH * WORDS;
/// What JavaScript puts in the place of a relay that it confirms. No slot is negative.
pub const CONFIRMED: i32 = -1;

/// A view of the ring.
#[derive(Clone, Copy, Debug)]
pub struct Ring<'a>(&'a [Cell<i32>; LENGTH]);

impl<'a> Ring<'a> {
    pub fn new(memory: &'a [Cell<i32>; LENGTH]) -> Self {
        Self(memory)
    }

    /// Writes the event at `index` of the next batch.
    ///
    /// # Panics
    /// Where `index` is not below [`BATCH`].
    pub fn put(self, index: usize, event: &Event) {
        let start = HEADER + index * WORDS;
        let [slot, kind, a, b] = &self.0[start..start + WORDS] else {
            return;
        };
        slot.set(event.key.slot());
        kind.set(event.kind.number());
        a.set(event.a);
        b.set(event.b.cast_signed());
    }

    /// Begins a batch of `count` events.
    pub fn begin(self, count: usize) {
        self.set_count(count);
        self.0[CURSOR].set(0);
    }

    /// True when every event of the batch has been delivered.
    pub fn is_delivered(self) -> bool {
        self.0[CURSOR].get() >= self.0[COUNT].get()
    }

    /// Writes the source of one relay that is to be confirmed, between two batches.
    ///
    /// # Panics
    /// Where `index` is not below [`BATCH`].
    pub fn ask(self, index: usize, source: Key) {
        self.0[HEADER + index].set(source.slot());
    }

    /// Sets the number of events or relays.
    pub fn set_count(self, count: usize) {
        self.0[COUNT].set(i32::try_from(count).unwrap_or(i32::MAX));
    }

    /// True when JavaScript has confirmed the relay at `index`.
    ///
    /// # Panics
    /// Where `index` is not below [`BATCH`].
    pub fn is_confirmed(self, index: usize) -> bool {
        self.0[HEADER + index].get() == CONFIRMED
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Kind;

    fn memory() -> Box<[Cell<i32>; LENGTH]> {
        Box::new([const { Cell::new(0) }; LENGTH])
    }

    #[test]
    fn a_ring_holds_a_whole_batch() {
        let memory = memory();
        let ring = Ring::new(&memory);
        let event = Event {
            key: Key::new(7, 3),
            kind: Kind::Read,
            a: 5,
            b: u32::MAX,
        };
        ring.put(BATCH - 1, &event);
        let words: Vec<i32> = memory[LENGTH - WORDS..].iter().map(Cell::get).collect();
        assert_eq!(words, [7, Kind::Read.number(), 5, -1]);
    }

    #[test]
    #[should_panic(expected = "out of range")]
    fn no_event_is_written_beyond_the_ring() {
        let event = Event::new(Key::new(1, 0), Kind::Closed, 0);
        Ring::new(&memory()).put(BATCH, &event);
    }

    #[test]
    fn a_batch_is_delivered_when_the_cursor_is_at_its_end() {
        let memory = memory();
        let ring = Ring::new(&memory);
        ring.begin(2);
        assert!(!ring.is_delivered());
        memory[CURSOR].set(1);
        assert!(!ring.is_delivered());
        memory[CURSOR].set(2);
        assert!(ring.is_delivered());
        ring.begin(1);
        assert!(!ring.is_delivered());
    }

    #[test]
    fn javascript_confirms_in_the_place_of_the_question() {
        let memory = memory();
        let ring = Ring::new(&memory);
        ring.ask(0, Key::new(4, 1));
        ring.ask(1, Key::new(5, 1));
        ring.set_count(2);
        assert_eq!(memory[COUNT].get(), 2);
        memory[HEADER + 1].set(CONFIRMED);
        assert!(!ring.is_confirmed(0));
        assert!(ring.is_confirmed(1));
    }
}
