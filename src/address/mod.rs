//! Addresses as plain values: their text, and lists of rules over them.
//!
//! Nothing here touches a socket or JavaScript, so that all of it can be tested by itself. `ip` knows the
//! text of an address, `socket_address` adds what else names an endpoint, and `block_list` answers whether
//! an address is among many, with the help of `rules` (what was added, as it is listed) and `spans` (what
//! is covered, as it is looked up).

mod block_list;
mod hash;
mod ip;
mod rules;
mod socket_address;
mod spans;

pub use block_list::BlockList;
pub use ip::{format_ip, parse_ip, Family};
pub use rules::Listing;
pub use socket_address::SocketAddress;
