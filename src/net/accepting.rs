//! The verbs of a handle that connects or listens.

use super::handle::{Handle, State};
use super::limits::Limits;
use super::listener::{Accepted, PeerFilter};
use crate::error::{Errno, Result};

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
