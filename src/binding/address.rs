//! Conversion of addresses between JavaScript and Rust.

// A test build registers nothing with N-API, so this looks unused there.
#![cfg_attr(test, allow(dead_code))]

use napi_derive::napi;

use crate::address::{format_ip, parse_ip, Family, SocketAddress};

/// Returns the family that JavaScript passes as a boolean.
pub(super) const fn family(is_v6: bool) -> Family {
    if is_v6 {
        Family::V6
    } else {
        Family::V4
    }
}

/// An address with its port and flow label, as `lib/address/block-list.js` passes it.
#[napi(object, object_to_js = false)]
pub struct Endpoint {
    pub address: String,
    pub is_v6: bool,
    pub port: u16,
    pub flow_label: u32,
}

impl Endpoint {
    /// Parses the address; `None` if the text is not an address of the family.
    pub(super) fn value(&self) -> Option<SocketAddress> {
        SocketAddress::parse(
            &self.address,
            family(self.is_v6),
            self.port,
            self.flow_label,
        )
    }
}

/// Returns an address in node's text form, without its zone; null if it is not of the family.
#[napi]
pub fn canonical_address(text: String, is_v6: bool) -> Option<String> {
    parse_ip(&text, family(is_v6)).map(format_ip)
}
