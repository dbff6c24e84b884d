//! A list of addresses, subnets and ranges that answers as node's `BlockList` does.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use super::hash::AddressMap;
use super::rules::{Listing, Rule, Rules};
use super::socket_address::SocketAddress;
use super::spans::Spans;

/// The first and the last IPv4-mapped IPv6 address.
const MAPPED: (u128, u128) = (0xffff_0000_0000, 0xffff_ffff_ffff);

/// A single address of the list. Its map key is the address as a number.
#[derive(Clone, Copy)]
struct Named {
    /// The form in which it was last added: an IPv4 address has two.
    ip: IpAddr,
    /// The sequence number of the rule that first added it.
    sequence: u64,
}

/// Rules over addresses, with lookup.
///
/// Single addresses are in hash maps; subnets and ranges are in two sets of spans. `spans4` holds
/// what covers an IPv4 address in either form, `spans6` what covers an IPv6 address. The two differ
/// only for IPv4-mapped addresses. In node a subnet, or a range between two mapped addresses,
/// covers both forms; a wider IPv6 range covers the mapped form only.
#[derive(Default)]
pub struct BlockList {
    addresses4: AddressMap<u32, Named>,
    addresses6: AddressMap<u128, Named>,
    spans4: Spans<u32>,
    spans6: Spans<u128>,
    rules: Rules,
    sequence: u64,
}

impl BlockList {
    /// Adds one address. Added again, in either form, it stays one rule.
    pub fn add_address(&mut self, ip: IpAddr) {
        let sequence = self.next_sequence();
        let named = match as_v4(ip) {
            Some(v4) => self.addresses4.entry(v4).or_insert(Named { ip, sequence }),
            None => self
                .addresses6
                .entry(as_v6(ip))
                .or_insert(Named { ip, sequence }),
        };
        named.ip = ip;
    }

    /// Removes one address, in whichever form it was added.
    pub fn remove_address(&mut self, ip: IpAddr) {
        match as_v4(ip) {
            Some(v4) => self.addresses4.remove(&v4),
            None => self.addresses6.remove(&as_v6(ip)),
        };
    }

    /// Adds the addresses from `start` to `end`, both included. Returns false, and adds nothing, if
    /// `end` is before `start`.
    pub fn add_range(&mut self, start: SocketAddress, end: SocketAddress) -> bool {
        if is_reversed(start.ip(), end.ip()) {
            return false;
        }
        let sequence = self.next_sequence();
        self.rules.insert(Rule::Range { start, end }, sequence);
        self.insert_spans(&range_spans(start.ip(), end.ip()));
        true
    }

    /// Removes the newest range with these ends.
    pub fn remove_range(&mut self, start: SocketAddress, end: SocketAddress) {
        if self.rules.remove(Rule::Range { start, end }) {
            self.remove_spans(&range_spans(start.ip(), end.ip()));
        }
    }

    /// Adds a subnet. Returns false, and adds nothing, if the prefix is longer than an address.
    pub fn add_subnet(&mut self, network: SocketAddress, prefix: u8) -> bool {
        let Some(spans) = subnet_spans(network.ip(), prefix) else {
            return false;
        };
        let sequence = self.next_sequence();
        self.rules
            .insert(Rule::Subnet { network, prefix }, sequence);
        self.insert_spans(&spans);
        true
    }

    /// Removes the newest subnet that was added with this same address and prefix.
    pub fn remove_subnet(&mut self, network: SocketAddress, prefix: u8) {
        if !self.rules.remove(Rule::Subnet { network, prefix }) {
            return;
        }
        if let Some(spans) = subnet_spans(network.ip(), prefix) {
            self.remove_spans(&spans);
        }
    }

    /// Returns true if any rule covers `ip`.
    pub fn check(&mut self, ip: IpAddr) -> bool {
        match ip {
            IpAddr::V4(v4) => self.check_v4(u32::from(v4)),
            IpAddr::V6(v6) => self.check_v6(v6),
        }
    }

    /// Returns true if any rule covers an IPv4 address, given as a number.
    pub fn check_v4(&mut self, v4: u32) -> bool {
        self.addresses4.contains_key(&v4) || self.spans4.contains(v4)
    }

    fn check_v6(&mut self, v6: Ipv6Addr) -> bool {
        if let Some(v4) = v6.to_ipv4_mapped() {
            return self.check_v4(u32::from(v4)) || self.spans6.contains(u128::from(v6));
        }
        let v6 = u128::from(v6);
        self.addresses6.contains_key(&v6) || self.spans6.contains(v6)
    }

    /// Removes every rule.
    pub fn clear(&mut self) {
        self.addresses4.clear();
        self.addresses6.clear();
        self.spans4.clear();
        self.spans6.clear();
        self.rules.clear();
    }

    /// Returns the number of rules.
    pub fn len(&self) -> usize {
        self.addresses4.len() + self.addresses6.len() + self.rules.len()
    }

    /// Returns every rule in node's text form.
    pub fn list(&self, listing: Listing) -> Vec<String> {
        let addresses = self.addresses4.values().chain(self.addresses6.values());
        self.rules
            .list(listing, addresses.map(|named| (named.ip, named.sequence)))
    }

    fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    fn insert_spans(&mut self, spans: &RuleSpans) {
        if let Some((first, last)) = spans.v4 {
            self.spans4.insert(first, last);
        }
        if let Some((first, last)) = spans.v6 {
            self.spans6.insert(first, last);
        }
    }

    fn remove_spans(&mut self, spans: &RuleSpans) {
        if let Some((first, last)) = spans.v4 {
            self.spans4.remove(first, last);
        }
        if let Some((first, last)) = spans.v6 {
            self.spans6.remove(first, last);
        }
    }
}

/// The spans of one rule, one for each set.
struct RuleSpans {
    v4: Option<(u32, u32)>,
    v6: Option<(u128, u128)>,
}

fn as_v6(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(v4) => u128::from(v4.to_ipv6_mapped()),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

/// Returns the IPv4 address that `ip` is, or that it maps.
fn as_v4(ip: IpAddr) -> Option<u32> {
    match ip {
        IpAddr::V4(v4) => Some(u32::from(v4)),
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map(u32::from),
    }
}

/// True when both ends can be compared and `start` is greater. Node compares addresses of two
/// families only if the IPv6 one is IPv4-mapped.
fn is_reversed(start: IpAddr, end: IpAddr) -> bool {
    let same_family = start.is_ipv4() == end.is_ipv4();
    let comparable = same_family || (as_v4(start).is_some() && as_v4(end).is_some());
    comparable && as_v6(start) > as_v6(end)
}

fn range_spans(start: IpAddr, end: IpAddr) -> RuleSpans {
    if let (Some(first), Some(last)) = (as_v4(start), as_v4(end)) {
        return RuleSpans {
            v4: Some((first, last)),
            v6: None,
        };
    }
    let (mut first, mut last) = (as_v6(start), as_v6(end));
    // An IPv4 end compares only with IPv4-mapped addresses.
    if start.is_ipv4() || end.is_ipv4() {
        (first, last) = (first.max(MAPPED.0), last.min(MAPPED.1));
    }
    RuleSpans {
        v4: None,
        v6: (first <= last).then_some((first, last)),
    }
}

fn subnet_spans(network: IpAddr, prefix: u8) -> Option<RuleSpans> {
    let spans = match IpNet::new(network, prefix).ok()? {
        IpNet::V4(net) => {
            let span = (u32::from(net.network()), u32::from(net.broadcast()));
            RuleSpans {
                v4: Some(span),
                v6: None,
            }
        }
        IpNet::V6(net) => {
            let span = (u128::from(net.network()), u128::from(net.broadcast()));
            // The IPv4 spans find a subnet of mapped addresses in either form.
            let within = span.0 >= MAPPED.0 && span.1 <= MAPPED.1;
            RuleSpans {
                v4: mapped_part(span),
                v6: (!within).then_some(span),
            }
        }
    };
    Some(spans)
}

/// Returns the IPv4 addresses whose mapped form is in a span.
fn mapped_part((first, last): (u128, u128)) -> Option<(u32, u32)> {
    let first = Ipv6Addr::from(first.max(MAPPED.0)).to_ipv4_mapped()?;
    let last = Ipv6Addr::from(last.min(MAPPED.1)).to_ipv4_mapped()?;
    Some((u32::from(first), u32::from(last)))
}

#[cfg(test)]
mod tests {
    use super::super::ip::{parse_ip, Family};
    use super::*;
    use std::net::Ipv4Addr;

    fn at(text: &str) -> SocketAddress {
        let family = if text.contains(':') {
            Family::V6
        } else {
            Family::V4
        };
        SocketAddress::parse(text, family, 0, 0).unwrap()
    }

    fn ip(text: &str) -> IpAddr {
        at(text).ip()
    }

    fn covered(list: &mut BlockList, texts: &[&str]) -> Vec<bool> {
        texts.iter().map(|text| list.check(ip(text))).collect()
    }

    #[test]
    fn an_address_is_found_in_both_of_its_forms() {
        let mut list = BlockList::default();
        list.add_address(ip("1.1.1.1"));
        list.add_address(ip("::ffff:2.2.2.2"));
        let texts = [
            "1.1.1.1",
            "::ffff:1.1.1.1",
            "2.2.2.2",
            "::ffff:2.2.2.2",
            "1.1.1.2",
            "::1.1.1.1",
        ];
        assert_eq!(
            covered(&mut list, &texts),
            [true, true, true, true, false, false]
        );
    }

    #[test]
    fn an_address_given_again_stays_one_rule_in_its_last_form() {
        let mut list = BlockList::default();
        list.add_address(ip("1.1.1.1"));
        list.add_address(ip("::ffff:1.1.1.1"));
        assert_eq!(list.list(Listing::ByKind), ["Address: IPv6 ::ffff:1.1.1.1"]);
        list.remove_address(ip("1.1.1.1"));
        assert_eq!(list.len(), 0);
        assert!(!list.check(ip("1.1.1.1")));
    }

    #[test]
    fn subnets_end_at_any_bit() {
        let mut list = BlockList::default();
        assert!(list.add_subnet(at("10.0.0.9"), 27));
        assert!(list.add_subnet(at("8592:757c:efaf::"), 51));
        let inside = [
            "10.0.0.0",
            "10.0.0.31",
            "::ffff:10.0.0.31",
            "8592:757c:efaf:1fff:ffff::",
        ];
        assert_eq!(covered(&mut list, &inside), [true; 4]);
        let outside = ["10.0.0.32", "9.255.255.255", "8592:757c:efaf:2000::"];
        assert_eq!(covered(&mut list, &outside), [false; 3]);
    }

    #[test]
    fn a_prefix_longer_than_the_address_is_refused() {
        let mut list = BlockList::default();
        assert!(!list.add_subnet(at("10.0.0.0"), 33));
        assert!(!list.add_subnet(at("::"), 129));
        assert!(list.add_subnet(at("10.0.0.0"), 32) && list.add_subnet(at("::"), 128));
        assert_eq!(list.len(), 2);
    }

    #[test]
    fn wide_subnets_of_ipv6_cover_ipv4_and_wide_ranges_do_not() {
        let mut subnet = BlockList::default();
        subnet.add_subnet(at("::"), 0);
        let mut range = BlockList::default();
        range.add_range(at("::"), at("ffff::"));
        let texts = ["1.1.1.1", "::ffff:1.1.1.1", "1::"];
        assert_eq!(covered(&mut subnet, &texts), [true, true, true]);
        assert_eq!(covered(&mut range, &texts), [false, true, true]);
    }

    #[test]
    fn a_range_of_two_families_covers_what_both_ends_compare_with() {
        let mut list = BlockList::default();
        assert!(list.add_range(at("1.1.1.1"), at("9::")));
        let texts = ["1.1.1.1", "::ffff:1.1.1.1", "::ffff:1.1.1.0", "1::"];
        assert_eq!(covered(&mut list, &texts), [false, true, false, false]);
        list.clear();
        assert!(list.add_range(at("1.1.1.1"), at("::ffff:2.2.2.2")));
        assert_eq!(covered(&mut list, &texts), [true, true, false, false]);
        assert!(!list.add_range(at("1.1.1.1"), at("::ffff:1.1.1.0")));
        assert!(list.add_range(at("1.1.1.1"), at("::")));
        assert_eq!(list.len(), 2);
    }

    #[test]
    fn ranges_in_reverse_are_refused() {
        let mut list = BlockList::default();
        assert!(!list.add_range(at("1.1.1.2"), at("1.1.1.1")));
        assert!(!list.add_range(at("::2"), at("::1")));
        assert!(list.add_range(at("::1"), at("::1")));
        assert_eq!(list.list(Listing::ByKind), ["Range: IPv6 ::1-::1"]);
    }

    #[test]
    fn removal_takes_the_newest_of_equal_rules() {
        let mut list = BlockList::default();
        for network in ["1.1.1.1", "1.2.1.1", "1.1.1.1"] {
            list.add_subnet(at(network), 8);
        }
        list.remove_subnet(at("1.1.1.1"), 8);
        let left = ["Subnet: IPv4 1.2.1.1/8", "Subnet: IPv4 1.1.1.1/8"];
        assert_eq!(list.list(Listing::ByKind), left);
        list.remove_subnet(at("1.3.1.1"), 8);
        assert_eq!(list.len(), 2);
        list.remove_subnet(at("1.1.1.1"), 8);
        assert!(list.check(ip("1.1.1.1")));
        list.remove_subnet(at("1.2.1.1"), 8);
        assert!(!list.check(ip("1.1.1.1")));
    }

    #[test]
    fn a_rule_added_with_a_port_is_removed_with_it_only() {
        let mut list = BlockList::default();
        let start = SocketAddress::parse("1.1.1.1", Family::V4, 80, 0).unwrap();
        list.add_range(start, at("1.1.1.2"));
        list.remove_range(at("1.1.1.1"), at("1.1.1.2"));
        assert_eq!(list.len(), 1);
        list.remove_range(start, at("1.1.1.2"));
        assert_eq!(list.len(), 0);
    }

    #[test]
    fn lists_by_kind_or_by_age() {
        let mut list = BlockList::default();
        list.add_address(ip("1.1.1.1"));
        list.add_range(at("10.0.0.1"), at("10.0.0.10"));
        list.add_subnet(at("8592:757c:efae:4e45::"), 64);
        let (address, subnet, range) = (
            "Address: IPv4 1.1.1.1",
            "Subnet: IPv6 8592:757c:efae:4e45::/64",
            "Range: IPv4 10.0.0.1-10.0.0.10",
        );
        assert_eq!(list.list(Listing::ByKind), [address, subnet, range]);
        assert_eq!(list.list(Listing::NewestFirst), [subnet, range, address]);
    }

    #[test]
    fn finds_each_of_many() {
        let mut list = BlockList::default();
        let count = if cfg!(miri) { 100 } else { 10_000_u32 };
        for n in 0..count {
            let v4 = Ipv4Addr::from(n << 12);
            list.add_subnet(at(&v4.to_string()), 24);
        }
        for n in 0..count {
            assert!(list.check_v4((n << 12) | 0xff));
            assert!(!list.check_v4((n << 12) | 0x100));
        }
        assert!(parse_ip("0.0.0.0", Family::V4).is_some_and(|ip| list.check(ip)));
    }
}
