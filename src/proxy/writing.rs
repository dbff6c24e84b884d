//! How a header is written.

use std::net::IpAddr;

use super::binary::{self, checksum, FIXED, PATH, SIGNATURE};
use super::tlv::{append, kind, Tlv, HEAD};
use super::{Carrier, Command, Ends, Header, MOST};

/// Returns the bytes of a header; `None` for one that would not be read as what it is. Version 1 has
/// neither paths nor fields, both ends are of one family, and all of it has [`MOST`] bytes.
pub fn write(header: &Header) -> Option<Vec<u8>> {
    let bytes = match header.version {
        1 => write_text(header),
        2 => write_binary(header),
        _ => None,
    };
    bytes.filter(|bytes| bytes.len() <= MOST)
}

fn write_text(header: &Header) -> Option<Vec<u8>> {
    if header.command == Command::Local || header.has_checksum || !header.tlvs.is_empty() {
        return None;
    }
    let line = match &header.ends {
        Ends::Unknown if header.carrier != Carrier::Unknown => return None,
        Ends::Unknown => "PROXY UNKNOWN\r\n".to_owned(),
        Ends::Unix { .. } => return None,
        Ends::Internet { .. } if header.carrier != Carrier::Stream => return None,
        Ends::Internet {
            source,
            destination,
        } => {
            let family = match (source.ip(), destination.ip()) {
                (IpAddr::V4(_), IpAddr::V4(_)) => "TCP4",
                (IpAddr::V6(_), IpAddr::V6(_)) => "TCP6",
                _ => return None,
            };
            let (ip, to) = (source.ip(), destination.ip());
            let (port, to_port) = (source.port(), destination.port());
            format!("PROXY {family} {ip} {to} {port} {to_port}\r\n")
        }
    };
    Some(line.into_bytes())
}

fn write_binary(header: &Header) -> Option<Vec<u8>> {
    let command = match header.command {
        Command::Local => 0x20,
        Command::Proxy => 0x21,
    };
    let mut bytes = SIGNATURE.to_vec();
    bytes.extend([command, 0, 0, 0]);
    bytes[13] = append_ends(&mut bytes, header)?;
    for tlv in &header.tlvs {
        if !is_readable(tlv) {
            return None;
        }
        append(&mut bytes, tlv)?;
    }
    let value = bytes.len() + HEAD;
    if header.has_checksum {
        let (kind, value) = (kind::CRC32C, vec![0; 4]);
        append(&mut bytes, &Tlv { kind, value })?;
    }
    let behind = u16::try_from(bytes.len() - FIXED).ok()?;
    bytes[14..FIXED].copy_from_slice(&behind.to_be_bytes());
    if header.has_checksum {
        let sum = checksum(&bytes, value).to_be_bytes();
        bytes[value..].copy_from_slice(&sum);
    }
    Some(bytes)
}

/// True for a field that readers take as it is. The checksum is not one of a header's fields.
fn is_readable(tlv: &Tlv) -> bool {
    match tlv.kind {
        kind::CRC32C => false,
        kind::SSL => tlv.ssl().is_some(),
        _ => true,
    }
}

/// True for a path that the NULs behind it end: one in the file system has none, and an abstract name
/// has none at its end.
fn is_path(path: &[u8]) -> bool {
    match path {
        [0, ..] => path.last() != Some(&0),
        _ => !path.contains(&0),
    }
}

/// Appends both addresses, and returns the byte for their family and their carrier.
fn append_ends(bytes: &mut Vec<u8>, header: &Header) -> Option<u8> {
    let carrier = match header.carrier {
        Carrier::Unknown => 0,
        Carrier::Stream => 1,
        Carrier::Datagram => 2,
    };
    let family = match &header.ends {
        Ends::Unknown => return (carrier == 0).then_some(0),
        _ if carrier == 0 || header.command == Command::Local => return None,
        Ends::Internet {
            source,
            destination,
        } => {
            let family = match (source.ip(), destination.ip()) {
                (IpAddr::V4(source), IpAddr::V4(destination)) => {
                    bytes.extend(source.octets());
                    bytes.extend(destination.octets());
                    binary::INTERNET
                }
                (IpAddr::V6(source), IpAddr::V6(destination)) => {
                    bytes.extend(source.octets());
                    bytes.extend(destination.octets());
                    binary::INTERNET_6
                }
                _ => return None,
            };
            bytes.extend(source.port().to_be_bytes());
            bytes.extend(destination.port().to_be_bytes());
            family
        }
        Ends::Unix {
            source,
            destination,
        } => {
            for path in [source, destination] {
                if !is_path(path) {
                    return None;
                }
                let padding = PATH.checked_sub(path.len())?;
                bytes.extend(path);
                bytes.resize(bytes.len() + padding, 0);
            }
            binary::UNIX
        }
    };
    Some(family << 4 | carrier)
}
