//! Handles: what node calls a `TCP` or a `Pipe`. Verbs and their outcome are libuv's.

mod handle;
mod internet;
mod pipe;
mod place;
mod tcp;

pub use handle::{Accepted, Handle, PeerFilter, Transport};
pub use internet::{format_address, parse_address};
pub use place::Place;

/// `flags` of a TCP bind: accept no IPv4 on an IPv6 address (libuv's number).
pub const IPV6_ONLY: u32 = 1;
/// `flags` of a TCP bind: share the port with other listeners that say so (libuv's number).
pub const REUSE_PORT: u32 = 2;
/// `mode` of a Unix-domain listener: everybody may read (libuv's number).
pub const READABLE: u32 = 1;
/// `mode` of a Unix-domain listener: everybody may write (libuv's number).
pub const WRITABLE: u32 = 2;
