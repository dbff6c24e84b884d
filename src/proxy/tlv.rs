//! The fields behind the addresses of version 2: a type, a length, and a value.

/// The bytes in front of a value.
pub const HEAD: usize = 3;

/// The numbers of fields.
pub mod kind {
    pub const ALPN: u8 = 0x01;
    pub const AUTHORITY: u8 = 0x02;
    pub const CRC32C: u8 = 0x03;
    pub const NOOP: u8 = 0x04;
    pub const UNIQUE_ID: u8 = 0x05;
    pub const SSL: u8 = 0x20;
    pub const SSL_VERSION: u8 = 0x21;
    pub const SSL_CN: u8 = 0x22;
    pub const SSL_CIPHER: u8 = 0x23;
    pub const SSL_SIG_ALG: u8 = 0x24;
    pub const SSL_KEY_ALG: u8 = 0x25;
    pub const NETNS: u8 = 0x30;
}

/// One field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tlv {
    pub kind: u8,
    pub value: Vec<u8>,
}

/// The value of a field [`kind::SSL`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ssl {
    /// The bits: 1 for TLS, 2 for a certificate of the client in this connection, 4 for one in this
    /// session.
    pub client: u8,
    /// Zero when the client's certificate was verified.
    pub verify: u32,
    pub tlvs: Vec<Tlv>,
}

impl Tlv {
    /// Returns the parts of the value, where it has them.
    pub fn ssl(&self) -> Option<Ssl> {
        let (&client, rest) = self.value.split_first()?;
        let (verify, rest) = rest.split_first_chunk::<4>()?;
        Some(Ssl {
            client,
            verify: u32::from_be_bytes(*verify),
            tlvs: parse(rest)?,
        })
    }
}

impl Ssl {
    /// Returns the field with these parts; `None` where they do not fit.
    pub fn to_tlv(&self) -> Option<Tlv> {
        let mut value = vec![self.client];
        value.extend(self.verify.to_be_bytes());
        for tlv in &self.tlvs {
            append(&mut value, tlv)?;
        }
        let kind = kind::SSL;
        Some(Tlv { kind, value })
    }
}

/// Parses fields up to the end of `bytes`; `None` where the last is cut off.
pub fn parse(mut bytes: &[u8]) -> Option<Vec<Tlv>> {
    let mut tlvs = Vec::new();
    while !bytes.is_empty() {
        let (&[kind, high, low], rest) = bytes.split_first_chunk::<HEAD>()?;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let (value, rest) = rest.split_at_checked(length)?;
        let value = value.to_vec();
        tlvs.push(Tlv { kind, value });
        bytes = rest;
    }
    Some(tlvs)
}

/// Appends a field; `None` where its value is too long.
pub fn append(bytes: &mut Vec<u8>, tlv: &Tlv) -> Option<()> {
    let length = u16::try_from(tlv.value.len()).ok()?;
    bytes.push(tlv.kind);
    bytes.extend(length.to_be_bytes());
    bytes.extend(&tlv.value);
    Some(())
}
