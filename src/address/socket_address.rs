//! An endpoint: an address with its port and, for IPv6, its flow label.

use std::net::IpAddr;

use super::ip::{parse_ip, Family};

/// The values of node's `SocketAddress`.
///
/// Two are equal when all their parts are, as for two `sockaddr`: a rule added with a port is
/// removed only with that port. The zone (`%eth0`) is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SocketAddress {
    ip: IpAddr,
    port: u16,
    flow_label: u32,
}

impl SocketAddress {
    /// Parses an endpoint; `None` if `text` is not an address of `family`.
    ///
    /// An IPv4 endpoint has no flow label: `flow_label` is then ignored.
    pub fn parse(text: &str, family: Family, port: u16, flow_label: u32) -> Option<Self> {
        let ip = parse_ip(text, family)?;
        let flow_label = if ip.is_ipv6() { flow_label } else { 0 };
        Some(Self {
            ip,
            port,
            flow_label,
        })
    }

    /// Returns the address.
    pub const fn ip(&self) -> IpAddr {
        self.ip
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_address_of_its_family_only() {
        assert!(SocketAddress::parse("1.2.3.4", Family::V4, 80, 0).is_some());
        assert!(SocketAddress::parse("1.2.3.4", Family::V6, 80, 0).is_none());
        assert!(SocketAddress::parse("::1", Family::V4, 80, 0).is_none());
    }

    #[test]
    fn equals_when_every_part_does() {
        let at = |port, flow| SocketAddress::parse("::1", Family::V6, port, flow);
        assert_eq!(at(1, 2), at(1, 2));
        assert_ne!(at(1, 2), at(2, 2));
        assert_ne!(at(1, 2), at(1, 3));
    }

    #[test]
    fn has_a_flow_label_in_ipv6_only() {
        let at = |flow| SocketAddress::parse("1.2.3.4", Family::V4, 0, flow);
        assert_eq!(at(5), at(0));
    }
}
