//! Version 2: a block of bytes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::checksum::crc32c;
use super::tlv::{self, kind, Tlv};
use super::{Carrier, Command, Ends, Fault, Header, Reading, MOST_BEHIND};

pub const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// The bytes of the part that each header has.
pub const FIXED: usize = 16;
/// The room of one path.
pub const PATH: usize = 108;

/// The families of addresses, by their numbers.
pub const INTERNET: u8 = 1;
pub const INTERNET_6: u8 = 2;
pub const UNIX: u8 = 3;

/// Reads a block that begins as [`SIGNATURE`] does.
pub fn read(bytes: &[u8]) -> Reading {
    // A version, command or family that cannot be is refused before the rest comes.
    if let Some(&byte) = bytes.get(12) {
        if byte >> 4 != 2 || byte & 15 > 1 {
            return Reading::Refused(Fault::Invalid);
        }
    }
    if let Some(&byte) = bytes.get(13) {
        if byte >> 4 > UNIX || byte & 15 > 2 {
            return Reading::Refused(Fault::Invalid);
        }
    }
    let &[.., command, family, high, low] = match bytes.first_chunk::<FIXED>() {
        Some(fixed) => fixed,
        None => return Reading::Incomplete,
    };
    let behind = usize::from(u16::from_be_bytes([high, low]));
    if behind > MOST_BEHIND {
        return Reading::Refused(Fault::TooLong);
    }
    let Some(block) = bytes.get(..FIXED + behind) else {
        return Reading::Incomplete;
    };
    let parsed = if command & 15 == 0 {
        parse_local(block, family)
    } else {
        parse_proxy(block, family)
    };
    match parsed {
        Ok(header) => Reading::Complete(header, block.len()),
        Err(fault) => Reading::Refused(fault),
    }
}

/// Parses a header in which the addresses count for nothing.
fn parse_local(block: &[u8], family: u8) -> Result<Header, Fault> {
    let (tlvs, has_checksum) = parse_optional_tlvs(block, family)?;
    Ok(Header {
        version: 2,
        command: Command::Local,
        carrier: Carrier::Unknown,
        ends: Ends::Unknown,
        tlvs,
        has_checksum,
    })
}

fn parse_proxy(block: &[u8], family: u8) -> Result<Header, Fault> {
    let carrier = match family & 15 {
        1 => Carrier::Stream,
        2 => Carrier::Datagram,
        _ => Carrier::Unknown,
    };
    let ends = if carrier == Carrier::Unknown {
        Ends::Unknown
    } else {
        parse_ends(&block[FIXED..], family >> 4)?
    };
    let (carrier, (tlvs, has_checksum)) = if ends == Ends::Unknown {
        (Carrier::Unknown, parse_optional_tlvs(block, family)?)
    } else {
        let start = FIXED + size_of_ends(family >> 4);
        (carrier, parse_tlvs(block, start)?)
    };
    Ok(Header {
        version: 2,
        command: Command::Proxy,
        carrier,
        ends,
        tlvs,
        has_checksum,
    })
}

/// Returns how many bytes the addresses of a family take.
fn size_of_ends(family: u8) -> usize {
    match family {
        INTERNET => 12,
        INTERNET_6 => 36,
        UNIX => 2 * PATH,
        _ => 0,
    }
}

fn parse_ends(behind: &[u8], family: u8) -> Result<Ends, Fault> {
    let bytes = behind.get(..size_of_ends(family)).ok_or(Fault::Invalid)?;
    let ends = match family {
        INTERNET => parse_internet::<4>(bytes, |ip| Ipv4Addr::from(ip).into()),
        INTERNET_6 => parse_internet::<16>(bytes, |ip| Ipv6Addr::from(ip).into()),
        UNIX => {
            let (source, destination) = bytes.split_at(PATH);
            Some(Ends::Unix {
                source: trim_path(source),
                destination: trim_path(destination),
            })
        }
        _ => Some(Ends::Unknown),
    };
    ends.ok_or(Fault::Invalid)
}

/// Parses two addresses of `N` bytes, then two ports.
fn parse_internet<const N: usize>(bytes: &[u8], to_ip: impl Fn([u8; N]) -> IpAddr) -> Option<Ends> {
    let (source, rest) = bytes.split_first_chunk::<N>()?;
    let (destination, rest) = rest.split_first_chunk::<N>()?;
    let (from, rest) = rest.split_first_chunk::<2>()?;
    let (to, _) = rest.split_first_chunk::<2>()?;
    Some(Ends::Internet {
        source: SocketAddr::new(to_ip(*source), u16::from_be_bytes(*from)),
        destination: SocketAddr::new(to_ip(*destination), u16::from_be_bytes(*to)),
    })
}

/// Returns a path without the NULs behind it. An abstract name begins with one.
fn trim_path(path: &[u8]) -> Vec<u8> {
    let length = path
        .iter()
        .rposition(|&byte| byte != 0)
        .map_or(0, |last| last + 1);
    match path.first() {
        Some(0) | None => path[..length].to_vec(),
        Some(_) => path
            .split(|&byte| byte == 0)
            .next()
            .unwrap_or_default()
            .to_vec(),
    }
}

/// Parses the TLVs behind addresses that count for nothing, and may be anything.
fn parse_optional_tlvs(block: &[u8], family: u8) -> Result<(Vec<Tlv>, bool), Fault> {
    let start = FIXED + size_of_ends(family >> 4);
    match parse_tlvs(block, start) {
        Err(Fault::Invalid) => Ok((Vec::new(), false)),
        parsed => parsed,
    }
}

/// Parses the TLVs from `start` on, and checks the checksum if there is one. Returns all others.
fn parse_tlvs(block: &[u8], start: usize) -> Result<(Vec<Tlv>, bool), Fault> {
    let all = tlv::parse(block.get(start..).ok_or(Fault::Invalid)?).ok_or(Fault::Invalid)?;
    let mut has_checksum = false;
    let mut at = start;
    let mut kept = Vec::new();
    for tlv in all {
        let value = at + tlv::HEAD;
        at = value + tlv.value.len();
        match tlv.kind {
            kind::NOOP => {}
            kind::CRC32C if has_checksum || tlv.value.len() != 4 => return Err(Fault::Invalid),
            kind::CRC32C => {
                has_checksum = true;
                let wanted = checksum(block, value).to_be_bytes();
                if tlv.value != wanted {
                    return Err(Fault::Checksum);
                }
            }
            kind::SSL if tlv.ssl().is_none() => return Err(Fault::Invalid),
            _ => kept.push(tlv),
        }
    }
    Ok((kept, has_checksum))
}

/// Returns the checksum of a header whose own one, at `value`, counts as zero.
pub fn checksum(block: &[u8], value: usize) -> u32 {
    let (before, rest) = block.split_at(value);
    crc32c(&[before, &[0; 4], &rest[4..]])
}
