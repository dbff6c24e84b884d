//! The rules of a block list as they were given, for listing and for taking them away again.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::ip::format_ip;
use super::socket_address::SocketAddress;

/// The order in which rules are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// The newest rule first, whatever its kind: Node before 24.21.
    NewestFirst,
    /// Addresses, then subnets, then ranges, each with the newest first: Node from 24.21 on.
    ByKind,
}

/// A rule that covers more than one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    Subnet {
        network: SocketAddress,
        prefix: u8,
    },
    Range {
        start: SocketAddress,
        end: SocketAddress,
    },
}

impl Rule {
    fn kind(&self) -> Kind {
        match self {
            Self::Subnet { .. } => Kind::Subnet,
            Self::Range { .. } => Kind::Range,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Subnet { network, prefix } => {
                let ip = network.ip();
                format!("Subnet: {} {}/{prefix}", label(ip), format_ip(ip))
            }
            Self::Range { start, end } => {
                let (start, end) = (start.ip(), end.ip());
                format!(
                    "Range: {} {}-{}",
                    label(start),
                    format_ip(start),
                    format_ip(end)
                )
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Address,
    Subnet,
    Range,
}

fn label(ip: IpAddr) -> &'static str {
    if ip.is_ipv4() {
        "IPv4"
    } else {
        "IPv6"
    }
}

/// The subnets and ranges of one list, each with its turn: a number that grows with every rule.
#[derive(Default)]
pub struct Rules {
    by_rule: BTreeSet<(Rule, u64)>,
}

impl Rules {
    pub fn insert(&mut self, rule: Rule, turn: u64) {
        self.by_rule.insert((rule, turn));
    }

    /// Takes away the newest rule that equals `rule`; false where there is none.
    pub fn remove(&mut self, rule: Rule) -> bool {
        let newest = self
            .by_rule
            .range((rule, 0)..=(rule, u64::MAX))
            .next_back()
            .copied();
        newest.is_some_and(|found| self.by_rule.remove(&found))
    }

    pub fn clear(&mut self) {
        self.by_rule.clear();
    }

    pub fn len(&self) -> usize {
        self.by_rule.len()
    }

    /// Every rule in node's words, in the order asked for, together with the single addresses.
    pub fn list(
        &self,
        listing: Listing,
        addresses: impl Iterator<Item = (IpAddr, u64)>,
    ) -> Vec<String> {
        let addresses = addresses.map(|(ip, turn)| {
            let text = format!("Address: {} {}", label(ip), format_ip(ip));
            (Kind::Address, turn, text)
        });
        let rules = self
            .by_rule
            .iter()
            .map(|(rule, turn)| (rule.kind(), *turn, rule.text()));
        let mut listed: Vec<(Kind, u64, String)> = addresses.chain(rules).collect();
        listed.sort_unstable_by(|(kind, turn, _), (other_kind, other_turn, _)| {
            let newest_first = other_turn.cmp(turn);
            match listing {
                Listing::NewestFirst => newest_first,
                Listing::ByKind => kind.cmp(other_kind).then(newest_first),
            }
        });
        listed.into_iter().map(|(_, _, text)| text).collect()
    }
}
