//! Events that the native side reports to JavaScript.

/// Identifies one handle of an environment: a slot and the slot's generation. The generation keeps
/// a stale event from reaching a later handle in the same slot. A key is never reused: a slot whose
/// generations are used up is retired.
///
/// JavaScript identifies a handle by its slot alone. That is safe: a slot is reused only after the
/// last event of its handle was delivered, and a closed handle passes no slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    slot: u32,
    generation: u32,
}

impl Key {
    /// Upper bound on the slots of one environment.
    pub const SLOTS: u32 = 1 << 20;
    pub const LAST_GENERATION: u32 = u32::MAX;
    /// What JavaScript has in place of the slot of a handle that is closed.
    pub const NO_SLOT: i32 = -1;
    /// The key of no handle: that of registrations that are not handles, and of slots not in use.
    /// Its slot, the last one, is never allocated.
    pub const NOBODY: Self = Self::new(Self::SLOTS - 1, 0);

    pub const fn new(slot: u32, generation: u32) -> Self {
        Self { slot, generation }
    }

    /// Returns the slot number that JavaScript uses.
    pub const fn slot(self) -> i32 {
        self.slot.cast_signed()
    }

    pub const fn index(self) -> usize {
        self.slot as usize
    }
}

/// The kind of an event. `lib/handle/dispatch.js` uses the same numbers.
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
    /// A connect request completed with status `a`, zero or a negative errno.
    Connected = 4,
    /// The socket can take more of the bytes that JavaScript still holds.
    Writable = 5,
    /// A shutdown request completed with status `a`, zero or a negative errno.
    Shutdown = 6,
    /// The handle is closed; this is its last event.
    Closed = 7,
    /// Bytes already reported as written could not be sent: `a` is a negative errno.
    FlushFailed = 8,
    /// Data is available, and JavaScript must supply the buffer to read it into: one of `a` bytes,
    /// unless the program has named one.
    Readable = 9,
    /// A listener has refused the connection in slot `a` for its PROXY header: `b` is the number of a
    /// [`Refusal`](crate::net::Refusal). JavaScript closes it.
    Refused = 10,
    /// As `Read`, and descriptors came with the bytes: they wait at the handle.
    ReadDescriptors = 11,
}

impl Kind {
    /// All kinds, by the names that JavaScript has them under.
    pub const ALL: [(&'static str, Self); 12] = [
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
        ("REFUSED", Self::Refused),
        ("READ_DESCRIPTORS", Self::ReadDescriptors),
    ];

    /// Returns the number that JavaScript sees.
    pub const fn number(self) -> i32 {
        self as i32
    }
}

/// One event of one handle. `Kind` gives the meaning of `a` and `b`.
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
        for (number, (name, kind)) in (0..).zip(Kind::ALL) {
            assert_eq!(kind.number(), number, "{name}");
            let same = |&&(other, _): &&(&str, Kind)| other == name;
            assert_eq!(Kind::ALL.iter().filter(same).count(), 1);
        }
    }
}
