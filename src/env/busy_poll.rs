//! Looking for more right after a loop iteration that found something, instead of sleeping. An answer
//! that comes within microseconds is then served without the kernel putting the thread to sleep.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// Longest busy-poll: timers and other handles wait for the loop meanwhile.
const LONGEST: Duration = Duration::from_millis(1);
/// Longest busy-poll while every look finds work: a loop with work does not sleep anyway, and its
/// timers are due.
const BUSY: Duration = Duration::from_micros(250);
/// Fruitless looks in a row before backing off.
const PATIENCE: u32 = 8;
/// After backing off, probes once every so many iterations.
const PROBE: u32 = 32;

/// The policy of one environment.
#[derive(Debug)]
pub struct BusyPoll {
    limit: Duration,
    /// Fruitless looks since the last that found something, and iterations left out after those.
    misses: Cell<u32>,
}

impl BusyPoll {
    /// Looks for up to `microseconds` after the last find; none for 0. Values above 1,000 count as
    /// 1,000.
    pub fn new(microseconds: u32) -> Option<Self> {
        (microseconds > 0).then(|| Self {
            limit: Duration::from_micros(microseconds.into()).min(LONGEST),
            misses: Cell::new(0),
        })
    }

    /// Calls `serve`, which returns whether it found something, until it finds nothing for the time
    /// allowed, the loop has waited long enough, or `may_stay` returns false.
    pub fn run(&self, may_stay: impl Fn() -> bool, mut serve: impl FnMut() -> bool) {
        let misses = self.misses.get();
        if misses >= PATIENCE && !misses.is_multiple_of(PROBE) {
            self.misses.set(misses.wrapping_add(1).max(PATIENCE));
            return;
        }
        let start = Instant::now();
        let mut last_find = start;
        let mut found = false;
        while may_stay() {
            let is_find = serve();
            let now = Instant::now();
            if is_find {
                found = true;
                last_find = now;
            }
            let longest = if is_find { BUSY } else { LONGEST };
            if now - last_find >= self.limit || now - start >= longest {
                break;
            }
            std::hint::spin_loop();
        }
        self.misses.set(if found { 0 } else { misses + 1 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_means_off() {
        assert!(BusyPoll::new(0).is_none());
    }

    #[test]
    fn it_ends_although_there_is_always_more() {
        let policy = BusyPoll::new(50).unwrap();
        let mut looks = 0;
        policy.run(
            || true,
            || {
                looks += 1;
                true
            },
        );
        assert!(looks > 0);
    }

    #[test]
    fn it_does_not_look_while_the_loop_is_waited_for() {
        let policy = BusyPoll::new(50).unwrap();
        policy.run(|| false, || panic!("looked"));
    }

    #[test]
    fn it_gives_up_where_nothing_ever_comes() {
        let policy = BusyPoll::new(1).unwrap();
        let mut looks = 0;
        for _ in 0..1000 {
            let mut looked = false;
            policy.run(
                || true,
                || {
                    looked = true;
                    false
                },
            );
            looks += u32::from(looked);
        }
        assert!(looks < 100, "{looks} of 1000");
        assert!(looks > PATIENCE, "it tries again now and then");
    }
}
