//! Hashing of addresses. Keys are four or sixteen bytes, so the standard hash costs more than the
//! lookup itself.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

/// A map whose keys are addresses as numbers.
pub type AddressMap<K, V> = HashMap<K, V, AddressHash>;

/// An odd multiplier without a pattern in its bits: 2^64 divided by the golden ratio.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Creates the hashers of one map. Each map has its own secret, so that an attacker cannot choose
/// addresses that collide.
#[derive(Clone)]
pub struct AddressHash {
    secret: u64,
}

impl Default for AddressHash {
    fn default() -> Self {
        Self {
            secret: RandomState::new().hash_one(SPREAD),
        }
    }
}

impl BuildHasher for AddressHash {
    type Hasher = AddressHasher;

    fn build_hasher(&self) -> AddressHasher {
        AddressHasher { state: self.secret }
    }
}

/// Mixes a key into its state, one word at a time.
pub struct AddressHasher {
    state: u64,
}

impl AddressHasher {
    fn fold(&mut self, word: u64) {
        let mixed = (self.state ^ word).wrapping_mul(SPREAD);
        self.state = (mixed ^ (mixed >> 32))
            .wrapping_mul(self.state | 1)
            .rotate_left(23);
    }
}

impl Hasher for AddressHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(size_of::<u64>()) {
            let mut word = [0; size_of::<u64>()];
            for (to, from) in word.iter_mut().zip(chunk) {
                *to = *from;
            }
            self.fold(u64::from_ne_bytes(word));
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.fold(u64::from(value));
    }

    fn finish(&self) -> u64 {
        self.state ^ (self.state >> 29)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn one_map_hashes_a_key_always_alike() {
        let hash = AddressHash::default();
        assert_eq!(hash.hash_one(7_u32), hash.hash_one(7_u32));
        assert_ne!(hash.hash_one(7_u128), hash.hash_one(7_u128 << 64));
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes minutes, and is about numbers alone")]
    fn neighbours_spread_over_the_low_and_the_high_bits() {
        let hash = AddressHash::default();
        for shift in [0, 8, 16, 20] {
            let hashes = (0..4096_u32).map(|n| hash.hash_one(n << shift));
            let low: HashSet<u64> = hashes.clone().map(|hash| hash & 0xffff).collect();
            let high: HashSet<u64> = hashes.map(|hash| hash >> 57).collect();
            assert!(low.len() > 3500, "{} of 4096 at {shift}", low.len());
            assert!(high.len() > 100, "{} of 128 at {shift}", high.len());
        }
    }
}
