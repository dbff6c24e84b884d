//! The verbs of a handle that connects or listens.

use std::net::IpAddr;
use std::time::Instant;

use super::gate::ProxyRules;
use super::handle::{Handle, State};
use super::limits::{Limits, Seat};
use super::listener::Accepted;
use super::peer_filter::PeerFilter;
use crate::error::{Errno, Result};
use crate::event::Key;

impl Handle {
    /// True for a connect that was put off: accepts without end must not keep it waiting.
    pub fn is_connect_put_off(&self) -> bool {
        match &self.state {
            State::Connecting(connecting) => connecting.is_put_off(),
            _ => false,
        }
    }

    /// Has a connect finished in the next batch. False where there is nothing to wait with.
    pub fn put_off_connect(&mut self) -> bool {
        match &mut self.state {
            State::Connecting(connecting) => connecting.put_off(),
            _ => false,
        }
    }

    /// Accepts one connection.
    pub fn accept(&self) -> Accepted {
        match &self.state {
            State::Listener(listener) => listener.accept(),
            _ => Accepted::Nothing,
        }
    }

    /// True for a listener on which connections may wait. Where none do, the next one is reported.
    pub fn may_accept(&self) -> bool {
        match &self.state {
            State::Listener(listener) => listener.may_accept(),
            _ => false,
        }
    }

    /// Has a listener served again in the next loop iteration: it stopped before its backlog was
    /// empty.
    pub fn accept_later(&self) {
        if let State::Listener(listener) = &self.state {
            listener.accept_later();
        }
    }

    /// Has a listener served in the next loop iteration, whether a connection is known to wait or not.
    pub fn look_later(&self) {
        if let State::Listener(listener) = &self.state {
            listener.look_later();
        }
    }

    /// Limits the connections of each address.
    ///
    /// # Errors
    /// `EINVAL` for anything but a listener.
    pub fn set_limits(&mut self, limits: Limits) -> Result<()> {
        match &mut self.state {
            State::Listener(listener) => listener.set_limits(limits),
            _ => return Err(Errno::INVAL),
        }
        Ok(())
    }

    /// Leaves connections in the kernel, or accepts again.
    ///
    /// # Errors
    /// `EINVAL` for anything but a listener.
    pub fn set_paused(&mut self, is_paused: bool) -> Result<()> {
        match &self.state {
            State::Listener(listener) => listener.set_paused(is_paused),
            _ => return Err(Errno::INVAL),
        }
        Ok(())
    }

    /// Wants PROXY headers of the connections of a listener.
    ///
    /// # Errors
    /// `EINVAL` for anything but a listener.
    pub fn set_proxy_rules(&mut self, rules: ProxyRules) -> Result<()> {
        match &mut self.state {
            State::Listener(listener) => listener.set_proxy_rules(rules),
            _ => return Err(Errno::INVAL),
        }
        Ok(())
    }

    /// Returns the listener of a connection that waits for its PROXY header, and until when.
    pub fn awaited(&self) -> Option<(Key, Instant)> {
        match &self.state {
            State::Awaiting(awaiting) => awaiting.awaited(),
            _ => None,
        }
    }

    /// True when there is a PROXY header that was not taken.
    pub fn has_header(&self) -> bool {
        self.header.is_some()
    }

    /// Counts a PROXY header that a listener's connection has brought, or should have.
    pub fn count_header(&self, is_refused: bool) {
        if let State::Listener(listener) = &self.state {
            listener.count_header(is_refused);
        }
    }

    /// Asks a listener for a place for a connection of `peer`. `None` where it is rejected.
    pub fn admit(&self, peer: IpAddr) -> Option<Option<Seat>> {
        match &self.state {
            State::Listener(listener) => listener.admit(peer, true),
            _ => None,
        }
    }

    /// Puts a connection in another place among those of an address, or in none.
    pub fn set_seat(&mut self, seat: Option<Seat>) {
        match &mut self.held {
            Some(held) => held.seat = seat,
            None if seat.is_some() => self.held.get_or_insert_default().seat = seat,
            None => {}
        }
    }

    /// Returns the bytes of the PROXY header, once.
    pub fn take_header(&mut self) -> Option<Box<[u8]>> {
        self.header.take()
    }

    /// Rejects connections of some peers as soon as they are accepted; `None` for of nobody.
    ///
    /// # Errors
    /// `EINVAL` for what does not listen.
    pub fn set_peer_filter(&mut self, filter: Option<PeerFilter>) -> Result<()> {
        match &mut self.state {
            State::Listener(listener) => listener.set_peer_filter(filter),
            _ => return Err(Errno::INVAL),
        }
        Ok(())
    }
}
