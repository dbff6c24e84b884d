//! A handle that accepts connections.

use std::cell::Cell;
use std::fmt;
use std::io::ErrorKind;
use std::net::IpAddr;

use super::common::Transport;
use super::socket::Socket;
use crate::error::{Errno, Result};
use crate::event::Key;
use crate::runtime::{Attempt, Count, Interest, Reactor};
use crate::sys::{descriptor, path, socket, BorrowedDescriptor, Descriptor};

/// A listening socket, and the connections that it rejects.
#[derive(Debug)]
pub(super) struct Listener {
    socket: Socket,
    /// Made by the first filter: few listeners have one.
    rejection: Option<Box<Rejection>>,
    /// See [`Listener::look_later`].
    look_is_due: Cell<bool>,
}

/// Says of a peer's address whether a listener rejects it.
pub struct PeerFilter(Box<dyn Fn(IpAddr) -> bool>);

#[derive(Debug, Default)]
struct Rejection {
    filter: Option<PeerFilter>,
    rejected: Count,
}

/// What one attempt to accept brought.
#[derive(Debug)]
pub enum Accepted {
    Connection(Descriptor),
    /// The backlog is empty.
    Nothing,
    /// The connection was gone before it could be taken, or was rejected: go on.
    Aborted,
    Failed {
        errno: Errno,
        exhausted: bool,
    },
}

impl PeerFilter {
    pub fn new(rejects: impl Fn(IpAddr) -> bool + 'static) -> Self {
        Self(Box::new(rejects))
    }

    /// True for a peer that the listener rejects; false for one without an address.
    fn rejects(&self, fd: BorrowedDescriptor<'_>) -> bool {
        match socket::peer_address(fd) {
            Ok(Some(peer)) => (self.0)(peer.ip()),
            _ => false,
        }
    }
}

impl fmt::Debug for PeerFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PeerFilter")
    }
}

impl Rejection {
    /// True for a peer that is rejected, which is counted.
    fn applies_to(&self, peer: BorrowedDescriptor<'_>) -> bool {
        let applies = self
            .filter
            .as_ref()
            .is_some_and(|filter| filter.rejects(peer));
        if applies {
            self.rejected.add(1);
        }
        applies
    }
}

impl Listener {
    /// Takes over what [`Socket::listen`] has made a listener of.
    pub fn new(socket: Socket) -> Self {
        Self {
            socket,
            rejection: None,
            look_is_due: Cell::new(false),
        }
    }

    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    pub fn socket_mut(&mut self) -> &mut Socket {
        &mut self.socket
    }

    /// True when connections may wait: the reactor has reported some, or [`Self::look_later`] was
    /// called. Where neither is so, the reactor reports the next one.
    pub fn may_accept(&self) -> bool {
        let was_asked = self.look_is_due.take();
        let source = self.socket.source();
        was_asked || source.is_some_and(|source| source.is_ready(Interest::Read))
    }

    /// Accepts one connection.
    pub fn accept(&self) -> Accepted {
        let Some(source) = self.socket.source() else {
            return Accepted::Nothing;
        };
        match source.try_accept() {
            Attempt::Done(fd) => match &self.rejection {
                Some(rejection) if rejection.applies_to(descriptor::borrow(&fd)) => {
                    Accepted::Aborted
                }
                _ => Accepted::Connection(fd),
            },
            Attempt::Pending => Accepted::Nothing,
            Attempt::Failed(error) if error.kind() == ErrorKind::ConnectionAborted => {
                Accepted::Aborted
            }
            Attempt::Failed(error) => Accepted::Failed {
                exhausted: descriptor::is_exhausted(&error),
                errno: error.into(),
            },
        }
    }

    /// Has the listener served again in the next loop iteration: it stopped before its backlog was
    /// empty.
    pub fn accept_later(&self) {
        if let Some(source) = self.socket.source() {
            source.arm_later(Interest::Read);
        }
    }

    /// Has the listener served in the next loop iteration, whether a connection is known to wait or not.
    pub fn look_later(&self) {
        if let Some(source) = self.socket.source() {
            source.announce_later(Interest::Read);
            self.look_is_due.set(true);
        }
    }

    /// Rejects the connections of some peers as soon as they are accepted, or with `None` of
    /// nobody.
    pub fn set_peer_filter(&mut self, filter: Option<PeerFilter>) {
        self.rejection.get_or_insert_default().filter = filter;
    }

    /// Returns how many connections were rejected.
    pub fn rejected(&self) -> u64 {
        let rejection = self.rejection.as_ref();
        rejection.map_or(0, |rejection| rejection.rejected.get())
    }
}

impl Socket {
    /// Starts to listen, and to wait for connections.
    ///
    /// # Errors
    /// `EBADF` without a descriptor, and the kernel's.
    pub fn listen(
        &mut self,
        key: Key,
        transport: Transport,
        reactor: &Reactor,
        backlog: i32,
    ) -> Result<()> {
        let fd = self.fd().ok_or(Errno::BADF)?;
        match transport {
            Transport::Tcp => socket::listen(fd, backlog)?,
            Transport::Pipe => path::listen(fd, backlog)?,
        }
        // It may have been made blocking before it became a listener. What cannot be is not.
        let _ = descriptor::set_blocking(fd, false);
        self.register(key, reactor)?.arm(Interest::Read);
        self.release_claim();
        Ok(())
    }
}
