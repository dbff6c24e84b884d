//! Reads and writes headers of the PROXY protocol, versions 1 and 2. A proxy sends one ahead of the
//! data, with the address of its client. No I/O.
//!
//! [`read`] takes what has come in so far. It never needs more than [`MOST`] bytes, and it reads a
//! header only where it is complete.

mod binary;
mod checksum;
mod text;
mod tlv;
mod writing;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;

pub use tlv::{kind, Ssl, Tlv};
pub use writing::write;

/// The most bytes behind the first 16 of a header of version 2.
pub const MOST_BEHIND: usize = 4096;
/// The most bytes of a header.
pub const MOST: usize = binary::FIXED + MOST_BEHIND;

/// What the proxy wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// The proxy connects for itself, as for a health check.
    Local,
    /// The proxy connects for somebody.
    Proxy,
}

/// What carries the bytes between the client and the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    Unknown,
    Stream,
    Datagram,
}

/// Both ends of the connection between the client and the proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ends {
    Unknown,
    Internet {
        source: SocketAddr,
        destination: SocketAddr,
    },
    /// Paths of Unix-domain sockets, without the NULs behind them.
    Unix {
        source: Vec<u8>,
        destination: Vec<u8>,
    },
}

/// A header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub version: u8,
    pub command: Command,
    pub carrier: Carrier,
    pub ends: Ends,
    /// All but padding and the checksum.
    pub tlvs: Vec<Tlv>,
    /// There is a checksum, and it is right.
    pub has_checksum: bool,
}

/// Why a header is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Invalid,
    TooLong,
    Checksum,
}

/// What the first bytes of a connection are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// As far as they go, the start of a header.
    Incomplete,
    /// Not a header.
    Absent,
    /// A header of so many bytes.
    Complete(Header, usize),
    Refused(Fault),
}

/// Reads the header at the start of `bytes`.
pub fn read(bytes: &[u8]) -> Reading {
    if starts_alike(bytes, &binary::SIGNATURE) {
        binary::read(bytes)
    } else if starts_alike(bytes, text::SIGNATURE) {
        text::read(bytes)
    } else {
        Reading::Absent
    }
}

/// True when one of both is the start of the other.
fn starts_alike(bytes: &[u8], signature: &[u8]) -> bool {
    bytes.iter().zip(signature).all(|(one, other)| one == other)
}
