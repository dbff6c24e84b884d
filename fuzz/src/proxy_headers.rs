//! PROXY headers of both versions.

use std::net::{IpAddr, SocketAddr};

use crate::input::Input;
use crate::proxy::{kind, read, write, Carrier, Command, Ends, Header, Reading, Tlv, MOST};
use crate::reference;

pub const WORDS: &[&[u8]] = &[
    b"PROXY ",
    b"TCP4 ",
    b"TCP6 ",
    b"UNKNOWN",
    b"\r\n",
    b"1.2.3.4 ",
    b"::1 ",
    b"65535",
    b"\r\n\r\n\0\r\nQUIT\n",
    b"\x21\x11\x00\x0c",
    b"\x21\x21\x00\x24",
    b"\x20\x00\x00\x00",
    b"\x03\x00\x04",
    b"\x20\x00\x05",
    b"\x04\x00\x00",
];

/// The bytes in front of the addresses of version 2.
const FIXED: usize = 16;
/// What is appended to see whether it counts.
const MORE: &[u8] = b"\r\nPROXY TCP4 \0\x03\x00\x04\xff\xff\xff\xff\n";

/// The outcome depends on the bytes of the header alone, and is that of the reference.
pub fn check_read(bytes: &[u8]) {
    let reading = read(bytes);
    match &reading {
        Reading::Complete(header, length) => {
            assert!(*length <= bytes.len() && *length <= MOST);
            let block = &bytes[..*length];
            assert_eq!(read(block), reading, "without what is behind it");
            check_prefixes(block);
            match header.version {
                1 => check_line(header, block),
                _ => check_block(header, block),
            }
            check_written(header);
        }
        Reading::Incomplete => {
            assert!(bytes.len() < MOST);
            check_prefixes(bytes);
        }
        Reading::Absent | Reading::Refused(_) => {}
    }
    if reading != Reading::Incomplete {
        assert_eq!(read(&[bytes, MORE].concat()), reading, "with more behind");
    }
}

/// No start of a header is more than that.
fn check_prefixes(bytes: &[u8]) {
    // All of a short one; in a long one the middle is alike.
    let near_end = bytes.len().saturating_sub(40);
    for length in (0..bytes.len()).filter(|&length| length < 300 || length > near_end) {
        let reading = read(&bytes[..length]);
        assert_eq!(reading, Reading::Incomplete, "of {length} bytes");
    }
}

/// A line has the words that its header says.
fn check_line(header: &Header, line: &[u8]) {
    assert!(line.len() <= 107 && line.ends_with(b"\r\n"));
    assert!(!header.has_checksum && header.tlvs.is_empty());
    let text = String::from_utf8_lossy(&line[..line.len() - 2]);
    let words: Vec<&str> = text.split(' ').collect();
    let Ends::Internet {
        source,
        destination,
    } = &header.ends
    else {
        assert_eq!(&words[..2], ["PROXY", "UNKNOWN"]);
        return;
    };
    assert_eq!(header.carrier, Carrier::Stream);
    let parse = |word: &str| match words[1] {
        "TCP4" => reference::parse_v4(word).map(IpAddr::from),
        "TCP6" => reference::parse_v6(word).map(IpAddr::from),
        other => panic!("{other}"),
    };
    let (from, to) = (source.port().to_string(), destination.port().to_string());
    assert_eq!(parse(words[2]), Some(source.ip()));
    assert_eq!(parse(words[3]), Some(destination.ip()));
    assert_eq!(words[4..], [from, to]);
}

/// A block has the bytes that its header says.
fn check_block(header: &Header, block: &[u8]) {
    let behind = usize::from(u16::from_be_bytes([block[14], block[15]]));
    assert_eq!(block.len(), FIXED + behind);
    let is_local = block[12] == 0x20;
    assert_eq!(header.command == Command::Local, is_local);
    let start = FIXED + size_of_ends(block[13] >> 4);
    if is_local || header.ends == Ends::Unknown {
        assert_eq!(header.carrier, Carrier::Unknown);
    } else {
        assert_eq!(header.carrier == Carrier::Stream, block[13] & 15 == 1);
        check_ends(&header.ends, &block[FIXED..start]);
    }
    // Without addresses, fields that are none count for nothing.
    let fields = block.get(start..).and_then(split_fields);
    let Some(fields) = fields else {
        assert_eq!((&header.tlvs[..], header.has_checksum), (&[][..], false));
        return;
    };
    if header.has_checksum {
        check_sum(block, start, &fields);
    }
    let kept: Vec<&Field<'_>> = fields
        .iter()
        .filter(|(kind, _)| ![kind::NOOP, kind::CRC32C].contains(kind))
        .collect();
    let same = |(tlv, field): (&Tlv, &&Field<'_>)| (tlv.kind, &tlv.value[..]) == **field;
    let is_dropped = header.ends == Ends::Unknown && header.tlvs.is_empty();
    assert!(is_dropped || kept.len() == header.tlvs.len());
    assert!(header.tlvs.iter().zip(&kept).all(same));
}

fn size_of_ends(family: u8) -> usize {
    [0, 12, 36, 216][usize::from(family)]
}

fn check_ends(ends: &Ends, bytes: &[u8]) {
    match ends {
        Ends::Unknown => {}
        Ends::Internet {
            source,
            destination,
        } => {
            let mut own = Vec::new();
            for end in [source, destination] {
                match end.ip() {
                    IpAddr::V4(ip) => own.extend(ip.octets()),
                    IpAddr::V6(ip) => own.extend(ip.octets()),
                }
            }
            own.extend(source.port().to_be_bytes());
            own.extend(destination.port().to_be_bytes());
            assert_eq!(own, bytes);
        }
        Ends::Unix {
            source,
            destination,
        } => {
            let (first, second) = bytes.split_at(108);
            for (path, room) in [(source, first), (destination, second)] {
                assert!(room.starts_with(path));
                // Nothing but NULs follows an abstract name, and one a path.
                let rest = &room[path.len()..];
                let is_abstract = room[0] == 0;
                assert!(rest.first().is_none_or(|&byte| byte == 0));
                assert!(!is_abstract || rest.iter().all(|&byte| byte == 0));
                assert!(is_abstract || !path.contains(&0));
            }
        }
    }
}

type Field<'a> = (u8, &'a [u8]);

fn split_fields(mut bytes: &[u8]) -> Option<Vec<Field<'_>>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let length = u16::from_be_bytes([*bytes.get(1)?, *bytes.get(2)?]);
        let end = 3 + usize::from(length);
        fields.push((bytes[0], bytes.get(3..end)?));
        bytes = &bytes[end..];
    }
    Some(fields)
}

/// The checksum is that of the block with zeros in its place, computed bit by bit.
fn check_sum(block: &[u8], start: usize, fields: &[Field<'_>]) {
    let mut at = start;
    let mut zeroed = block.to_vec();
    let mut sums = Vec::new();
    for (kind, value) in fields {
        if *kind == kind::CRC32C {
            zeroed[at + 3..at + 7].fill(0);
            sums.push(value.to_vec());
        }
        at += 3 + value.len();
    }
    let mut rest = u32::MAX;
    for byte in zeroed {
        rest ^= u32::from(byte);
        for _ in 0..8 {
            let carry = rest & 1;
            rest = (rest >> 1) ^ (carry * 0x82f6_3b78);
        }
    }
    assert_eq!(sums, [(!rest).to_be_bytes().to_vec()]);
}

/// A header that can be written is read as what it was, without its padding.
fn check_written(header: &Header) {
    let Some(bytes) = write(header) else {
        return;
    };
    assert!(bytes.len() <= MOST);
    let mut expected = header.clone();
    expected.tlvs.retain(|tlv| tlv.kind != kind::NOOP);
    assert_eq!(read(&bytes), Reading::Complete(expected, bytes.len()));
}

/// Any header is either refused, or written such that reading it gives the same header.
pub fn check_write(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let header = Header {
        version: [1, 2, 2, 2, 3][input.below(5)],
        command: [Command::Proxy, Command::Proxy, Command::Local][input.below(3)],
        carrier: [Carrier::Stream, Carrier::Datagram, Carrier::Unknown][input.below(3)],
        ends: ends(&mut input),
        has_checksum: input.byte() % 2 == 1,
        tlvs: tlvs(&mut input),
    };
    check_written(&header);
    for tlv in &header.tlvs {
        check_ssl(tlv);
    }
}

fn ends(input: &mut Input<'_>) -> Ends {
    match input.byte() % 4 {
        0 => Ends::Unknown,
        1 => Ends::Unix {
            source: path(input),
            destination: path(input),
        },
        _ => Ends::Internet {
            source: end(input),
            destination: end(input),
        },
    }
}

fn end(input: &mut Input<'_>) -> SocketAddr {
    SocketAddr::new(input.ip(), u16::from(input.byte()) * 257)
}

/// Takes a path, at times one that is too long.
fn path(input: &mut Input<'_>) -> Vec<u8> {
    let length = input.below(112);
    input.bytes(length).to_vec()
}

fn tlvs(input: &mut Input<'_>) -> Vec<Tlv> {
    let mut tlvs = Vec::new();
    for _ in 0..input.below(6) {
        let kind = input.byte();
        let length = match input.byte() {
            255 => 66_000,
            254 => 4_000,
            short => usize::from(short % 32),
        };
        let mut value = input.bytes(length).to_vec();
        if length > 32 {
            value.resize(length, 7);
        }
        tlvs.push(Tlv { kind, value });
    }
    tlvs
}

/// The parts of a field for TLS are written as they were read.
fn check_ssl(tlv: &Tlv) {
    if let Some(ssl) = tlv.ssl() {
        let again = ssl.to_tlv().map(|again| again.value);
        assert_eq!(again.as_ref(), Some(&tlv.value));
    }
}
