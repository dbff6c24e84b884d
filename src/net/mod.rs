//! Handles: what node calls a `TCP` or a `Pipe`. Verbs and their outcome are libuv's.
//!
//! A [`Handle`] is in one of six states, and a file has one state: its type, and what leads to it.
//!
//! ```text
//! unbound --bind--> bound --listen--> listener
//!    |                |
//!    |-----connect----+--> connecting --> stream (also where the connect has failed)
//!    '--open (a descriptor from outside), or accepted by a listener --> stream
//!       accepted by a listener, its PROXY header is to come --> awaiting --> stream
//! ```
//!
//! `handle` has the transitions, `verbs` what each state answers to each verb, and `options` the
//! verbs that are the descriptor's, whatever the state.

mod accepting;
mod awaiting;
mod bound;
mod common;
mod connecting;
mod endpoint;
mod gate;
mod handle;
mod internet;
mod limits;
mod listener;
mod named;
mod options;
mod peer_filter;
mod shared;
mod socket;
mod stream;
mod unbound;
mod verbs;

pub use awaiting::{Arrival, Look};
pub use common::Transport;
pub use endpoint::Endpoint;
pub use gate::{ProxyRules, Refusal};
pub use handle::{Handle, Terms};
pub use internet::{format_address, parse_address};
pub use limits::Limits;
pub use listener::{Accepted, Incoming};
pub use peer_filter::PeerFilter;
pub use shared::Address;

/// `flags` of a TCP bind: accept no IPv4 on an IPv6 address (libuv's number).
pub const IPV6_ONLY: u32 = 1;
/// `flags` of a TCP bind: share the port with other listeners that say so (libuv's number).
pub const REUSE_PORT: u32 = 2;
/// `flags` of a Unix-domain bind: leave the name in the file system.
pub const STAYS: u32 = 1;
/// `flags` of a Unix-domain bind: replace a socket on which nobody answers.
pub const TAKES_OVER: u32 = 2;
/// `mode` of a Unix-domain listener: everybody may read (libuv's number).
pub const READABLE: u32 = 1;
/// `mode` of a Unix-domain listener: everybody may write (libuv's number).
pub const WRITABLE: u32 = 2;
