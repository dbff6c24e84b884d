//! How much is served in one loop iteration, and who is served first.

use crate::runtime::First;
use crate::stream::READ_STEP;

/// The most batches in one loop iteration; timers and other handles come after them.
pub const ITERATION_BATCHES: usize = 4;

/// Divides a loop iteration into batches, and the read slab among the reads of a batch.
#[derive(Debug, Default)]
pub struct Scheduler {
    /// Batches that this iteration has begun.
    batches: usize,
    /// Bytes that this iteration has read.
    bytes_read: usize,
    /// Bytes of the slab that this batch has filled.
    slab_used: usize,
}

impl Scheduler {
    /// Begins a loop iteration.
    pub fn begin_iteration(&mut self) {
        self.batches = 0;
        self.bytes_read = 0;
    }

    /// True when this iteration has read more than one socket may at once.
    pub fn has_read_much(&self) -> bool {
        self.bytes_read > READ_STEP
    }

    /// Begins a batch, and returns which queue of the ready set is served first. The light ones are,
    /// but the heavy ones are sure of one batch in each iteration.
    pub fn begin_batch(&mut self) -> First {
        self.slab_used = 0;
        self.batches += 1;
        if self.batches == ITERATION_BATCHES {
            First::Heavy
        } else {
            First::Light
        }
    }

    /// True when the slab has room for another read.
    pub fn has_room(&self, slab: &[u8]) -> bool {
        slab.len() - self.slab_used >= READ_STEP
    }

    /// Returns where the next read begins in the slab.
    pub fn offset(&self) -> u32 {
        u32::try_from(self.slab_used).unwrap_or(0)
    }

    /// Returns the room of one read.
    pub fn room<'slab>(&self, slab: &'slab mut [u8]) -> &'slab mut [u8] {
        &mut slab[self.slab_used..self.slab_used + READ_STEP]
    }

    /// Returns all room that is left.
    pub fn all_room<'slab>(&self, slab: &'slab mut [u8]) -> &'slab mut [u8] {
        &mut slab[self.slab_used..]
    }

    /// Notes a read of `used` bytes. Reads begin at multiples of eight, for copies that are aligned.
    pub fn use_slab(&mut self, used: usize) {
        self.slab_used += used.next_multiple_of(8);
        self.bytes_read += used;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heavy_are_served_first_in_the_last_batch() {
        let mut scheduler = Scheduler::default();
        for _ in 0..2 {
            scheduler.begin_iteration();
            for _ in 1..ITERATION_BATCHES {
                assert_eq!(scheduler.begin_batch(), First::Light);
            }
            assert_eq!(scheduler.begin_batch(), First::Heavy);
        }
    }

    #[test]
    fn reads_share_the_slab_and_begin_aligned() {
        let mut slab = vec![0; 2 * READ_STEP];
        let mut scheduler = Scheduler::default();
        scheduler.begin_batch();
        assert!(scheduler.has_room(&slab));
        scheduler.use_slab(13);
        assert_eq!(scheduler.offset(), 16);
        assert_eq!(scheduler.room(&mut slab).len(), READ_STEP);
        assert_eq!(scheduler.all_room(&mut slab).len(), 2 * READ_STEP - 16);
        scheduler.use_slab(READ_STEP);
        assert!(!scheduler.has_room(&slab));
        scheduler.begin_batch();
        assert!(scheduler.has_room(&slab));
        assert_eq!(scheduler.offset(), 0);
    }

    #[test]
    fn an_iteration_that_reads_more_than_a_step_has_read_much() {
        let mut scheduler = Scheduler::default();
        scheduler.begin_batch();
        scheduler.use_slab(READ_STEP);
        assert!(!scheduler.has_read_much());
        scheduler.begin_batch();
        scheduler.use_slab(1);
        assert!(scheduler.has_read_much());
        scheduler.begin_iteration();
        assert!(!scheduler.has_read_much());
    }
}
