//! Finds the listeners that a connect of this process may have reached.

use std::io;

use socket2::SockAddr;

use super::common::Transport;
use super::handle::Handle;
use crate::sys::{socket, BorrowedDescriptor};

/// Where a handle listens, or what it has connected to.
///
/// A connection may have reached a listener only if both have the same endpoint.
#[derive(Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// At any address: a listener on all addresses counts as one on a single address.
    Port(u16),
    /// A name; `None` where the system does not give it.
    Name(Option<SockAddr>),
}

impl Endpoint {
    fn internet(address: Option<std::net::SocketAddr>) -> Self {
        Self::Port(address.map_or(0, |address| address.port()))
    }
}

impl Handle {
    /// Returns where this listener is.
    pub fn endpoint(&self) -> Option<Endpoint> {
        self.endpoint_by(
            |fd| socket::local_address(fd).map(Endpoint::internet),
            |fd| socket::local_name(fd).map(Endpoint::Name),
        )
    }

    /// Returns where this handle has connected to, or `None` if it has not.
    pub fn destination(&self) -> Option<Endpoint> {
        self.endpoint_by(
            |fd| socket::peer_address(fd).map(Endpoint::internet),
            |fd| socket::peer_name(fd).map(Endpoint::Name),
        )
    }

    fn endpoint_by(
        &self,
        internet: impl Fn(BorrowedDescriptor<'_>) -> io::Result<Endpoint>,
        name: impl Fn(BorrowedDescriptor<'_>) -> io::Result<Endpoint>,
    ) -> Option<Endpoint> {
        let fd = self.fd()?;
        match self.common.transport {
            Transport::Tcp => internet(fd).ok(),
            Transport::Pipe => name(fd).ok(),
        }
    }
}
