//! Internet addresses as the handle contract writes them: text and port.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use crate::address::format_ip;
use crate::error::{Errno, Result};
use crate::sys::socket;

/// Reads a numeric address. A zone (`fe80::1%eth0`) may be an interface's name or number.
///
/// # Errors
/// `EINVAL` where the text is not an address of the family asked for.
pub fn parse_address(text: &str, port: u16, v6: bool) -> Result<SocketAddr> {
    if !v6 {
        let ip: Ipv4Addr = text.parse().map_err(|_| Errno::INVAL)?;
        return Ok(SocketAddrV4::new(ip, port).into());
    }
    let (digits, zone) = text.split_once('%').unwrap_or((text, ""));
    let ip: Ipv6Addr = digits.parse().map_err(|_| Errno::INVAL)?;
    let scope = if zone.is_empty() {
        0
    } else {
        socket::zone_index(zone)
    };
    Ok(SocketAddrV6::new(ip, port, 0, scope).into())
}

/// Writes an address without its port, in the way of `inet_ntop`; a link-local one with its zone.
pub fn format_address(address: &SocketAddr) -> String {
    match address {
        SocketAddr::V4(v4) => format_ip((*v4.ip()).into()),
        SocketAddr::V6(v6) => {
            let mut text = format_ip((*v6.ip()).into());
            let zone = (v6.ip().is_unicast_link_local() && v6.scope_id() > 0)
                .then(|| socket::zone_name(v6.scope_id()))
                .flatten();
            if let Some(zone) = zone {
                text.push('%');
                text.push_str(&zone);
            }
            text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(text: &str, v6: bool) -> String {
        format_address(&parse_address(text, 1, v6).unwrap())
    }

    #[test]
    fn addresses_are_written_as_inet_ntop_writes_them() {
        assert_eq!(round_trip("127.0.0.1", false), "127.0.0.1");
        assert_eq!(round_trip("0:0::1", true), "::1");
        assert_eq!(round_trip("::ffff:1.2.3.4", true), "::ffff:1.2.3.4");
        assert_eq!(round_trip("::1.2.3.4", true), "::1.2.3.4");
    }

    #[test]
    #[cfg_attr(miri, ignore = "asks the system for its interfaces")]
    fn a_zone_is_written_as_the_system_names_it() {
        let zone = if cfg!(windows) { "1" } else { "lo" };
        let address = format!("fe80::1%{zone}");
        assert_eq!(round_trip(&address, true), address);
    }

    #[test]
    fn an_address_of_the_other_family_is_invalid() {
        assert_eq!(parse_address("::1", 0, false), Err(Errno::INVAL));
        assert_eq!(parse_address("1.2.3.4", 0, true), Err(Errno::INVAL));
    }
}
