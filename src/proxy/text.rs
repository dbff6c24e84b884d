//! Version 1: a line of text.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Carrier, Command, Ends, Fault, Header, Reading};

pub const SIGNATURE: &[u8] = b"PROXY ";

/// The longest line, with its end.
const MOST: usize = 107;

/// Reads a line that begins as [`SIGNATURE`] does.
pub fn read(bytes: &[u8]) -> Reading {
    let Some(end) = bytes.iter().take(MOST).position(|&byte| byte == b'\n') else {
        return if bytes.len() < MOST {
            Reading::Incomplete
        } else {
            Reading::Refused(Fault::TooLong)
        };
    };
    let ends = bytes[..end]
        .strip_suffix(b"\r")
        .and_then(|line| line.strip_prefix(SIGNATURE))
        .and_then(|rest| std::str::from_utf8(rest).ok())
        .and_then(parse);
    match ends {
        Some(ends) => Reading::Complete(header(ends), end + 1),
        None => Reading::Refused(Fault::Invalid),
    }
}

fn header(ends: Ends) -> Header {
    let carrier = match ends {
        Ends::Unknown => Carrier::Unknown,
        Ends::Internet { .. } | Ends::Unix { .. } => Carrier::Stream,
    };
    Header {
        version: 1,
        command: Command::Proxy,
        carrier,
        ends,
        tlvs: Vec::new(),
        has_checksum: false,
    }
}

/// Parses what is behind the signature.
fn parse(rest: &str) -> Option<Ends> {
    let mut words = rest.split(' ');
    let parse_ip: fn(&str) -> Option<IpAddr> = match words.next()? {
        // Whatever follows is to be ignored.
        "UNKNOWN" => return Some(Ends::Unknown),
        "TCP4" => |word| word.parse::<Ipv4Addr>().ok().map(IpAddr::from),
        "TCP6" => |word| word.parse::<Ipv6Addr>().ok().map(IpAddr::from),
        _ => return None,
    };
    let (source, destination) = (parse_ip(words.next()?)?, parse_ip(words.next()?)?);
    let (from, to) = (parse_port(words.next()?)?, parse_port(words.next()?)?);
    let is_over = words.next().is_none();
    is_over.then_some(Ends::Internet {
        source: SocketAddr::new(source, from),
        destination: SocketAddr::new(destination, to),
    })
}

/// Parses digits without a leading zero.
fn parse_port(word: &str) -> Option<u16> {
    let is_plain = word.bytes().all(|byte| byte.is_ascii_digit());
    let has_zero = word.len() > 1 && word.starts_with('0');
    if is_plain && !has_zero {
        word.parse().ok()
    } else {
        None
    }
}
