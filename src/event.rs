//! The facts that travel from the sockets up to JavaScript.

/// Names one handle of an environment: a slot index and a generation, so that a stale fact never
/// reaches a slot that has been given to another handle. Fits a non-negative `i32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(u32);

impl Key {
    /// Slots an environment can have at once.
    pub const SLOTS: u32 = 1 << Self::INDEX_BITS;
    /// The last slot is never given away: what is not a handle is watched under this key.
    pub const NOBODY: Self = Self::new(Self::SLOTS - 1, 0);
    const INDEX_BITS: u32 = 20;
    const GENERATIONS: u32 = 1 << 11;

    /// The key of `index` in its `generation` (taken modulo the generations that fit).
    pub const fn new(index: u32, generation: u32) -> Self {
        Self((index % Self::SLOTS) | ((generation % Self::GENERATIONS) << Self::INDEX_BITS))
    }

    /// A key as JavaScript handed it back.
    pub const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    pub const fn raw(self) -> u32 {
        self.0
    }

    pub const fn index(self) -> usize {
        (self.0 % Self::SLOTS) as usize
    }
}

/// What happened to a handle. The numbers are shared with `lib/handle.js`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// `a` bytes were read, at offset `b` of the read slab.
    Read = 0,
    /// Reading ended: `a` is `UV_EOF` or a negative errno.
    ReadEnd = 1,
    /// A listener accepted: `a` is the key of the new handle.
    Connection = 2,
    /// A listener failed to accept: `a` is a negative errno.
    AcceptFailed = 3,
    /// A connect request finished with status `a`.
    Connected = 4,
    /// The oldest pending write request finished with status `a`.
    Written = 5,
    /// The shutdown request finished with status `a`.
    Shutdown = 6,
    /// The handle is closed: the last fact about it.
    Closed = 7,
    /// Bytes that were already reported as written could not be sent: `a` is a negative errno.
    FlushFailed = 8,
}

/// One fact about one handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    pub key: Key,
    pub kind: Kind,
    pub a: i32,
    pub b: u32,
}

impl Event {
    pub const fn new(key: Key, kind: Kind, a: i32) -> Self {
        Self { key, kind, a, b: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_keeps_index_and_generation_apart() {
        let key = Key::new(77, 5);
        assert_eq!(key.index(), 77);
        assert_ne!(key, Key::new(77, 6));
    }

    #[test]
    fn the_largest_key_is_a_positive_i32() {
        let key = Key::new(Key::SLOTS - 1, u32::MAX);
        assert!(i32::try_from(key.raw()).is_ok());
    }
}
