//! The binding of block lists.
//!
//! Rules change through a class. A lookup runs for every accepted connection, so it is a free
//! function that takes the list's key: a class method takes three times as long.

// A test build registers nothing with N-API, so this looks unused there.
#![cfg_attr(test, allow(dead_code))]

use std::cell::RefCell;
use std::net::Ipv6Addr;
use std::rc::Rc;

use napi_derive::napi;

use super::address::{family, Endpoint};
use crate::address::{parse_ip, BlockList, Listing};
use crate::net::PeerFilter;

type SharedList = Rc<RefCell<BlockList>>;

/// The lists of one thread, by key. An unused key holds `None`.
#[derive(Default)]
struct Lists {
    slots: Vec<Option<SharedList>>,
    free: Vec<usize>,
}

thread_local! {
    static LISTS: RefCell<Lists> = RefCell::default();
}

impl Lists {
    fn insert(&mut self, list: SharedList) -> usize {
        if let Some(key) = self.free.pop() {
            self.slots[key] = Some(list);
            return key;
        }
        self.slots.push(Some(list));
        self.slots.len() - 1
    }

    fn remove(&mut self, key: usize) {
        self.slots[key] = None;
        self.free.push(key);
    }
}

/// Runs `question` on the list with this key; false if there is none. JavaScript keeps a list alive
/// while it holds the key.
fn ask(key: u32, question: impl FnOnce(&mut BlockList) -> bool) -> bool {
    LISTS.with_borrow(|lists| {
        let list = usize::try_from(key)
            .ok()
            .and_then(|key| lists.slots.get(key)?.as_ref());
        list.is_some_and(|list| question(&mut list.borrow_mut()))
    })
}

/// Returns a filter by which a listener rejects peers; `None` for a key that no list has.
pub fn peer_filter(key: u32) -> Option<PeerFilter> {
    let list = LISTS.with_borrow(|lists| lists.slots.get(usize::try_from(key).ok()?)?.clone())?;
    Some(PeerFilter::new(move |ip| list.borrow_mut().check(ip)))
}

/// The rules of one list.
///
/// Each `add` method returns false, and adds nothing, if an address is malformed or the rule is
/// invalid.
#[napi]
pub struct NativeBlockList {
    list: SharedList,
    key: usize,
}

#[napi]
impl NativeBlockList {
    /// Creates an empty list.
    #[napi(constructor)]
    pub fn new() -> Self {
        let list = SharedList::default();
        let key = LISTS.with_borrow_mut(|lists| lists.insert(Rc::clone(&list)));
        Self { list, key }
    }

    /// Returns the key that the free functions take.
    #[napi(getter)]
    pub fn key(&self) -> u32 {
        u32::try_from(self.key).unwrap_or(u32::MAX)
    }

    #[napi]
    pub fn add_address(&self, address: Endpoint) -> bool {
        let address = address.value();
        address.is_some_and(|address| {
            self.list.borrow_mut().add_address(address.ip());
            true
        })
    }

    #[napi]
    pub fn remove_address(&self, address: Endpoint) {
        if let Some(address) = address.value() {
            self.list.borrow_mut().remove_address(address.ip());
        }
    }

    /// Adds a range; returns false also if `end` is before `start`.
    #[napi]
    pub fn add_range(&self, start: Endpoint, end: Endpoint) -> bool {
        let ends = start.value().zip(end.value());
        ends.is_some_and(|(start, end)| self.list.borrow_mut().add_range(start, end))
    }

    #[napi]
    pub fn remove_range(&self, start: Endpoint, end: Endpoint) {
        if let Some((start, end)) = start.value().zip(end.value()) {
            self.list.borrow_mut().remove_range(start, end);
        }
    }

    /// Adds a subnet; returns false also if the prefix is longer than an address.
    #[napi]
    pub fn add_subnet(&self, network: Endpoint, prefix: u8) -> bool {
        let network = network.value();
        network.is_some_and(|network| self.list.borrow_mut().add_subnet(network, prefix))
    }

    #[napi]
    pub fn remove_subnet(&self, network: Endpoint, prefix: u8) {
        if let Some(network) = network.value() {
            self.list.borrow_mut().remove_subnet(network, prefix);
        }
    }

    #[napi]
    pub fn clear(&self) {
        self.list.borrow_mut().clear();
    }

    /// Returns every rule in node's text form: by age, the newest first, or addresses, then
    /// subnets, then ranges.
    #[napi]
    pub fn list(&self, newest_first: bool) -> Vec<String> {
        let listing = if newest_first {
            Listing::NewestFirst
        } else {
            Listing::ByKind
        };
        self.list.borrow().list(listing)
    }

    /// Returns the number of rules.
    #[napi(getter)]
    pub fn size(&self) -> u32 {
        u32::try_from(self.list.borrow().len()).unwrap_or(u32::MAX)
    }
}

impl Drop for NativeBlockList {
    fn drop(&mut self) {
        // When the thread ends, its lists may be dropped before the last of these objects.
        let _ = LISTS.try_with(|lists| lists.borrow_mut().remove(self.key));
    }
}

/// Returns true if a rule covers the address, in any text form that node accepts; false if it is
/// not an address.
#[napi]
pub fn block_list_has(key: u32, text: String, is_v6: bool) -> bool {
    parse_ip(&text, family(is_v6)).is_some_and(|ip| ask(key, |list| list.check(ip)))
}

/// Returns true if a rule covers an IPv4 address, given as a number.
#[napi]
pub fn block_list_has_v4(key: u32, address: u32) -> bool {
    ask(key, |list| list.check_v4(address))
}

/// Returns true if a rule covers an IPv6 address, given as four numbers with the first bits first.
#[napi]
pub fn block_list_has_v6(key: u32, first: u32, second: u32, third: u32, fourth: u32) -> bool {
    let words = [first, second, third, fourth];
    let bits = words
        .into_iter()
        .fold(0_u128, |bits, word| (bits << 32) | u128::from(word));
    ask(key, |list| list.check(Ipv6Addr::from_bits(bits).into()))
}
