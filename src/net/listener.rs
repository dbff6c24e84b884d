//! A handle that accepts connections.

use std::cell::Cell;
use std::fmt;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::time::Instant;

use super::common::Transport;
use super::gate::{Expectation, Gate, ProxyRules};
use super::limits::{Excess, Limits, Seat, Table};
use super::socket::Socket;
use crate::error::{Errno, Result};
use crate::event::Key;
use crate::runtime::{Attempt, Count, Interest, Reactor};
use crate::sys::{descriptor, path, socket, Descriptor};

/// A listening socket, and the connections that it rejects.
#[derive(Debug)]
pub(super) struct Listener {
    socket: Socket,
    /// Made by the first filter: few listeners have one.
    rejection: Option<Box<Rejection>>,
    /// Says what is wanted of PROXY headers, where they are.
    gate: Option<Box<Gate>>,
    /// See [`Listener::look_later`].
    look_is_due: Cell<bool>,
    /// Connections wait in the kernel.
    is_paused: Cell<bool>,
}

/// Says of a peer's address whether a listener rejects it.
pub struct PeerFilter(Box<dyn Fn(IpAddr) -> bool>);

#[derive(Debug, Default)]
struct Rejection {
    filter: Option<PeerFilter>,
    table: Option<Table>,
    by_filter: Count,
    by_open: Count,
    by_rate: Count,
}

/// A connection that was accepted.
#[derive(Debug)]
pub struct Incoming {
    pub fd: Descriptor,
    /// Given back when the connection closes, where its address is limited.
    pub seat: Option<Box<Seat>>,
    /// A PROXY header is to come first.
    pub expectation: Option<Expectation>,
}

impl From<Descriptor> for Incoming {
    fn from(fd: Descriptor) -> Self {
        Self {
            fd,
            seat: None,
            expectation: None,
        }
    }
}

/// What one attempt to accept brought.
#[derive(Debug)]
pub enum Accepted {
    Connection(Incoming),
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

    /// True for a peer of whom it speaks.
    pub(super) fn covers(&self, peer: IpAddr) -> bool {
        (self.0)(peer)
    }
}

impl fmt::Debug for PeerFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PeerFilter")
    }
}

impl Rejection {
    /// Seats a connection of `peer`, or counts why it is rejected.
    fn admit(&self, peer: IpAddr, is_limited: bool) -> Option<Option<Box<Seat>>> {
        if self.filter.as_ref().is_some_and(|it| it.covers(peer)) {
            self.by_filter.add(1);
            return None;
        }
        let table = self.table.as_ref().filter(|_| is_limited);
        match table.map(|it| it.admit(peer, Instant::now())).transpose() {
            Ok(seat) => Some(seat),
            Err(Excess::Open) => {
                self.by_open.add(1);
                None
            }
            Err(Excess::Rate) => {
                self.by_rate.add(1);
                None
            }
        }
    }
}

impl Listener {
    /// Takes over what [`Socket::listen`] has made a listener of.
    pub fn new(socket: Socket) -> Self {
        Self {
            socket,
            rejection: None,
            gate: None,
            look_is_due: Cell::new(false),
            is_paused: Cell::new(false),
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
        let source = match self.socket.source() {
            Some(source) if !self.is_paused.get() => source,
            _ => return Accepted::Nothing,
        };
        match source.try_accept() {
            Attempt::Done(fd) if self.rejection.is_none() && self.gate.is_none() => {
                Accepted::Connection(fd.into())
            }
            Attempt::Done(fd) => self.judge(fd),
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

    /// Lets a connection in, or counts why it is rejected. One without an address is let in.
    fn judge(&self, fd: Descriptor) -> Accepted {
        let address = socket::peer_address(descriptor::borrow(&fd));
        let peer = address.ok().flatten().map(|address| address.ip());
        let expectation = self.gate.as_ref().and_then(|gate| gate.expect(peer));
        let is_limited = !expectation.is_some_and(|it| it.is_exempt || it.is_stranger);
        match peer.map_or(Some(None), |peer| self.admit(peer, is_limited)) {
            None => Accepted::Aborted,
            Some(seat) => Accepted::Connection(Incoming {
                fd,
                seat,
                expectation,
            }),
        }
    }

    /// Seats a connection of `peer`; `None` where it is rejected.
    pub fn admit(&self, peer: IpAddr, is_limited: bool) -> Option<Option<Box<Seat>>> {
        match &self.rejection {
            None => Some(None),
            Some(rejection) => rejection.admit(peer, is_limited),
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

    /// Limits the connections of each address from now on.
    pub fn set_limits(&mut self, limits: Limits) {
        let rejection = self.rejection.get_or_insert_default();
        match &mut rejection.table {
            Some(table) => table.set_limits(limits),
            None => rejection.table = Some(Table::new(limits)),
        }
    }

    /// Wants PROXY headers of the connections from now on.
    pub fn set_proxy_rules(&mut self, rules: ProxyRules) {
        match &mut self.gate {
            Some(gate) => gate.rules = rules,
            None => self.gate = Some(Box::new(Gate::new(rules))),
        }
    }

    /// Counts a header that was read, or refused.
    pub fn count_header(&self, is_refused: bool) {
        if let Some(gate) = &self.gate {
            let count = if is_refused {
                &gate.refused
            } else {
                &gate.read
            };
            count.add(1);
        }
    }

    /// Returns how many headers were read, and how many connections were refused for theirs.
    pub fn headers(&self) -> [u64; 2] {
        let counts = self.gate.as_ref();
        counts.map_or([0; 2], |gate| [gate.read.get(), gate.refused.get()])
    }

    /// Leaves connections in the kernel, or accepts what has come meanwhile.
    pub fn set_paused(&self, is_paused: bool) {
        if self.is_paused.replace(is_paused) && !is_paused {
            self.look_later();
        }
    }

    /// Returns how many connections were rejected by the filter, because their address had too many
    /// open, and because it opened them too fast.
    pub fn rejected(&self) -> [u64; 3] {
        self.rejection.as_ref().map_or([0; 3], |rejection| {
            let Rejection {
                by_filter,
                by_open,
                by_rate,
                ..
            } = &**rejection;
            [by_filter.get(), by_open.get(), by_rate.get()]
        })
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
