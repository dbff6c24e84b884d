//! The facts that travel from the sockets up to JavaScript.

/// Names one handle of an environment: a slot and a generation, so that a stale fact never reaches a
/// slot that has been given to another handle. No key comes round: a slot that has had all of its
/// generations is not given away again.
///
/// JavaScript knows a handle by its slot alone. That is enough there: a slot is given away again only
/// after the last event of its handle was delivered, and a closed handle names no slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    slot: u32,
    generation: u32,
}

impl Key {
    /// Slots an environment can have at once.
    pub const SLOTS: u32 = 1 << 20;
    pub const LAST_GENERATION: u32 = u32::MAX;
    /// What JavaScript has in place of the slot of a handle that is closed.
    pub const NO_SLOT: i32 = -1;
    /// The last slot is never given away: what is not a handle is watched under this key.
    pub const NOBODY: Self = Self::new(Self::SLOTS - 1, 0);

    pub const fn new(slot: u32, generation: u32) -> Self {
        Self { slot, generation }
    }

    /// Returns the slot, as JavaScript knows it.
    pub const fn slot(self) -> i32 {
        self.slot.cast_signed()
    }

    pub const fn index(self) -> usize {
        self.slot as usize
    }
}

/// What happened to a handle. JavaScript is handed the numbers: see [`Self::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Kind {
    /// `a` bytes were read, at offset `b` of the read slab.
    Read = 0,
    /// Reading ended: `a` is `UV_EOF` or a negative errno.
    ReadEnd = 1,
    /// A listener accepted: `a` is the slot of the new handle.
    Connection = 2,
    /// A listener failed to accept: `a` is a negative errno.
    AcceptFailed = 3,
    /// A connect request finished with status `a`.
    Connected = 4,
    /// There is room for what JavaScript holds back.
    Writable = 5,
    /// The shutdown request finished with status `a`.
    Shutdown = 6,
    /// The handle is closed: the last fact about it.
    Closed = 7,
    /// Bytes that were already reported as written could not be sent: `a` is a negative errno.
    FlushFailed = 8,
    /// There is something to read into a buffer that JavaScript has to name.
    Readable = 9,
}

impl Kind {
    /// All kinds, by the names that JavaScript has them under.
    pub const ALL: [(&'static str, Self); 10] = [
        ("READ", Self::Read),
        ("READ_END", Self::ReadEnd),
        ("CONNECTION", Self::Connection),
        ("ACCEPT_FAILED", Self::AcceptFailed),
        ("CONNECTED", Self::Connected),
        ("WRITABLE", Self::Writable),
        ("SHUTDOWN", Self::Shutdown),
        ("CLOSED", Self::Closed),
        ("FLUSH_FAILED", Self::FlushFailed),
        ("READABLE", Self::Readable),
    ];

    /// Returns the number that JavaScript sees.
    pub const fn number(self) -> i32 {
        self as i32
    }
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
        assert_eq!(key.slot(), 77);
        assert_ne!(key, Key::new(77, 6));
    }

    #[test]
    fn every_kind_has_a_number_and_a_name_of_its_own() {
        for (place, (name, kind)) in (0..).zip(Kind::ALL) {
            assert_eq!(kind.number(), place, "{name}");
            let same = |&&(other, _): &&(&str, Kind)| other == name;
            assert_eq!(Kind::ALL.iter().filter(same).count(), 1);
        }
    }
}
