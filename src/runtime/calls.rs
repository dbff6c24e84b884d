//! How often the kernel was asked: plain integers of the JavaScript thread.

use std::cell::Cell;

/// Counts of one reactor's system calls, over all of its sources.
#[derive(Debug, Default)]
pub struct Calls {
    pub polls: Count,
    pub accepts: Count,
    pub reads: Count,
    pub writes: Count,
}

/// A number that only goes up.
#[derive(Debug, Default)]
pub struct Count(Cell<u64>);

impl Count {
    pub fn add(&self, more: u64) {
        self.0.set(self.0.get().wrapping_add(more));
    }

    pub fn get(&self) -> u64 {
        self.0.get()
    }
}
