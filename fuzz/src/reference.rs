//! Addresses by another way than the addon's: splitting the text, and comparing numbers.

use std::cmp::Ordering;
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const GROUPS: usize = 8;

/// Parses a dotted quad.
pub fn parse_v4(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<&str> = text.split('.').collect();
    let parts: [&str; 4] = parts.try_into().ok()?;
    let mut octets = [0; 4];
    for (octet, part) in octets.iter_mut().zip(parts) {
        let is_plain = part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_plain || part.len() > 3 || (part.len() > 1 && part.starts_with('0')) {
            return None;
        }
        *octet = part.parse().ok()?;
    }
    Some(octets.into())
}

/// Parses an IPv6 address without a zone.
pub fn parse_v6(text: &str) -> Option<Ipv6Addr> {
    let mut all = [0; GROUPS];
    match text.split_once("::") {
        None => {
            let groups = parse_groups(text, true)?;
            all = groups.try_into().ok()?;
        }
        Some((head, tail)) => {
            let (head, tail) = (parse_groups(head, false)?, parse_groups(tail, true)?);
            // The gap is at least one group.
            if head.len() + tail.len() >= GROUPS {
                return None;
            }
            all[..head.len()].copy_from_slice(&head);
            all[GROUPS - tail.len()..].copy_from_slice(&tail);
        }
    }
    Some(all.into())
}

/// Parses groups with colons between them, of which the last two may be a dotted quad.
fn parse_groups(text: &str, may_end_in_quad: bool) -> Option<Vec<u16>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let (front, last) = text
        .rsplit_once(':')
        .map_or((None, text), |(front, last)| (Some(front), last));
    let mut groups = Vec::new();
    for part in front.iter().flat_map(|front| front.split(':')) {
        groups.push(parse_group(part)?);
    }
    if may_end_in_quad && last.contains('.') {
        let [a, b, c, d] = parse_v4(last)?.octets();
        groups.extend([u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])]);
    } else {
        groups.push(parse_group(last)?);
    }
    Some(groups)
}

fn parse_group(text: &str) -> Option<u16> {
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let fits = (1..=4).contains(&text.len());
    (is_hex && fits).then(|| u16::from_str_radix(text, 16).ok())?
}

/// Formats an address as `inet_ntop` does.
pub fn format(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            format!("{a}.{b}.{c}.{d}")
        }
        IpAddr::V6(v6) => format_v6(v6),
    }
}

fn format_v6(ip: Ipv6Addr) -> String {
    let groups = ip.segments();
    let number = u128::from(ip);
    let has_quad = number >> 32 == 0xffff || (number >> 32 == 0 && groups[6] != 0);
    let count = if has_quad { GROUPS - 2 } else { GROUPS };
    let (gap, length) = longest_gap(&groups[..count]);
    let mut text = String::new();
    for (index, group) in groups[..count].iter().enumerate() {
        if length > 1 && index >= gap && index < gap + length {
            if index == gap {
                text.push_str("::");
            }
            continue;
        }
        if !text.is_empty() && !text.ends_with(':') {
            text.push(':');
        }
        let _ = write!(text, "{group:x}");
    }
    if has_quad {
        let [.., a, b, c, d] = ip.octets();
        if !text.ends_with(':') {
            text.push(':');
        }
        let _ = write!(text, "{a}.{b}.{c}.{d}");
    }
    text
}

/// Returns where the first of the longest runs of zeros begins, and its length.
fn longest_gap(groups: &[u16]) -> (usize, usize) {
    let mut best = (0, 0);
    for start in 0..groups.len() {
        let zeros = groups[start..].iter().take_while(|&&group| group == 0);
        let length = zeros.count();
        if length > best.1 {
            best = (start, length);
        }
    }
    best
}

/// Compares two addresses as node does: those of two families only where the IPv6 one maps an IPv4
/// one.
pub fn compare(one: IpAddr, other: IpAddr) -> Option<Ordering> {
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => Some(one.cmp(&other)),
        (IpAddr::V6(one), IpAddr::V6(other)) => Some(one.cmp(&other)),
        (IpAddr::V4(one), IpAddr::V6(other)) => Some(one.cmp(&other.to_ipv4_mapped()?)),
        (IpAddr::V6(one), IpAddr::V4(other)) => Some(one.to_ipv4_mapped()?.cmp(&other)),
    }
}

/// True when the first `prefix` bits of both are the same, of an IPv4 address in either form.
pub fn is_in_subnet(ip: IpAddr, network: IpAddr, prefix: u8) -> bool {
    let same = |one: u128, other: u128, bits: u32| {
        let shift = bits - u32::from(prefix);
        one.checked_shr(shift).unwrap_or(0) == other.checked_shr(shift).unwrap_or(0)
    };
    let short = |ip: Ipv4Addr| u128::from(u32::from(ip));
    match (ip, network) {
        (IpAddr::V4(ip), IpAddr::V4(network)) => same(short(ip), short(network), 32),
        (IpAddr::V6(ip), IpAddr::V6(network)) => same(ip.into(), network.into(), 128),
        (IpAddr::V4(ip), IpAddr::V6(network)) => {
            same(ip.to_ipv6_mapped().into(), network.into(), 128)
        }
        (IpAddr::V6(ip), IpAddr::V4(network)) => ip
            .to_ipv4_mapped()
            .is_some_and(|ip| same(short(ip), short(network), 32)),
    }
}
