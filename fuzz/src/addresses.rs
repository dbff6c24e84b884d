//! The grammar of addresses.

use std::net::IpAddr;

use crate::address::{format_ip, parse_ip, Family, SocketAddress};
use crate::reference;

pub const WORDS: &[&[u8]] = &[
    b"::",
    b":",
    b".",
    b"%",
    b"\0",
    b"ffff",
    b"FFFF",
    b"0",
    b"00",
    b"1",
    b"255",
    b"256",
    b"0000",
    b"00000",
    b"127.0.0.1",
    b"::ffff:",
    b"fe80::1%lo",
    b"::1",
    b"1:2:3:4:5:6:7:8",
    b"g",
    b" ",
];

/// The bytes of an address that libuv keeps in front of a zone.
const KEPT: usize = 39;

/// The longest text of an address.
const LONGEST: usize = 45;

/// Text is read as by the reference, and what was read is written in one form, which is read alike.
pub fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let v4 = parse_ip(&text, Family::V4);
    let v6 = parse_ip(&text, Family::V6);
    assert_eq!(v4, expected(&text, Family::V4), "{text:?}");
    assert_eq!(v6, expected(&text, Family::V6), "{text:?}");
    assert!(v4.is_none() || v6.is_none(), "{text:?} is of both families");
    for (family, ip) in [(Family::V4, v4), (Family::V6, v6)] {
        check_socket_address(&text, family, ip);
        if let Some(ip) = ip {
            check_form(ip, family);
            check_rest(&text, ip, family);
        }
    }
}

fn expected(text: &str, family: Family) -> Option<IpAddr> {
    let text = text.split('\0').next()?;
    match family {
        Family::V4 => reference::parse_v4(text).map(IpAddr::from),
        Family::V6 => {
            let address = match text.split_once('%') {
                Some((address, _)) => address.get(..address.len().min(KEPT))?,
                None => text,
            };
            reference::parse_v6(address).map(IpAddr::from)
        }
    }
}

/// There is one form, which is the reference's.
fn check_form(ip: IpAddr, family: Family) {
    let form = format_ip(ip);
    assert_eq!(form, reference::format(ip));
    assert!(form.len() <= LONGEST, "{form}");
    assert_eq!(parse_ip(&form, family), Some(ip), "{form}");
    let upper = form.to_uppercase();
    assert_eq!(parse_ip(&upper, family), Some(ip), "{upper}");
}

/// What is behind a NUL counts for nothing, and so does a zone.
fn check_rest(text: &str, ip: IpAddr, family: Family) {
    assert_eq!(parse_ip(&format!("{text}\0::1%x"), family), Some(ip));
    let plain = text.split('\0').next().unwrap_or_default();
    let zoned = format!("{plain}%any thing%");
    let has_room = plain.contains('%') || plain.len() <= KEPT;
    match family {
        Family::V4 => assert_eq!(parse_ip(&zoned, family), None, "{zoned:?}"),
        Family::V6 if has_room => assert_eq!(parse_ip(&zoned, family), Some(ip), "{zoned:?}"),
        Family::V6 => {}
    }
}

/// An endpoint has the address, and equals another where all parts do.
fn check_socket_address(text: &str, family: Family, ip: Option<IpAddr>) {
    let at = |port, flow| SocketAddress::parse(text, family, port, flow);
    let made = at(80, 1);
    assert_eq!(made.map(|made| made.ip()), ip, "{text:?}");
    if made.is_none() {
        return;
    }
    assert_eq!(made, at(80, 1));
    assert_ne!(made, at(81, 1));
    assert_eq!(made == at(80, 2), family == Family::V4, "{text:?}");
}
