//! A handle that accepts connections.

use std::cell::Cell;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::time::Instant;

use super::common::Transport;
use super::gate::{Expectation, Gate, ProxyRules};
use super::limits::{Excess, Limits, Seat, Table};
use super::peer_filter::PeerFilter;
use super::shared::{Membership, Place};
use super::socket::Socket;
use crate::error::{Errno, Result};
use crate::runtime::{Attempt, Count, Interest};
use crate::sys::{descriptor, path, socket, Descriptor};

/// A listening socket, and the connections that it rejects.
#[derive(Debug)]
pub(super) struct Listener {
    /// Dropped before `queue`, with which the listening socket may close.
    socket: Socket,
    queue: Queue,
    /// Made by the first filter: few listeners have one.
    rejection: Option<Box<Rejection>>,
    /// Says what is wanted of PROXY headers, where they are.
    gate: Option<Box<Gate>>,
    /// See [`Listener::look_later`].
    look_is_due: Cell<bool>,
    /// Connections wait in the kernel.
    is_paused: Cell<bool>,
}

/// Where connections wait.
#[derive(Debug)]
enum Queue {
    /// In the kernel, and the socket's registration reports them.
    Kernel,
    /// In an inbox that other threads have too.
    Shared(Membership),
}

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
    /// Given back when the connection closes, where anything counts it.
    pub held: Option<Box<Held>>,
    /// A PROXY header is to come first.
    pub expectation: Option<Expectation>,
}

/// What counts a connection as open.
#[derive(Debug, Default)]
pub struct Held {
    /// Its place among the connections of its address, where these are limited.
    pub(super) seat: Option<Seat>,
    /// Its place among those of its thread, where threads share the listener.
    place: Option<Place>,
}

impl From<Descriptor> for Incoming {
    fn from(fd: Descriptor) -> Self {
        Self {
            fd,
            held: None,
            expectation: None,
        }
    }
}

impl Incoming {
    /// Adds the place among the connections of its thread.
    fn with_place(mut self, place: Place) -> Self {
        self.held.get_or_insert_default().place = Some(place);
        self
    }
}

impl Held {
    fn of_address(seat: Seat) -> Box<Self> {
        Box::new(Self {
            seat: Some(seat),
            place: None,
        })
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

impl Rejection {
    /// Seats a connection of `peer`, or counts why it is rejected.
    fn admit(&self, peer: IpAddr, is_limited: bool) -> Option<Option<Seat>> {
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
        Self::with_queue(socket, Queue::Kernel)
    }

    /// Accepts by way of an inbox. The socket is a duplicate of the one that others listen on.
    pub fn shared(socket: Socket, membership: Membership) -> Self {
        Self::with_queue(socket, Queue::Shared(membership))
    }

    fn with_queue(socket: Socket, queue: Queue) -> Self {
        Self {
            socket,
            queue,
            rejection: None,
            gate: None,
            look_is_due: Cell::new(false),
            is_paused: Cell::new(false),
        }
    }

    /// True when other threads may have a share in the socket.
    pub fn is_shared(&self) -> bool {
        matches!(self.queue, Queue::Shared(_))
    }

    /// Returns what [`Membership::counts`] does, for a socket that is shared.
    pub fn shared_counts(&self) -> Option<Vec<u64>> {
        match &self.queue {
            Queue::Kernel => None,
            Queue::Shared(membership) => Some(membership.counts()),
        }
    }

    /// Adds permissions for everybody to the bound name.
    ///
    /// # Errors
    /// `EBADF` where no name is bound, and the system's.
    pub fn change_mode(&self, mode: u32) -> Result<()> {
        match &self.queue {
            Queue::Kernel => self.socket.change_mode(mode),
            Queue::Shared(membership) => {
                membership.change_mode(self.socket.fd().ok_or(Errno::BADF)?, mode)
            }
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
        if let Queue::Shared(membership) = &self.queue {
            membership.answer();
            return true;
        }
        let was_asked = self.look_is_due.take();
        let source = self.socket.source();
        was_asked || source.is_some_and(|source| source.is_ready(Interest::Read))
    }

    /// Accepts one connection.
    pub fn accept(&self) -> Accepted {
        if self.is_paused.get() {
            return Accepted::Nothing;
        }
        match &self.queue {
            Queue::Kernel => self.accept_from_kernel(),
            Queue::Shared(membership) => self.accept_shared(membership),
        }
    }

    fn accept_shared(&self, membership: &Membership) -> Accepted {
        match membership.take() {
            None => Accepted::Nothing,
            Some((Ok(fd), place)) => match self.judge(fd) {
                Accepted::Connection(incoming) => Accepted::Connection(incoming.with_place(place)),
                other => other,
            },
            Some((Err(error), _)) => {
                // Nobody looks again after a failure.
                membership.set_idle();
                Accepted::Failed {
                    exhausted: false,
                    errno: error.into(),
                }
            }
        }
    }

    fn accept_from_kernel(&self) -> Accepted {
        let Some(source) = self.socket.source() else {
            return Accepted::Nothing;
        };
        match source.try_accept() {
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
        let has_list = self.gate.as_ref().is_some_and(|gate| gate.has_list());
        let peer = if has_list || self.rejection.is_some() {
            let address = socket::peer_address(descriptor::borrow(&fd));
            address.ok().flatten().map(|address| address.ip())
        } else {
            None
        };
        let expectation = self.gate.as_ref().and_then(|gate| gate.expect(peer));
        let is_limited = !expectation.is_some_and(|it| it.is_exempt || it.is_stranger);
        match peer.map_or(Some(None), |peer| self.admit(peer, is_limited)) {
            None => Accepted::Aborted,
            Some(seat) => Accepted::Connection(Incoming {
                fd,
                held: seat.map(Held::of_address),
                expectation,
            }),
        }
    }

    /// Seats a connection of `peer`; `None` where it is rejected.
    pub fn admit(&self, peer: IpAddr, is_limited: bool) -> Option<Option<Seat>> {
        match &self.rejection {
            None => Some(None),
            Some(rejection) => rejection.admit(peer, is_limited),
        }
    }

    /// Has the listener served again in the next loop iteration: it stopped before its backlog was
    /// empty.
    pub fn accept_later(&self) {
        if let Queue::Shared(membership) = &self.queue {
            membership.look_later();
        } else if let Some(source) = self.socket.source() {
            source.arm_later(Interest::Read);
        }
    }

    /// Has the listener served in the next loop iteration, whether a connection is known to wait or not.
    pub fn look_later(&self) {
        if let Queue::Shared(membership) = &self.queue {
            membership.look_later();
        } else if let Some(source) = self.socket.source() {
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
        let was_paused = self.is_paused.replace(is_paused);
        if let Queue::Shared(membership) = &self.queue {
            membership.set_paused(is_paused);
        } else if was_paused && !is_paused {
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
    /// Starts to listen.
    ///
    /// # Errors
    /// `EBADF` without a descriptor, and the kernel's.
    pub fn listen(&mut self, transport: Transport, backlog: i32) -> Result<()> {
        let fd = self.fd().ok_or(Errno::BADF)?;
        match transport {
            Transport::Tcp => socket::listen(fd, backlog)?,
            Transport::Pipe => path::listen(fd, backlog)?,
        }
        // It may have been made blocking before it became a listener. What cannot be is not.
        let _ = descriptor::set_blocking(fd, false);
        self.release_claim();
        Ok(())
    }
}
