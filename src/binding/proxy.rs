//! The binding of PROXY headers: what a listener wants of them, and what is in one.

// A test build registers nothing with N-API, so this looks unused there.
#![cfg_attr(test, allow(dead_code))]

use std::net::SocketAddr;
use std::time::Duration;

use napi::bindgen_prelude::Buffer;
use napi_derive::napi;

use super::block_list::peer_filter;
use super::raw::{Value, Verb};
use super::verbs::{key, on_handle};
use crate::address::format_ip;
use crate::net::{PeerFilter, ProxyRules};
use crate::proxy::{self, kind, Carrier, Command, Ends, Header, Reading, Ssl, Tlv};

/// Verbs beside those of [`super::verbs::VERBS`].
pub const VERBS: &[(&str, Verb)] = &[
    // A slot, whether a header is required, milliseconds, and the key of the list of trusted peers or
    // a negative number.
    ("setProxyRules", |net, args| {
        let list = args.int(3);
        let trusted = (list >= 0).then(|| {
            let list = peer_filter(list.cast_unsigned());
            list.unwrap_or_else(|| PeerFilter::new(|_| false))
        });
        let rules = ProxyRules {
            is_required: args.boolean(1),
            trusted,
            timeout: Duration::from_millis(args.uint(2).into()),
        };
        on_handle(net, args, |handle| handle.set_proxy_rules(rules))
    }),
    // The bytes of a connection's header, once; 0 where there is none.
    ("takeProxyHeader", |net, args| {
        let key = key(net, args);
        let taken = net.run(|core| core.verb(key, |handle, _, _| Ok(handle.take_header())));
        match taken {
            Ok(Some(bytes)) => Value::Bytes(bytes),
            Ok(None) => Value::Int(0),
            Err(errno) => Value::Int(errno.code()),
        }
    }),
];

/// One end: an address and a port, or a path.
#[napi(object)]
pub struct ProxyEnd {
    pub address: Option<String>,
    pub family: Option<String>,
    pub port: Option<u32>,
    pub path: Option<String>,
}

/// A field that has no name here.
#[napi(object)]
pub struct ProxyTlv {
    #[napi(js_name = "type")]
    pub kind: u8,
    pub value: Buffer,
}

/// What a proxy says of the client's TLS.
#[napi(object)]
pub struct ProxySsl {
    pub client: u8,
    pub verify: u32,
    pub version: Option<String>,
    pub common_name: Option<String>,
    pub cipher: Option<String>,
    pub signature_algorithm: Option<String>,
    pub key_algorithm: Option<String>,
    pub tlvs: Vec<ProxyTlv>,
}

/// A header.
#[napi(object)]
pub struct ProxyHeader {
    pub version: u8,
    /// `PROXY` or `LOCAL`.
    pub command: String,
    /// `stream`, `datagram` or `unknown`.
    pub transport: String,
    pub source: Option<ProxyEnd>,
    pub destination: Option<ProxyEnd>,
    pub checksum: bool,
    pub alpn: Option<String>,
    pub authority: Option<String>,
    pub unique_id: Option<Buffer>,
    pub ssl: Option<ProxySsl>,
    pub netns: Option<String>,
    pub tlvs: Vec<ProxyTlv>,
}

/// Returns what is in a header; null where the bytes are not one.
#[napi]
pub fn decode_proxy_header(bytes: Buffer) -> Option<ProxyHeader> {
    match proxy::read(&bytes) {
        Reading::Complete(header, _) => Some(header.into()),
        Reading::Incomplete | Reading::Absent | Reading::Refused(_) => None,
    }
}

/// Returns the bytes of a header; null where there is no such header.
#[napi]
pub fn encode_proxy_header(header: ProxyHeader) -> Option<Buffer> {
    let bytes = proxy::write(&header.parse()?)?;
    Some(bytes.into())
}

impl From<Header> for ProxyHeader {
    fn from(header: Header) -> Self {
        let (source, destination) = ends_of(header.ends);
        let mut rest = Fields(header.tlvs);
        let command = match header.command {
            Command::Local => "LOCAL",
            Command::Proxy => "PROXY",
        };
        let transport = match header.carrier {
            Carrier::Unknown => "unknown",
            Carrier::Stream => "stream",
            Carrier::Datagram => "datagram",
        };
        Self {
            version: header.version,
            command: command.to_owned(),
            transport: transport.to_owned(),
            source,
            destination,
            checksum: header.has_checksum,
            alpn: rest.take_text(kind::ALPN),
            authority: rest.take_text(kind::AUTHORITY),
            unique_id: rest.take(kind::UNIQUE_ID).map(Buffer::from),
            ssl: rest.take_ssl(),
            netns: rest.take_text(kind::NETNS),
            tlvs: rest.into_tlvs(),
        }
    }
}

fn ends_of(ends: Ends) -> (Option<ProxyEnd>, Option<ProxyEnd>) {
    match ends {
        Ends::Unknown => (None, None),
        Ends::Internet {
            source,
            destination,
        } => (Some(end_at(source)), Some(end_at(destination))),
        Ends::Unix {
            source,
            destination,
        } => (Some(end_on(&source)), Some(end_on(&destination))),
    }
}

fn end_at(address: SocketAddr) -> ProxyEnd {
    let family = if address.is_ipv6() { "IPv6" } else { "IPv4" };
    ProxyEnd {
        address: Some(format_ip(address.ip())),
        family: Some(family.to_owned()),
        port: Some(address.port().into()),
        path: None,
    }
}

fn end_on(path: &[u8]) -> ProxyEnd {
    ProxyEnd {
        address: None,
        family: None,
        port: None,
        path: Some(String::from_utf8_lossy(path).into_owned()),
    }
}

/// Fields, of which the first of a kind may be taken.
struct Fields(Vec<Tlv>);

impl Fields {
    fn take(&mut self, kind: u8) -> Option<Vec<u8>> {
        let index = self.0.iter().position(|tlv| tlv.kind == kind)?;
        Some(self.0.remove(index).value)
    }

    /// Takes a field that is text. One that is not stays among the others.
    fn take_text(&mut self, kind: u8) -> Option<String> {
        let is_text = |tlv: &Tlv| tlv.kind == kind && std::str::from_utf8(&tlv.value).is_ok();
        let index = self.0.iter().position(is_text)?;
        String::from_utf8(self.0.remove(index).value).ok()
    }

    fn take_ssl(&mut self) -> Option<ProxySsl> {
        let value = self.take(kind::SSL)?;
        let ssl = Tlv {
            kind: kind::SSL,
            value,
        }
        .ssl()?;
        let mut rest = Self(ssl.tlvs);
        Some(ProxySsl {
            client: ssl.client,
            verify: ssl.verify,
            version: rest.take_text(kind::SSL_VERSION),
            common_name: rest.take_text(kind::SSL_CN),
            cipher: rest.take_text(kind::SSL_CIPHER),
            signature_algorithm: rest.take_text(kind::SSL_SIG_ALG),
            key_algorithm: rest.take_text(kind::SSL_KEY_ALG),
            tlvs: rest.into_tlvs(),
        })
    }

    fn into_tlvs(self) -> Vec<ProxyTlv> {
        let to_tlv = |Tlv { kind, value }| ProxyTlv {
            kind,
            value: value.into(),
        };
        self.0.into_iter().map(to_tlv).collect()
    }
}

impl ProxyHeader {
    fn parse(self) -> Option<Header> {
        let command = match self.command.as_str() {
            "LOCAL" => Command::Local,
            "PROXY" => Command::Proxy,
            _ => return None,
        };
        let carrier = match self.transport.as_str() {
            "stream" => Carrier::Stream,
            "datagram" => Carrier::Datagram,
            "unknown" => Carrier::Unknown,
            _ => return None,
        };
        let mut tlvs = texts([(kind::ALPN, self.alpn), (kind::AUTHORITY, self.authority)]);
        let unique_id = self.unique_id.map(|value| field(kind::UNIQUE_ID, &value));
        tlvs.extend(unique_id);
        if let Some(ssl) = self.ssl {
            tlvs.push(ssl.to_tlv()?);
        }
        tlvs.extend(texts([(kind::NETNS, self.netns)]));
        tlvs.extend(parse_tlvs(&self.tlvs));
        Some(Header {
            version: self.version,
            command,
            carrier,
            ends: parse_ends(self.source, self.destination)?,
            tlvs,
            has_checksum: self.checksum,
        })
    }
}

impl ProxySsl {
    fn to_tlv(&self) -> Option<Tlv> {
        let mut tlvs = texts([
            (kind::SSL_VERSION, self.version.clone()),
            (kind::SSL_CN, self.common_name.clone()),
            (kind::SSL_CIPHER, self.cipher.clone()),
            (kind::SSL_SIG_ALG, self.signature_algorithm.clone()),
            (kind::SSL_KEY_ALG, self.key_algorithm.clone()),
        ]);
        tlvs.extend(parse_tlvs(&self.tlvs));
        let ssl = Ssl {
            client: self.client,
            verify: self.verify,
            tlvs,
        };
        ssl.to_tlv()
    }
}

fn field(kind: u8, value: &[u8]) -> Tlv {
    let value = value.to_vec();
    Tlv { kind, value }
}

/// Returns the fields of those texts that are there.
fn texts<const N: usize>(texts: [(u8, Option<String>); N]) -> Vec<Tlv> {
    let given = texts.into_iter();
    given
        .filter_map(|(kind, text)| Some(field(kind, text?.as_bytes())))
        .collect()
}

fn parse_tlvs(tlvs: &[ProxyTlv]) -> Vec<Tlv> {
    let all = tlvs.iter();
    all.map(|tlv| field(tlv.kind, &tlv.value)).collect()
}

fn parse_ends(source: Option<ProxyEnd>, destination: Option<ProxyEnd>) -> Option<Ends> {
    let (source, destination) = match (source, destination) {
        (None, None) => return Some(Ends::Unknown),
        ends => (ends.0?, ends.1?),
    };
    if let (Some(source), Some(destination)) = (&source.path, &destination.path) {
        return Some(Ends::Unix {
            source: source.clone().into_bytes(),
            destination: destination.clone().into_bytes(),
        });
    }
    Some(Ends::Internet {
        source: source.parse()?,
        destination: destination.parse()?,
    })
}

impl ProxyEnd {
    fn parse(&self) -> Option<SocketAddr> {
        let ip = self.address.as_ref()?.parse().ok()?;
        let port = u16::try_from(self.port?).ok()?;
        Some(SocketAddr::new(ip, port))
    }
}
