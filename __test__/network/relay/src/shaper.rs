//! Decides what becomes of each packet, and when it leaves.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

/// More packets than this in one direction are dropped, as by any router.
const MOST_QUEUED: usize = 100_000;

/// How a network treats the packets of one direction and one address family.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Profile {
    /// In milliseconds: the time of each packet, and the most that chance adds to it. The order stays.
    pub delay: f64,
    pub jitter: f64,
    /// From 0 to 1: how many packets are lost, sent twice, and overtaken by those behind them.
    pub loss: f64,
    pub duplicate: f64,
    pub reorder: f64,
    /// Every packet disappears.
    pub hole: bool,
}

impl Profile {
    /// Sets what `NAME=VALUE` says. Returns false where that says nothing.
    pub fn set(&mut self, assignment: &str) -> bool {
        let Some((name, value)) = assignment.split_once('=') else {
            return false;
        };
        let Ok(value) = value.parse::<f64>() else {
            return false;
        };
        match name {
            "delay" => self.delay = value,
            "jitter" => self.jitter = value,
            "loss" => self.loss = value,
            "duplicate" => self.duplicate = value,
            "reorder" => self.reorder = value,
            "hole" => self.hole = value != 0.0,
            _ => return false,
        }
        value.is_finite() && value >= 0.0
    }
}

/// How long a packet that others overtake is held, beyond its delay.
const HELD: Duration = Duration::from_millis(8);

/// What became of packets.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub seen: u64,
    pub lost: u64,
    pub duplicated: u64,
    pub reordered: u64,
}

/// A packet on its way.
#[derive(Debug)]
struct Waiting {
    due: Instant,
    /// Keeps the order of those that are due at the same time.
    number: u64,
    packet: Vec<u8>,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.due, self.number).cmp(&(other.due, other.number))
    }
}

/// One direction of a network.
#[derive(Debug)]
pub struct Shaper {
    /// Of IPv4 and IPv6.
    pub profiles: [Profile; 2],
    pub counts: Counts,
    waiting: BinaryHeap<Reverse<Waiting>>,
    /// When the last packet of each family that keeps the order is due.
    last_due: [Option<Instant>; 2],
    number: u64,
    state: u64,
}

impl Shaper {
    /// Makes a network that does nothing to its packets, with chances by `seed`.
    pub fn new(seed: u64) -> Self {
        Self {
            profiles: [Profile::default(); 2],
            counts: Counts::default(),
            waiting: BinaryHeap::new(),
            last_due: [None; 2],
            number: 0,
            state: seed,
        }
    }

    /// Takes a packet that came in at `now`.
    pub fn take(&mut self, packet: &[u8], now: Instant) {
        let family = usize::from(packet.first().is_some_and(|byte| byte >> 4 == 6));
        let profile = self.profiles[family];
        self.counts.seen += 1;
        // Each packet draws the same chances, whatever the profile is.
        let [loss, duplicate, reorder, jitter] = [(); 4].map(|()| self.chance());
        if profile.hole || loss < profile.loss || self.waiting.len() >= MOST_QUEUED {
            self.counts.lost += 1;
            return;
        }
        let delay = (profile.delay + jitter * profile.jitter) / 1000.0;
        let due = now + Duration::from_secs_f64(delay);
        if reorder < profile.reorder {
            self.counts.reordered += 1;
            self.push(packet, due + HELD);
            return;
        }
        let due = self.last_due[family].map_or(due, |last| last.max(due));
        self.last_due[family] = Some(due);
        self.push(packet, due);
        if duplicate < profile.duplicate {
            self.counts.duplicated += 1;
            self.push(packet, due);
        }
    }

    /// Drops everything that is on its way.
    pub fn clear(&mut self) {
        self.counts.lost += self.waiting.len() as u64;
        self.waiting.clear();
        self.last_due = [None; 2];
    }

    /// Returns when the next packet leaves.
    pub fn next_due(&self) -> Option<Instant> {
        self.waiting.peek().map(|Reverse(next)| next.due)
    }

    /// Returns the next packet that has to leave by `now`.
    pub fn next(&mut self, now: Instant) -> Option<Vec<u8>> {
        if self.next_due()? > now {
            return None;
        }
        self.waiting.pop().map(|Reverse(next)| next.packet)
    }

    fn push(&mut self, packet: &[u8], due: Instant) {
        self.number += 1;
        self.waiting.push(Reverse(Waiting {
            due,
            number: self.number,
            packet: packet.to_vec(),
        }));
    }

    /// Returns a number from 0 to 1, by SplitMix64.
    fn chance(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        f64::from(u32::try_from(bits >> 32).unwrap_or(0)) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4: u8 = 0x45;

    fn all(shaper: &mut Shaper, by: Instant) -> Vec<u8> {
        std::iter::from_fn(|| shaper.next(by))
            .map(|packet| packet[1])
            .collect()
    }

    fn played(seed: u64, assignments: &[&str]) -> Vec<u8> {
        let mut shaper = Shaper::new(seed);
        for each in assignments {
            assert!(shaper.profiles[0].set(each));
        }
        let now = Instant::now();
        for number in 0..200 {
            let at = now + Duration::from_millis(number.into());
            shaper.take(&[V4, number], at);
        }
        all(&mut shaper, now + Duration::from_secs(60))
    }

    #[test]
    fn jitter_keeps_the_order_and_nothing_is_lost() {
        let everything: Vec<u8> = (0..200).collect();
        assert_eq!(played(1, &["delay=50", "jitter=30"]), everything);
    }

    #[test]
    fn a_seed_repeats_what_happened() {
        let bad = ["loss=0.1", "reorder=0.1", "duplicate=0.1"];
        let first = played(7, &bad);
        assert_eq!(played(7, &bad), first);
        assert_ne!(played(8, &bad), first);
        let mut sorted = first.clone();
        sorted.sort_unstable();
        assert_ne!(sorted, first);
        sorted.dedup();
        assert!(sorted.len() < 200 && first.len() > sorted.len());
    }

    #[test]
    fn a_family_has_a_profile_of_its_own() {
        let mut shaper = Shaper::new(1);
        assert!(shaper.profiles[1].set("hole=1"));
        let now = Instant::now();
        shaper.take(&[V4, 1], now);
        shaper.take(&[0x60, 2], now);
        assert_eq!(all(&mut shaper, now), [1]);
        assert_eq!(shaper.counts.lost, 1);
    }

    #[test]
    fn nothing_leaves_before_its_time() {
        let mut shaper = Shaper::new(1);
        assert!(shaper.profiles[0].set("delay=300"));
        assert!(!shaper.profiles[0].set("speed=1"));
        assert!(!shaper.profiles[0].set("delay"));
        let now = Instant::now();
        shaper.take(&[V4, 1], now);
        assert_eq!(all(&mut shaper, now + Duration::from_millis(299)), []);
        assert_eq!(all(&mut shaper, now + Duration::from_millis(300)), [1]);
    }
}
