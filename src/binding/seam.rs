//! The numbers that both halves must agree on. They stand in Rust, and JavaScript is handed them.

// A test build registers nothing with JavaScript.
#![cfg_attr(test, allow(dead_code))]

use std::collections::HashMap;

use napi_derive::napi;

use crate::env::ring;
use crate::event::{Key, Kind};
use crate::stream::SMALL_WRITE;

/// What the verb `access` returns: the bit of a handle that can be read from.
pub const READABLE: i32 = 1;
/// As [`READABLE`], for one that can be written to.
pub const WRITABLE: i32 = 2;

/// The layout of the ring, and what its numbers mean.
#[napi(object, object_from_js = false)]
pub struct Seam {
    /// Numbers of a whole ring.
    pub length: u32,
    /// Where the number of events, or of relays, stands.
    pub count: u32,
    /// Where the number of events that have been delivered stands.
    pub cursor: u32,
    /// Numbers in front of the events.
    pub header: u32,
    /// Numbers of one event: key, kind, and its two arguments.
    pub words: u32,
    /// What confirms a relay.
    pub confirmed: i32,
    /// The key of no handle.
    pub nobody: i32,
    /// The kinds of events by name.
    pub kinds: HashMap<&'static str, i32>,
    /// The largest write, in bytes, that is deferred.
    pub small_write: u32,
    /// The bits that the verb `access` returns.
    pub readable: i32,
    pub writable: i32,
}

/// Returns the numbers of the seam.
#[napi]
pub fn seam() -> Seam {
    let index = |number: usize| u32::try_from(number).unwrap_or(0);
    let kinds = Kind::ALL.map(|(name, kind)| (name, kind.number()));
    Seam {
        length: index(ring::LENGTH),
        count: index(ring::COUNT),
        cursor: index(ring::CURSOR),
        header: index(ring::HEADER),
        words: index(ring::WORDS),
        confirmed: ring::CONFIRMED,
        nobody: Key::NO_SLOT,
        kinds: kinds.into(),
        small_write: index(SMALL_WRITE),
        readable: READABLE,
        writable: WRITABLE,
    }
}
