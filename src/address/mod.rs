//! Addresses as plain values: their text form, and lists of rules over them.
//!
//! Nothing here touches a socket or JavaScript, so all of it is tested on its own. `ip` parses and
//! formats addresses. `socket_address` adds the other parts of an endpoint. `block_list` says
//! whether a list covers an address, using `rules` (the rules as listed) and `spans` (the ranges as
//! looked up).

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
