//! The rules of a block list as they were added, for listing and removal.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::ip::format_ip;
use super::socket_address::SocketAddress;

/// The order in which rules are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// All rules, the newest first: Node before 24.21.
    NewestFirst,
    /// Addresses, then subnets, then ranges, each with the newest first: Node since 24.21.
    ByKind,
}

/// A rule that can cover more than one address.
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

/// The subnets and ranges of one list, each with its sequence number, which grows with every rule.
#[derive(Default)]
pub struct Rules {
    by_rule: BTreeSet<(Rule, u64)>,
}

impl Rules {
    pub fn insert(&mut self, rule: Rule, sequence: u64) {
        self.by_rule.insert((rule, sequence));
    }

    /// Removes the newest rule that equals `rule`; returns false if there is none.
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

    /// Returns every rule in node's text form, in the order of `listing`. `addresses` are the
    /// single addresses with their sequence numbers.
    pub fn list(
        &self,
        listing: Listing,
        addresses: impl Iterator<Item = (IpAddr, u64)>,
    ) -> Vec<String> {
        let addresses = addresses.map(|(ip, sequence)| {
            let text = format!("Address: {} {}", label(ip), format_ip(ip));
            (Kind::Address, sequence, text)
        });
        let rules = self
            .by_rule
            .iter()
            .map(|(rule, sequence)| (rule.kind(), *sequence, rule.text()));
        let mut listed: Vec<(Kind, u64, String)> = addresses.chain(rules).collect();
        listed.sort_unstable_by(|(kind, sequence, _), (other_kind, other_sequence, _)| {
            let newest_first = other_sequence.cmp(sequence);
            match listing {
                Listing::NewestFirst => newest_first,
                Listing::ByKind => kind.cmp(other_kind).then(newest_first),
            }
        });
        listed.into_iter().map(|(_, _, text)| text).collect()
    }
}
