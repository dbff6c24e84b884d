//! Parsing and formatting of IP addresses, as libuv does it.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How many bytes libuv keeps of an address that is followed by a zone.
const ZONED_ADDRESS_MAX: usize = 39;

/// An address family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    V4,
    V6,
}

/// Parses an address of `family` as `uv_ip4_addr` and `uv_ip6_addr` do; `None` where they reject
/// it.
///
/// The text ends at its first NUL, as in C. An IPv6 address may carry a zone (`fe80::1%eth0`) of
/// any content, which is dropped.
pub fn parse_ip(text: &str, family: Family) -> Option<IpAddr> {
    let text = text.split('\0').next().unwrap_or_default();
    match family {
        Family::V4 => text.parse().ok().map(IpAddr::V4),
        Family::V6 => parse_v6(text).map(IpAddr::V6),
    }
}

fn parse_v6(text: &str) -> Option<Ipv6Addr> {
    let Some((address, _zone)) = text.split_once('%') else {
        return text.parse().ok();
    };
    // libuv copies the part before the zone into a buffer and cuts off what does not fit.
    let end = address.len().min(ZONED_ADDRESS_MAX);
    address.get(..end)?.parse().ok()
}

/// Formats an address as `uv_inet_ntop` does.
///
/// That is the usual form with one exception: an address that begins with 96 zero bits ends in IPv4
/// form (`::1.2.3.4`), as an IPv4-mapped one does.
pub fn format_ip(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format_v6(ip),
    }
}

fn format_v6(ip: Ipv6Addr) -> String {
    let [a, b, c, d, e, f, high, _low] = ip.segments();
    if [a, b, c, d, e, f] != [0; 6] || high == 0 {
        return ip.to_string();
    }
    let [.., w, x, y, z] = ip.octets();
    let mut text = String::from("::");
    // Writing to a String cannot fail.
    let _ = write!(text, "{}", Ipv4Addr::new(w, x, y, z));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(text: &str) -> Option<String> {
        parse_ip(text, Family::V4).map(format_ip)
    }

    fn v6(text: &str) -> Option<String> {
        parse_ip(text, Family::V6).map(format_ip)
    }

    #[test]
    fn reads_dotted_quads_only() {
        assert_eq!(v4("127.0.0.1").as_deref(), Some("127.0.0.1"));
        assert_eq!(v4("0.0.0.0").as_deref(), Some("0.0.0.0"));
        for text in [
            "",
            "1.2.3",
            "1.2.3.4.",
            "1.2.3.4.5",
            "256.1.1.1",
            "01.1.1.1",
            "1.1.1.00",
            "0x1.1.1.1",
            " 1.1.1.1",
            "1.1.1.1 ",
            "::1",
            "1..1.1",
            "1.1.1.1%lo",
            "１.1.1.1",
        ] {
            assert_eq!(v4(text), None, "{text}");
        }
    }

    #[test]
    fn reads_every_form_of_ipv6() {
        for (text, canonical) in [
            ("::", "::"),
            ("::1", "::1"),
            ("1::", "1::"),
            ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
            ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
            ("2001:0DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
            ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
            ("1:2:3:4:5::1.2.3.4", "1:2:3:4:5:0:102:304"),
        ] {
            assert_eq!(v6(text).as_deref(), Some(canonical), "{text}");
        }
        for text in [
            "",
            ":",
            ":::",
            "1",
            "1:",
            ":1",
            "1::2::3",
            "1:2:3:4:5:6:7:8:9",
            "1:2:3:4:5:6:7:8::",
            "12345::",
            "g::",
            "::1.2.3",
            "::1.2.3.4.5",
            "::01.2.3.4",
            "1.2.3.4",
            "::1 ",
            "1:2:3:4:5:6:7:1.2.3.4",
        ] {
            assert_eq!(v6(text), None, "{text}");
        }
    }

    #[test]
    fn shows_an_embedded_ipv4_address() {
        assert_eq!(v6("::ffff:102:304").as_deref(), Some("::ffff:1.2.3.4"));
        assert_eq!(v6("::102:304").as_deref(), Some("::1.2.3.4"));
        assert_eq!(v6("::1:0").as_deref(), Some("::0.1.0.0"));
        assert_eq!(v6("::ffff").as_deref(), Some("::ffff"));
        assert_eq!(v6("::ffff:0:102:304").as_deref(), Some("::ffff:0:102:304"));
    }

    #[test]
    fn leaves_the_zone_out() {
        assert_eq!(v6("fe80::1%eth0").as_deref(), Some("fe80::1"));
        assert_eq!(v6("fe80::1%").as_deref(), Some("fe80::1"));
        assert_eq!(v6("fe80::1%a%b c").as_deref(), Some("fe80::1"));
        assert_eq!(v6("%lo"), None);
    }

    #[test]
    fn keeps_as_much_of_a_zoned_address_as_libuv() {
        let full = "1111:2222:3333:4444:5555:6666:7777:8888";
        assert_eq!(v6(&format!("{full}%lo")).as_deref(), Some(full));
        assert_eq!(v6(&format!("{full}9%lo")).as_deref(), Some(full));
        assert_eq!(v6(&format!("{full}9")), None);
    }

    #[test]
    fn ends_at_the_first_nul() {
        assert_eq!(v4("1.2.3.4\0junk").as_deref(), Some("1.2.3.4"));
        assert_eq!(v6("::1\0%lo").as_deref(), Some("::1"));
        assert_eq!(v4("\u{0}1.2.3.4"), None);
    }

    #[test]
    fn refuses_text_cut_inside_a_character() {
        let text = format!("{}é%lo", "1".repeat(38));
        assert_eq!(v6(&text), None);
    }
}
