//! What a listener wants of PROXY headers.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::peer_filter::PeerFilter;
use crate::runtime::Count;

/// The rules of a listener.
#[derive(Debug)]
pub struct ProxyRules {
    /// A connection without a header is refused.
    pub is_required: bool,
    /// Says which addresses may send a header; `None` for all.
    pub trusted: Option<PeerFilter>,
    /// How long a header may take.
    pub timeout: Duration,
}

/// What is expected of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Expectation {
    pub is_required: bool,
    /// The peer may not send a header, and must.
    pub is_stranger: bool,
    /// The peer is a proxy that is not held to the limits for each address.
    pub is_exempt: bool,
    pub deadline: Instant,
}

/// Why a connection is refused. `lib/server/proxy.js` has a name for each number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Refusal {
    Invalid = 0,
    TooLong = 1,
    Checksum = 2,
    /// The peer has ended within the header, or was lost.
    Incomplete = 3,
    Timeout = 4,
    Untrusted = 5,
}

impl Refusal {
    /// Returns the number that JavaScript sees.
    pub const fn number(self) -> u32 {
        self as u32
    }
}

/// The rules, and what has come of them.
#[derive(Debug)]
pub(super) struct Gate {
    pub rules: ProxyRules,
    pub read: Count,
    pub refused: Count,
}

impl Gate {
    pub fn new(rules: ProxyRules) -> Self {
        Self {
            rules,
            read: Count::default(),
            refused: Count::default(),
        }
    }

    /// True when it depends on the peer's address what is expected.
    pub fn has_list(&self) -> bool {
        self.rules.trusted.is_some()
    }

    /// Returns what to expect of a connection of `peer`; `None` for one that has no header. A peer
    /// without an address is trusted: a path has permissions.
    pub fn expect(&self, peer: Option<IpAddr>) -> Option<Expectation> {
        let ProxyRules {
            is_required,
            trusted,
            timeout,
        } = &self.rules;
        let is_listed = peer.and_then(|peer| trusted.as_ref().map(|list| list.covers(peer)));
        if is_listed == Some(false) && !is_required {
            return None;
        }
        Some(Expectation {
            is_required: *is_required,
            is_stranger: is_listed == Some(false),
            is_exempt: is_listed == Some(true),
            deadline: Instant::now() + *timeout,
        })
    }
}
