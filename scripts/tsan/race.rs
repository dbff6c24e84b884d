//! A race on purpose, by which `scripts/tsan.js` knows that races are reported.

use std::cell::UnsafeCell;

struct Racy(UnsafeCell<u32>);

// SAFETY: it is not; that is the point.
unsafe impl Sync for Racy {}

static RACY: Racy = Racy(UnsafeCell::new(0));

fn add() {
    for _ in 0..1000 {
        // SAFETY: as above.
        unsafe { *RACY.0.get() += 1 };
    }
}

fn main() {
    let other = std::thread::spawn(add);
    add();
    let _ = other.join();
}
