use super::*;

fn internet(source: &str, destination: &str) -> Ends {
    Ends::Internet {
        source: source.parse().unwrap(),
        destination: destination.parse().unwrap(),
    }
}

fn tlv(kind: u8, value: &[u8]) -> Tlv {
    let value = value.to_vec();
    Tlv { kind, value }
}

fn header(version: u8, ends: Ends) -> Header {
    Header {
        version,
        command: Command::Proxy,
        carrier: if ends == Ends::Unknown {
            Carrier::Unknown
        } else {
            Carrier::Stream
        },
        ends,
        tlvs: Vec::new(),
        has_checksum: false,
    }
}

fn ssl() -> Tlv {
    let ssl = Ssl {
        client: 7,
        verify: 3,
        tlvs: vec![
            tlv(kind::SSL_VERSION, b"TLSv1.3"),
            tlv(kind::SSL_CN, b"somebody"),
        ],
    };
    let field = ssl.to_tlv().unwrap();
    assert_eq!(field.ssl().unwrap(), ssl);
    field
}

/// One header of each kind.
fn samples() -> Vec<Header> {
    let v4 = internet("192.0.2.1:56324", "192.0.2.2:443");
    let v6 = internet("[2001:db8::1]:0", "[2001:db8::2]:65535");
    let unix = Ends::Unix {
        source: b"/tmp/client".to_vec(),
        destination: vec![b'p'; 108],
    };
    let all = vec![
        tlv(kind::ALPN, b"h2"),
        tlv(kind::AUTHORITY, b"example.org"),
        tlv(kind::UNIQUE_ID, &[1, 2, 3]),
        ssl(),
        tlv(kind::NETNS, b"blue"),
        tlv(0xea, b""),
        tlv(0xea, &[9; 300]),
    ];
    vec![
        header(1, v4.clone()),
        header(1, v6.clone()),
        header(1, Ends::Unknown),
        header(2, v4.clone()),
        header(2, unix),
        header(2, Ends::Unknown),
        Header {
            carrier: Carrier::Datagram,
            ..header(2, v6.clone())
        },
        Header {
            command: Command::Local,
            has_checksum: true,
            ..header(2, Ends::Unknown)
        },
        Header {
            tlvs: all.clone(),
            ..header(2, v4)
        },
        Header {
            tlvs: all,
            has_checksum: true,
            ..header(2, v6)
        },
    ]
}

#[test]
fn what_is_written_is_read_and_no_byte_of_the_data() {
    for sample in samples() {
        let bytes = write(&sample).unwrap();
        let complete = Reading::Complete(sample, bytes.len());
        assert_eq!(read(&bytes), complete);
        for length in 0..bytes.len() {
            assert_eq!(read(&bytes[..length]), Reading::Incomplete, "{length}");
        }
        for data in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\n", b"PROXY ", &[0; 5000]] {
            assert_eq!(read(&[&bytes[..], data].concat()), complete);
        }
    }
}

#[test]
fn other_bytes_are_not_a_header() {
    for bytes in [
        &b"GET / HTTP/1.1\r\n"[..],
        b"PROXY\r\n",
        b"PROXZ",
        b"proxy tcp4",
        b"\r\n\r\n\r\n",
        b"\0",
        b"\x16\x03\x01",
    ] {
        assert_eq!(read(bytes), Reading::Absent, "{bytes:?}");
    }
    assert_eq!(read(b""), Reading::Incomplete);
}

#[test]
fn a_line_that_is_wrong_is_refused() {
    for line in [
        "PROXY \r\n",
        "PROXY TCP4\r\n",
        "PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n",
        "PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n",
        "PROXY TCP4 01.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3.4 ::1 1 2\r\n",
        "PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP6 fe80::1%lo ::1 1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\0\r\n",
        "PROXY UNKNOWNX\r\n",
        "PROXY unknown\r\n",
    ] {
        let refused = Reading::Refused(Fault::Invalid);
        assert_eq!(read(line.as_bytes()), refused, "{line:?}");
    }
    let bytes = b"PROXY TCP4 \xff.2.3.4 1.2.3.4 1 2\r\n";
    assert_eq!(read(bytes), Reading::Refused(Fault::Invalid));
}

#[test]
fn a_line_has_107_bytes_at_most() {
    let line = |length: usize| format!("PROXY UNKNOWN {}\r\n", "x".repeat(length - 16));
    assert!(matches!(
        read(line(107).as_bytes()),
        Reading::Complete(_, 107)
    ));
    let long = line(108);
    assert_eq!(read(long.as_bytes()), Reading::Refused(Fault::TooLong));
    assert_eq!(read(&long.as_bytes()[..106]), Reading::Incomplete);
    assert_eq!(
        read(&long.as_bytes()[..107]),
        Reading::Refused(Fault::TooLong)
    );
}

/// A block of version 2.
fn block(command: u8, family: u8, behind: &[u8]) -> Vec<u8> {
    let length = u16::try_from(behind.len()).unwrap().to_be_bytes();
    let fixed = [command, family, length[0], length[1]];
    [&binary::SIGNATURE[..], &fixed, behind].concat()
}

#[test]
fn a_block_that_is_wrong_is_refused() {
    let ends = [1; 12];
    let with = |more: &[u8]| block(0x21, 0x11, &[&ends[..], more].concat());
    let invalid = [
        block(0x11, 0x11, &ends),
        block(0x31, 0x11, &ends),
        block(0x22, 0x11, &ends),
        block(0x21, 0x41, &ends),
        block(0x21, 0x13, &ends),
        block(0x21, 0x11, &ends[..11]),
        block(0x21, 0x21, &[0; 35]),
        block(0x21, 0x31, &[0; 215]),
        with(&[1]),
        with(&[1, 0]),
        with(&[1, 0, 1]),
        with(&[kind::CRC32C, 0, 3, 1, 2, 3]),
        with(&[kind::SSL, 0, 4, 1, 0, 0, 0]),
        with(&[kind::SSL, 0, 6, 1, 0, 0, 0, 0, 0x21]),
    ];
    for bytes in invalid {
        let refused = Reading::Refused(Fault::Invalid);
        assert_eq!(read(&bytes), refused, "{bytes:?}");
    }
    assert_eq!(
        read(&block(0x10, 0, &[])[..13]),
        Reading::Refused(Fault::Invalid)
    );
}

#[test]
fn a_block_has_a_limit() {
    let most = block(0x20, 0, &vec![0; MOST_BEHIND]);
    assert!(matches!(read(&most), Reading::Complete(_, MOST)));
    let long = block(0x20, 0, &vec![0; MOST_BEHIND + 1]);
    assert_eq!(read(&long[..16]), Reading::Refused(Fault::TooLong));
    let tlvs = vec![tlv(1, &[0; MOST_BEHIND - 14])];
    let ends = internet("1.2.3.4:5", "1.2.3.4:5");
    let header = Header {
        tlvs,
        ..header(2, ends)
    };
    assert_eq!(write(&header), None);
}

#[test]
fn a_wrong_checksum_is_refused_wherever_a_bit_is_wrong() {
    let sample = samples().pop().unwrap();
    let bytes = write(&sample).unwrap();
    for index in (16..bytes.len()).step_by(if cfg!(miri) { 40 } else { 1 }) {
        let mut wrong = bytes.clone();
        wrong[index] ^= 0x10;
        let reading = read(&wrong);
        let complete = matches!(&reading, Reading::Complete(header, _) if header.has_checksum);
        assert!(!complete, "{index}: {reading:?}");
    }
    let mut wrong = bytes.clone();
    *wrong.last_mut().unwrap() ^= 1;
    assert_eq!(read(&wrong), Reading::Refused(Fault::Checksum));
    let sum = wrong[wrong.len() - 7..].to_vec();
    let twice = block(wrong[12], wrong[13], &[&bytes[16..], &sum].concat());
    assert!(matches!(read(&twice), Reading::Refused(_)));
}

#[test]
fn what_comes_without_addresses_keeps_its_fields_as_far_as_they_are_some() {
    for command in [0x20, 0x21] {
        let one = block(command, 0, &[1, 0, 2, b'h', b'2', kind::NOOP, 0, 0]);
        let Reading::Complete(header, 24) = read(&one) else {
            panic!("{:?}", read(&one));
        };
        assert_eq!(header.ends, Ends::Unknown);
        assert_eq!(header.tlvs, [tlv(kind::ALPN, b"h2")]);
        let none = block(command, 0, &[1, 2, 3, 4]);
        let Reading::Complete(header, 20) = read(&none) else {
            panic!("{:?}", read(&none));
        };
        assert_eq!(header.tlvs, []);
    }
    let local = block(0x20, 0x11, &[1; 12]);
    assert!(matches!(read(&local), Reading::Complete(header, 28) if header.ends == Ends::Unknown));
    let half = block(0x21, 0x10, &[1; 12]);
    assert!(matches!(read(&half), Reading::Complete(header, 28) if header.ends == Ends::Unknown));
}

#[test]
fn paths_end_at_their_first_nul_and_abstract_names_at_their_last() {
    let mut ends = [0; 216];
    ends[..4].copy_from_slice(b"/a\0b");
    ends[108..112].copy_from_slice(b"\0a\0b");
    let Reading::Complete(header, _) = read(&block(0x21, 0x31, &ends)) else {
        panic!("refused");
    };
    let expected = Ends::Unix {
        source: b"/a".to_vec(),
        destination: b"\0a\0b".to_vec(),
    };
    assert_eq!(header.ends, expected);
}

#[test]
fn what_would_be_read_as_something_else_is_not_written() {
    let v4 = internet("1.2.3.4:1", "1.2.3.4:2");
    let with_field = |field| Header {
        tlvs: vec![field],
        ..header(2, v4.clone())
    };
    for field in [
        tlv(kind::CRC32C, &[1, 2, 3, 4]),
        tlv(kind::CRC32C, b""),
        tlv(kind::SSL, b"less"),
        tlv(kind::SSL, &[7, 0, 0, 0, 0, 1]),
    ] {
        assert_eq!(write(&with_field(field.clone())), None, "{field:?}");
    }
    let padded = write(&with_field(tlv(kind::NOOP, b"any"))).unwrap();
    let complete = Reading::Complete(header(2, v4), padded.len());
    assert_eq!(read(&padded), complete);
    for path in [&b"/a\0b"[..], b"/a\0", b"\0", b"\0a\0"] {
        let ends = |source: &[u8], destination: &[u8]| Ends::Unix {
            source: source.to_vec(),
            destination: destination.to_vec(),
        };
        assert_eq!(write(&header(2, ends(path, b"/b"))), None, "{path:?}");
        assert_eq!(write(&header(2, ends(b"/b", path))), None, "{path:?}");
    }
    let carried = Header {
        carrier: Carrier::Stream,
        ..header(1, Ends::Unknown)
    };
    assert_eq!(write(&carried), None);
}

#[test]
fn what_cannot_be_is_not_written() {
    let v4 = internet("1.2.3.4:1", "1.2.3.4:2");
    let mixed = internet("1.2.3.4:1", "[::1]:2");
    let path = |length| Ends::Unix {
        source: vec![b'x'; length],
        destination: Vec::new(),
    };
    let with_field = |version| Header {
        tlvs: vec![tlv(1, b"h2")],
        ..header(version, v4.clone())
    };
    assert!(write(&with_field(2)).is_some());
    let long = Header {
        tlvs: vec![tlv(1, &vec![0; 70_000])],
        ..header(2, v4.clone())
    };
    let local = |version, ends| Header {
        command: Command::Local,
        ..header(version, ends)
    };
    for wrong in [
        header(3, v4.clone()),
        header(1, mixed.clone()),
        header(2, mixed),
        header(1, path(1)),
        header(2, path(109)),
        with_field(1),
        long,
        local(1, Ends::Unknown),
        local(2, v4),
    ] {
        assert_eq!(write(&wrong), None, "{wrong:?}");
    }
}

/// Numbers from a seed: xorshift64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    /// Changes a few bytes, or how many there are.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.next() % 4 {
            let at = self.next() % (bytes.len() + 1);
            match self.next() % 5 {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, self.byte()),
                2 if at < bytes.len() => drop(bytes.remove(at)),
                3 if at < bytes.len() => bytes[at] ^= 1 << (self.next() % 8),
                _ if at < bytes.len() => bytes[at] = self.byte(),
                _ => bytes.push(self.byte()),
            }
        }
    }
}

/// The outcome never depends on what is behind a header, and a header that was read can be written.
fn check(bytes: &[u8]) {
    match read(bytes) {
        Reading::Complete(header, length) => {
            assert!(length <= MOST && length <= bytes.len());
            let expected = Reading::Complete(header.clone(), length);
            assert_eq!(read(&bytes[..length]), expected);
            let again = write(&header).map(|again| read(&again));
            if let Some(again) = again {
                assert!(matches!(again, Reading::Complete(same, _) if same == header));
            }
        }
        Reading::Incomplete => assert!(bytes.len() < MOST),
        Reading::Absent | Reading::Refused(_) => {
            let more = [bytes, &[0; 64]].concat();
            assert_eq!(read(&more), read(bytes));
        }
    }
}

/// With `PROXY_SEED` and `PROXY_INPUTS` other ones, and more.
#[test]
fn random_inputs_are_read_alike() {
    let number = |name, default| {
        let text = std::env::var(name).ok();
        text.and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let seed = number("PROXY_SEED", 0x5eed_0001);
    println!("PROXY_SEED={seed}");
    let mut random = Random(seed.max(1));
    let samples: Vec<Vec<u8>> = samples().iter().filter_map(write).collect();
    let inputs = if cfg!(miri) { 100 } else { 1_000_000 };
    for _ in 0..number("PROXY_INPUTS", inputs) {
        let mut bytes = samples[random.next() % samples.len()].clone();
        random.mutate(&mut bytes);
        check(&bytes);
    }
}
