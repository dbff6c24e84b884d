//! Where a listener is, as far as that distinguishes one from another.

use std::io;

use socket2::SockAddr;

use super::common::Transport;
use super::handle::Handle;
use crate::sys::{socket, BorrowedDescriptor};

/// Two handles of one place may be a listener and what has connected to it; those of two places are
/// not.
#[derive(Debug, PartialEq, Eq)]
pub enum Place {
    /// At any address: a listener on all addresses counts as one on a single address.
    Port(u16),
    /// A name; `None` where the system does not give it.
    Name(Option<SockAddr>),
}

impl Place {
    fn internet(address: Option<std::net::SocketAddr>) -> Self {
        Self::Port(address.map_or(0, |address| address.port()))
    }
}

impl Handle {
    /// Returns where this listener is.
    pub fn place(&self) -> Option<Place> {
        self.place_by(
            |fd| socket::local_address(fd).map(Place::internet),
            |fd| socket::local_name(fd).map(Place::Name),
        )
    }

    /// Returns where this handle has connected to, or `None` if it has not.
    pub fn destination(&self) -> Option<Place> {
        self.place_by(
            |fd| socket::peer_address(fd).map(Place::internet),
            |fd| socket::peer_name(fd).map(Place::Name),
        )
    }

    fn place_by(
        &self,
        internet: impl Fn(BorrowedDescriptor<'_>) -> io::Result<Place>,
        name: impl Fn(BorrowedDescriptor<'_>) -> io::Result<Place>,
    ) -> Option<Place> {
        let fd = self.fd()?;
        match self.common.transport {
            Transport::Tcp => internet(fd).ok(),
            Transport::Pipe => name(fd).ok(),
        }
    }
}
