//! Block lists: each answer is that of a plain list of rules.

use std::cmp::Ordering;
use std::net::{IpAddr, Ipv4Addr};

use crate::address::{BlockList, Family, Listing, SocketAddress};
use crate::input::Input;
use crate::reference::{compare, format, is_in_subnet};

pub const WORDS: &[&[u8]] = &[
    b"\x00\x00\x00\x00",
    b"\x02\x00\x00\x01",
    b"\x07\x01\x00\x01",
    b"\x07\x02\x01\x00",
    b"\x07\x03\x00\x00",
];

/// The most steps of one input.
const STEPS: usize = 200;
/// Rules of a list to which no more are added by the dozen: the plain list is slow.
const MANY: usize = 200;
/// Rules that are looked for at the end.
const CHECKED: usize = 40;

/// A subnet covers the addresses that begin with its bits, and no others.
pub fn check_subnet(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let (network, prefix) = (input.ip(), input.byte());
    let mut list = BlockList::default();
    let fits = prefix <= if network.is_ipv4() { 32 } else { 128 };
    assert_eq!(list.add_subnet(endpoint(network, 0), prefix), fits);
    assert_eq!(list.len(), usize::from(fits));
    let mut ips = vec![network];
    ips.extend(edges(network, prefix));
    ips.extend((0..8).map(|_| input.ip()));
    for ip in ips {
        let expected = fits && is_in_subnet(ip, network, prefix);
        assert_eq!(list.check(ip), expected, "{ip} in {network}/{prefix}");
    }
    list.remove_subnet(endpoint(network, 0), prefix);
    assert_eq!(list.len(), 0);
    assert!(!list.check(network));
}

/// Returns the first and the last address of a subnet, and those beside them.
fn edges(network: IpAddr, prefix: u8) -> Vec<IpAddr> {
    let ends = |number: u128, bits: u32| {
        let free = bits.saturating_sub(u32::from(prefix));
        let mask = 1_u128.checked_shl(free).map_or(u128::MAX, |bit| bit - 1);
        let (first, last) = (number & !mask, number | mask);
        [first, last, first.wrapping_sub(1), last.wrapping_add(1)]
    };
    match network {
        IpAddr::V4(v4) => {
            let numbers = ends(u32::from(v4).into(), 32).into_iter();
            // Those outside the family are left out.
            let short = numbers.filter_map(|number| u32::try_from(number).ok());
            short
                .map(Ipv4Addr::from)
                .flat_map(|v4| [IpAddr::from(v4), v4.to_ipv6_mapped().into()])
                .collect()
        }
        IpAddr::V6(v6) => {
            let numbers = ends(v6.into(), 128).into_iter();
            numbers
                .map(|number| IpAddr::V6(number.into()))
                .flat_map(|ip| [Some(ip), mapped(ip)])
                .flatten()
                .collect()
        }
    }
}

fn mapped(ip: IpAddr) -> Option<IpAddr> {
    match ip {
        IpAddr::V4(v4) => Some(v4.to_ipv6_mapped().into()),
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map(IpAddr::from),
    }
}

fn endpoint(ip: IpAddr, port: u16) -> SocketAddress {
    let family = if ip.is_ipv4() { Family::V4 } else { Family::V6 };
    match SocketAddress::parse(&ip.to_string(), family, port, 0) {
        Some(endpoint) => endpoint,
        None => panic!("{ip} is not read"),
    }
}

/// One rule of the plain list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    Address(IpAddr),
    Subnet(IpAddr, u8, u16),
    Range(IpAddr, IpAddr, u16),
}

impl Rule {
    fn covers(self, ip: IpAddr) -> bool {
        match self {
            Self::Address(own) => compare(ip, own) == Some(Ordering::Equal),
            Self::Subnet(network, prefix, _) => is_in_subnet(ip, network, prefix),
            Self::Range(start, end, _) => {
                compare(ip, start).is_some_and(Ordering::is_ge)
                    && compare(ip, end).is_some_and(Ordering::is_le)
            }
        }
    }

    /// Returns its place among the kinds.
    fn kind(self) -> u8 {
        match self {
            Self::Address(_) => 0,
            Self::Subnet(..) => 1,
            Self::Range(..) => 2,
        }
    }

    fn text(self) -> String {
        let label = |ip: IpAddr| if ip.is_ipv4() { "IPv4" } else { "IPv6" };
        match self {
            Self::Address(ip) => format!("Address: {} {}", label(ip), format(ip)),
            Self::Subnet(ip, prefix, _) => {
                format!("Subnet: {} {}/{prefix}", label(ip), format(ip))
            }
            Self::Range(start, end, _) => {
                let (first, last) = (format(start), format(end));
                format!("Range: {} {first}-{last}", label(start))
            }
        }
    }
}

/// A block list beside the plain list.
#[derive(Default)]
struct Both {
    list: BlockList,
    /// The oldest first.
    plain: Vec<Rule>,
}

impl Both {
    fn step(&mut self, input: &mut Input<'_>) {
        match input.byte() % 10 {
            0 | 1 => self.add_address(input.ip()),
            2 => self.add_range(input),
            3 => self.add_subnet(input),
            4 if self.plain.len() < MANY => self.add_many(input),
            5 => self.remove_again(input),
            6 => self.remove_address(input.ip()),
            7 => self.remove(Rule::Range(input.ip(), input.ip(), 0)),
            8 => self.remove(Rule::Subnet(input.ip(), input.byte(), 0)),
            _ => self.check(input.ip()),
        }
    }

    /// Adds an address, which stays in its place where it is there already, in either form.
    fn add_address(&mut self, ip: IpAddr) {
        self.list.add_address(ip);
        match self.place_of(ip) {
            Some(place) => self.plain[place] = Rule::Address(ip),
            None => self.plain.push(Rule::Address(ip)),
        }
    }

    fn remove_address(&mut self, ip: IpAddr) {
        self.list.remove_address(ip);
        if let Some(place) = self.place_of(ip) {
            self.plain.remove(place);
        }
    }

    fn place_of(&self, ip: IpAddr) -> Option<usize> {
        let is_same = |rule: &Rule| matches!(rule, Rule::Address(_)) && rule.covers(ip);
        self.plain.iter().position(is_same)
    }

    fn add_range(&mut self, input: &mut Input<'_>) {
        let (start, end) = (input.ip(), input.ip());
        let port = u16::from(input.byte() % 2);
        let is_added = self
            .list
            .add_range(endpoint(start, port), endpoint(end, port));
        let is_reversed = compare(start, end) == Some(Ordering::Greater);
        assert_eq!(is_added, !is_reversed, "{start} to {end}");
        if is_added {
            self.plain.push(Rule::Range(start, end, port));
        }
    }

    fn add_subnet(&mut self, input: &mut Input<'_>) {
        let (network, prefix) = (input.ip(), input.byte() % 140);
        let port = u16::from(input.byte() % 2);
        let fits = prefix <= if network.is_ipv4() { 32 } else { 128 };
        let is_added = self.list.add_subnet(endpoint(network, port), prefix);
        assert_eq!(is_added, fits, "{network}/{prefix}");
        if is_added {
            self.plain.push(Rule::Subnet(network, prefix, port));
        }
    }

    /// Adds more ranges than a list keeps unsorted.
    fn add_many(&mut self, input: &mut Input<'_>) {
        let start = input.number();
        for step in 0..40 {
            let first = Ipv4Addr::from(start.wrapping_add(step * 3)).into();
            let rule = Rule::Range(first, first, 0);
            let at = endpoint(first, 0);
            assert!(self.list.add_range(at, at));
            self.plain.push(rule);
        }
    }

    /// Removes a rule that is there.
    fn remove_again(&mut self, input: &mut Input<'_>) {
        let at = input.below(self.plain.len());
        match self.plain.get(at).copied() {
            Some(Rule::Address(ip)) => self.remove_address(ip),
            Some(rule) => self.remove(rule),
            None => {}
        }
    }

    /// Removes the newest rule that equals this.
    fn remove(&mut self, rule: Rule) {
        match rule {
            Rule::Range(start, end, port) => self
                .list
                .remove_range(endpoint(start, port), endpoint(end, port)),
            Rule::Subnet(network, prefix, port) => {
                self.list.remove_subnet(endpoint(network, port), prefix);
            }
            Rule::Address(_) => {}
        }
        if let Some(place) = self.plain.iter().rposition(|own| *own == rule) {
            self.plain.remove(place);
        }
    }

    fn check(&mut self, ip: IpAddr) {
        for ip in [Some(ip), mapped(ip)].into_iter().flatten() {
            let expected = self.plain.iter().any(|rule| rule.covers(ip));
            assert_eq!(self.list.check(ip), expected, "{ip} in {:?}", self.plain);
        }
    }

    fn check_listing(&self) {
        assert_eq!(self.list.len(), self.plain.len());
        let mut newest_first: Vec<Rule> = self.plain.iter().rev().copied().collect();
        let texts = |rules: &[Rule]| -> Vec<String> {
            let all = rules.iter();
            all.map(|rule| rule.text()).collect()
        };
        assert_eq!(
            self.list.list(Listing::NewestFirst),
            texts(&newest_first),
            "by age"
        );
        newest_first.sort_by_key(|rule| rule.kind());
        assert_eq!(
            self.list.list(Listing::ByKind),
            texts(&newest_first),
            "by kind"
        );
    }
}

/// A list answers, counts and lists as the plain list does, whatever was added and removed.
pub fn check_list(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let mut both = Both::default();
    input.for_each_step(STEPS, |input| both.step(input));
    both.check_listing();
    let some: Vec<Rule> = both.plain.iter().rev().take(CHECKED).copied().collect();
    for rule in some {
        match rule {
            Rule::Address(ip) | Rule::Subnet(ip, ..) => both.check(ip),
            Rule::Range(start, end, _) => {
                both.check(start);
                both.check(end);
            }
        }
    }
    both.list.clear();
    assert_eq!(both.list.len(), 0);
    assert!(both.plain.iter().all(|rule| match *rule {
        Rule::Address(ip) | Rule::Subnet(ip, ..) | Rule::Range(ip, ..) => !both.list.check(ip),
    }));
}
