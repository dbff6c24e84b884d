//! How many connections one address may have, and how fast it may open them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// The table is searched for entries without a purpose when it has so many, and then at twice as many
/// as are left.
const SWEEP_AT: usize = 1024;

const SECOND: Duration = Duration::from_secs(1);

/// The limits of a listener; 0 stands for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Connections that one address may have open.
    pub open: u32,
    /// Connections that one address may open in a second.
    pub rate: u32,
}

/// Why a connection is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Excess {
    Open,
    Rate,
}

/// Who counts as one address: an IPv4 address, or the network of an IPv6 one (`/64`), of which one
/// host has all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Peer {
    V4(u32),
    V6(u64),
}

impl From<IpAddr> for Peer {
    fn from(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self::V4(ip.to_bits()),
            IpAddr::V6(ip) => Self::V6(u64::try_from(ip.to_bits() >> 64).unwrap_or(0)),
        }
    }
}

/// What is known of one address.
#[derive(Debug)]
struct Entry {
    open: u32,
    /// When its rate is used up by nothing: each connection moves it on by the time that the rate
    /// has for one.
    free_at: Instant,
}

#[derive(Debug)]
struct Entries {
    by_peer: HashMap<Peer, Entry>,
    sweep_at: usize,
}

/// The addresses of a listener's connections.
#[derive(Debug)]
pub(super) struct Table {
    limits: Limits,
    entries: Rc<RefCell<Entries>>,
}

/// The place of one connection among those of its address. Given back when dropped.
#[derive(Debug)]
pub struct Seat {
    peer: Peer,
    entries: Rc<RefCell<Entries>>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(entry) = self.entries.borrow_mut().by_peer.get_mut(&self.peer) {
            entry.open = entry.open.saturating_sub(1);
        }
    }
}

impl Table {
    pub fn new(limits: Limits) -> Self {
        let entries = Entries {
            by_peer: HashMap::new(),
            sweep_at: SWEEP_AT,
        };
        Self {
            limits,
            entries: Rc::new(RefCell::new(entries)),
        }
    }

    /// Changes the limits. What is open stays, and counts.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Seats a connection of `ip`, unless that is too many or too soon.
    pub fn admit(&self, ip: IpAddr, now: Instant) -> Result<Seat, Excess> {
        let peer = Peer::from(ip);
        let mut entries = self.entries.borrow_mut();
        entries.sweep(now);
        let entry = entries.by_peer.entry(peer).or_insert(Entry {
            open: 0,
            free_at: now,
        });
        if self.limits.open > 0 && entry.open >= self.limits.open {
            return Err(Excess::Open);
        }
        if self.limits.rate > 0 {
            entry.spend(SECOND / self.limits.rate, now)?;
        }
        entry.open += 1;
        drop(entries);
        Ok(Seat {
            peer,
            entries: Rc::clone(&self.entries),
        })
    }
}

impl Entry {
    /// Takes the time of one connection, of which a second's may be taken at once.
    fn spend(&mut self, cost: Duration, now: Instant) -> Result<(), Excess> {
        let next = self.free_at.max(now) + cost;
        if next.duration_since(now) > SECOND {
            return Err(Excess::Rate);
        }
        self.free_at = next;
        Ok(())
    }
}

impl Entries {
    /// Forgets who has nothing open and whose rate is not used, where there are many.
    fn sweep(&mut self, now: Instant) {
        if self.by_peer.len() < self.sweep_at {
            return;
        }
        self.by_peer
            .retain(|_, entry| entry.open > 0 || entry.free_at > now);
        self.sweep_at = SWEEP_AT.max(2 * self.by_peer.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn table(open: u32, rate: u32) -> Table {
        Table::new(Limits { open, rate })
    }

    fn v4(last: u8) -> IpAddr {
        Ipv4Addr::new(127, 0, 0, last).into()
    }

    #[test]
    fn an_address_has_so_many_open_and_no_more() {
        let (table, now) = (table(2, 0), Instant::now());
        let first = table.admit(v4(1), now).unwrap();
        let _second = table.admit(v4(1), now).unwrap();
        assert_eq!(table.admit(v4(1), now).unwrap_err(), Excess::Open);
        let _another = table.admit(v4(2), now).unwrap();
        drop(first);
        let _third = table.admit(v4(1), now).unwrap();
        assert_eq!(table.admit(v4(1), now).unwrap_err(), Excess::Open);
    }

    #[test]
    fn an_address_opens_so_many_a_second() {
        let (table, start) = (table(0, 4), Instant::now());
        let admit = |after| table.admit(v4(1), start + Duration::from_millis(after));
        for _ in 0..4 {
            admit(0).unwrap();
        }
        assert_eq!(admit(0).unwrap_err(), Excess::Rate);
        assert_eq!(admit(249).unwrap_err(), Excess::Rate);
        admit(250).unwrap();
        assert_eq!(admit(250).unwrap_err(), Excess::Rate);
        for _ in 0..4 {
            admit(5_000).unwrap();
        }
        assert_eq!(admit(5_000).unwrap_err(), Excess::Rate);
        table.admit(v4(2), start).unwrap();
    }

    #[test]
    fn a_rejected_connection_costs_nothing_of_the_rate() {
        let (table, now) = (table(1, 2), Instant::now());
        let seat = table.admit(v4(1), now).unwrap();
        for _ in 0..10 {
            assert_eq!(table.admit(v4(1), now).unwrap_err(), Excess::Open);
        }
        drop(seat);
        table.admit(v4(1), now).unwrap();
    }

    #[test]
    fn mapped_addresses_are_ipv4_and_networks_are_one_address() {
        let (table, now) = (table(1, 0), Instant::now());
        let admits = |text: &str| table.admit(text.parse().unwrap(), now);
        let _mapped = admits("::ffff:127.0.0.1").unwrap();
        assert!(admits("127.0.0.1").is_err());
        let _first = admits("2001:db8::1").unwrap();
        assert!(admits("2001:db8::ffff:2").is_err());
        let _other = admits("2001:db8:0:1::1").unwrap();
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes minutes, and is about numbers alone")]
    fn the_table_forgets_who_is_gone() {
        let (table, start) = (table(1, 1), Instant::now());
        let address = |bits: u32| IpAddr::from(Ipv4Addr::from_bits(bits));
        let _kept = table.admit(address(0), start).unwrap();
        for bits in 1..100_000 {
            let now = start + Duration::from_millis(u64::from(bits));
            table.admit(address(bits), now).unwrap();
        }
        let entries = table.entries.borrow();
        assert!(entries.by_peer.len() < 4 * SWEEP_AT);
        assert!(entries.by_peer.contains_key(&Peer::from(address(0))));
    }

    #[test]
    fn new_limits_hold_for_what_is_open() {
        let (mut table, now) = (table(2, 0), Instant::now());
        let _seats = [table.admit(v4(1), now), table.admit(v4(1), now)];
        table.set_limits(Limits { open: 3, rate: 0 });
        let _third = table.admit(v4(1), now).unwrap();
        table.set_limits(Limits { open: 1, rate: 0 });
        assert_eq!(table.admit(v4(1), now).unwrap_err(), Excess::Open);
    }
}
