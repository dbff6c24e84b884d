//! Lists of addresses, as far as a listener knows of them.

use std::fmt;
use std::net::IpAddr;

/// Says whether an address is in a list.
pub struct PeerFilter(Box<dyn Fn(IpAddr) -> bool>);

impl PeerFilter {
    pub fn new(rejects: impl Fn(IpAddr) -> bool + 'static) -> Self {
        Self(Box::new(rejects))
    }

    /// Returns true when the filter applies to this address.
    pub(super) fn covers(&self, peer: IpAddr) -> bool {
        (self.0)(peer)
    }
}

impl fmt::Debug for PeerFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PeerFilter")
    }
}
