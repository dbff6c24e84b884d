//! One handle, and how it gets from state to state.

#[cfg(unix)]
#[cfg(test)]
mod tests;

use std::net::SocketAddr;

use super::awaiting::{Awaiting, Look};
use super::bound::{self, Bound};
use super::common::{Common, Transport};
use super::connecting::Connecting;
use super::gate::Expectation;
use super::listener::{Held, Incoming, Listener};
use super::shared::{Address, Candidate, Registry};
use super::socket::Socket;
use super::stream::Stream;
use super::unbound::Unbound;
use crate::error::{status, Errno, Result};
use crate::event::{Event, Key, Kind};
use crate::queue::EventQueue;
use crate::runtime::{Interest, Reactor};
use crate::sys::path::Name;
use crate::sys::{descriptor, socket, Access, BorrowedDescriptor};

/// A `TCP` or `Pipe`. Used by the JavaScript thread only.
///
/// Its state is a field, and the handle is not itself an enum of states. Every read, write and
/// event needs the key or a setting, in whatever state: so they are found without a look at the
/// state, and a transition moves the socket alone.
#[derive(Debug)]
pub struct Handle {
    pub(super) common: Common,
    pub(super) state: State,
    /// What a connection gives back when it closes.
    pub(super) held: Option<Box<Held>>,
    /// The PROXY header of a connection, until JavaScript takes it.
    pub(super) header: Option<Box<[u8]>>,
}

/// What a handle is.
#[derive(Debug)]
pub(super) enum State {
    Unbound(Unbound),
    Bound(Bound),
    Connecting(Connecting),
    Listener(Listener),
    Awaiting(Awaiting),
    Stream(Stream),
}

/// What is left behind while a state is taken out to become the next one.
impl Default for State {
    fn default() -> Self {
        Self::Unbound(Unbound::default())
    }
}

impl State {
    /// Returns the descriptor's endpoint, in all states that have one.
    pub fn socket(&self) -> Option<&Socket> {
        match self {
            Self::Unbound(_) => None,
            Self::Bound(bound) => Some(&bound.socket),
            Self::Connecting(connecting) => Some(connecting.stream.socket()),
            Self::Listener(listener) => Some(listener.socket()),
            Self::Awaiting(awaiting) => Some(&awaiting.socket),
            Self::Stream(stream) => Some(stream.socket()),
        }
    }

    fn socket_mut(&mut self) -> Option<&mut Socket> {
        match self {
            Self::Unbound(_) => None,
            Self::Bound(bound) => Some(&mut bound.socket),
            Self::Connecting(connecting) => Some(connecting.stream.socket_mut()),
            Self::Listener(listener) => Some(listener.socket_mut()),
            Self::Awaiting(awaiting) => Some(&mut awaiting.socket),
            Self::Stream(stream) => Some(stream.socket_mut()),
        }
    }

    /// Returns the stream, connected or on its way.
    pub fn stream(&self) -> Option<&Stream> {
        match self {
            Self::Connecting(connecting) => Some(&connecting.stream),
            Self::Stream(stream) => Some(stream),
            Self::Unbound(_) | Self::Bound(_) | Self::Listener(_) | Self::Awaiting(_) => None,
        }
    }

    /// As [`Self::stream`].
    pub fn stream_mut(&mut self) -> Option<&mut Stream> {
        match self {
            Self::Connecting(connecting) => Some(&mut connecting.stream),
            Self::Stream(stream) => Some(stream),
            Self::Unbound(_) | Self::Bound(_) | Self::Listener(_) | Self::Awaiting(_) => None,
        }
    }
}

/// How to listen together with other threads. Where another does so already, only the address and
/// the thread count.
#[derive(Debug)]
pub struct Terms {
    pub address: Address,
    /// Fill an abstract name with NULs.
    pub padded_names: bool,
    /// Of the bind.
    pub flags: u32,
    pub backlog: i32,
    /// The number of the JavaScript thread, by which it is counted.
    pub thread: u32,
}

impl Handle {
    /// Makes a handle without a descriptor.
    pub fn new(key: Key, transport: Transport) -> Self {
        Self {
            common: Common::new(key, transport),
            state: State::default(),
            held: None,
            header: None,
        }
    }

    /// Makes the handle of a connection that a listener has accepted.
    pub fn accepted(key: Key, transport: Transport, incoming: Incoming) -> Self {
        Self {
            state: State::Stream(Stream::accepted(Socket::new(incoming.fd), transport)),
            held: incoming.held,
            ..Self::new(key, transport)
        }
    }

    /// Makes the handle of a connection that `listener` has accepted, and whose PROXY header is to
    /// come.
    pub fn awaiting(
        key: Key,
        transport: Transport,
        incoming: Incoming,
        listener: Key,
        expectation: Expectation,
    ) -> Self {
        Self {
            state: State::Awaiting(Awaiting::new(incoming.fd, listener, expectation)),
            held: incoming.held,
            ..Self::new(key, transport)
        }
    }

    /// Looks whether the PROXY header has come, or waits for it no longer. Makes a stream of a
    /// connection that has arrived.
    pub fn look_for_header(&mut self, reactor: &Reactor, is_late: bool) -> Look {
        let State::Awaiting(awaiting) = &mut self.state else {
            return Look::Later;
        };
        let mut look = if is_late {
            awaiting.expire()
        } else {
            awaiting.look(self.common.key, reactor)
        };
        if let Look::Arrived(arrival) = &mut look {
            self.header = arrival.header.take();
            let transport = self.common.transport;
            self.state = match std::mem::take(&mut self.state) {
                State::Awaiting(awaiting) => State::Stream(awaiting.into_stream(transport)),
                other => other,
            };
        }
        look
    }

    pub(super) fn fd(&self) -> Option<BorrowedDescriptor<'_>> {
        self.state.socket().and_then(Socket::fd)
    }

    /// Adopts a descriptor from outside, which stays the caller's where that fails.
    ///
    /// # Errors
    /// `EBUSY` with another descriptor in place; `EBADF` where the number is not open; the kernel's
    /// for an option that was set before.
    pub fn open(&mut self, number: i32) -> Result<()> {
        if let State::Unbound(unbound) = &self.state {
            let (socket, access) = unbound.adopt(number, self.common.transport)?;
            let transport = self.common.transport;
            self.state = State::Stream(Stream::new(socket, access, transport));
            return Ok(());
        }
        if self.fd().map(descriptor::number) != Some(number) {
            return Err(Errno::BUSY);
        }
        let transport = self.common.transport;
        self.state = match std::mem::take(&mut self.state) {
            State::Bound(Bound { socket }) => {
                State::Stream(Stream::new(socket, Access::FULL, transport))
            }
            mut other => {
                if let Some(stream) = other.stream_mut() {
                    stream.open_both_sides();
                }
                other
            }
        };
        Ok(())
    }

    /// Binds to a local address.
    ///
    /// # Errors
    /// As [`Socket::bind`]; `EINVAL` for flags that do not suit the address.
    pub fn bind_tcp(&mut self, address: SocketAddr, flags: u32) -> Result<()> {
        bound::check_flags(&address, flags)?;
        self.tcp_socket(Some(&address))?.bind(address, flags)
    }

    /// Binds to a name: see [`Unbound::bind_name`].
    ///
    /// # Errors
    /// `EINVAL` where a socket exists already or the name is not valid, and the system's.
    pub fn bind_pipe(&mut self, name: &[u8], padded: bool, flags: u32) -> Result<()> {
        let State::Unbound(unbound) = &self.state else {
            return Err(Errno::INVAL);
        };
        let socket = unbound.bind_name(name, padded, flags)?;
        self.state = State::Bound(Bound { socket });
        Ok(())
    }

    /// Starts to listen; an unbound handle gets a free port on all IPv4 addresses.
    ///
    /// # Errors
    /// The kernel's, or the one that a bind held back.
    pub fn listen_tcp(&mut self, reactor: &Reactor, backlog: i32) -> Result<()> {
        if let Some(errno) = self.tcp_socket(None)?.held_error() {
            return Err(errno);
        }
        self.listen(reactor, backlog)
    }

    /// Starts to listen on a bound name.
    ///
    /// # Errors
    /// `EINVAL` where nothing is bound, and the kernel's.
    pub fn listen_pipe(&mut self, reactor: &Reactor, backlog: i32) -> Result<()> {
        self.listen(reactor, backlog)
    }

    fn listen(&mut self, reactor: &Reactor, backlog: i32) -> Result<()> {
        let Common { key, transport, .. } = self.common;
        let socket = match &mut self.state {
            State::Unbound(_) | State::Connecting(_) | State::Awaiting(_) => {
                return Err(Errno::INVAL);
            }
            State::Listener(listener) if listener.is_shared() => return Err(Errno::INVAL),
            other => other.socket_mut().ok_or(Errno::INVAL)?,
        };
        socket.listen(transport, backlog)?;
        socket.register(key, reactor)?.arm(Interest::Read);
        self.state = match std::mem::take(&mut self.state) {
            State::Bound(Bound { socket }) => State::Listener(Listener::new(socket)),
            State::Stream(stream) => State::Listener(Listener::new(stream.into_socket())),
            other => other,
        };
        Ok(())
    }

    /// Listens together with the other threads that share `terms.address`, or as the first of them.
    ///
    /// # Errors
    /// As the bind and the listen that it stands for; `EINVAL` for a handle that is more than bound.
    pub fn listen_shared(&mut self, reactor: &Reactor, terms: &Terms) -> Result<()> {
        if !matches!(self.state, State::Unbound(_) | State::Bound(_)) {
            return Err(Errno::INVAL);
        }
        let candidate = Candidate::new(self.common.key, reactor, terms.thread)?;
        let mut registry = Registry::lock();
        let (socket, membership) = match registry.join(&terms.address, candidate)? {
            Ok(joined) => joined,
            Err(candidate) => {
                let (address, socket) = self.listen_first(terms)?;
                registry.open(address, socket, candidate)?
            }
        };
        drop(registry);
        self.state = State::Listener(Listener::shared(socket, membership));
        Ok(())
    }

    /// Binds and listens, for nobody does so. Takes the socket out of the handle.
    fn listen_first(&mut self, terms: &Terms) -> Result<(Address, Socket)> {
        match &terms.address {
            Address::Internet(address) => self.bind_tcp(*address, terms.flags)?,
            Address::Name(name) => self.bind_pipe(name, terms.padded_names, terms.flags)?,
        }
        let State::Bound(Bound { mut socket }) = std::mem::take(&mut self.state) else {
            return Err(Errno::INVAL);
        };
        if let Some(errno) = socket.held_error() {
            return Err(errno);
        }
        socket.listen(self.common.transport, terms.backlog)?;
        let local = socket::local_address(socket.fd().ok_or(Errno::BADF)?)?;
        let address = local.map_or_else(|| terms.address.clone(), Address::Internet);
        Ok((address, socket))
    }

    /// Starts a connect; its outcome is a `Connected` event.
    ///
    /// # Errors
    /// The kernel's where it knows at once; `EALREADY` while another connect is under way.
    pub fn connect_tcp(&mut self, reactor: &Reactor, address: SocketAddr) -> Result<()> {
        if self.is_connecting() {
            return Err(Errno::ALREADY);
        }
        let socket = self.tcp_socket(Some(&address))?;
        let failure = match socket.held_error() {
            None => socket.connect(address)?,
            held => held,
        };
        self.await_connect(reactor, failure)
    }

    /// Starts a connect. Whatever goes wrong with a valid name comes as the `Connected` event.
    ///
    /// # Errors
    /// `EINVAL` for a name that cannot be one; for a listener the kernel's.
    pub fn connect_pipe(&mut self, reactor: &Reactor, name: &[u8], padded: bool) -> Result<()> {
        let name = Name::new(name, padded)?;
        let failure = match self.client_socket(&name) {
            Ok(socket) => socket.connect_to_name(&name),
            failed => failed.err(),
        };
        self.await_connect(reactor, failure)
    }

    /// Waits for the outcome of a connect, which may be known as `failure` already.
    fn await_connect(&mut self, reactor: &Reactor, failure: Option<Errno>) -> Result<()> {
        let transport = self.common.transport;
        let stream = match std::mem::take(&mut self.state) {
            other @ (State::Listener(_) | State::Awaiting(_)) => {
                self.state = other;
                return Err(failure.unwrap_or(Errno::INVAL));
            }
            State::Unbound(_) => Stream::new(Socket::missing(), Access::FULL, transport),
            State::Bound(Bound { socket }) => Stream::new(socket, Access::FULL, transport),
            State::Connecting(connecting) => connecting.stream,
            State::Stream(stream) => stream,
        };
        let mut connecting = Connecting::new(stream, failure);
        let started = connecting.start(self.common.key, reactor);
        self.state = match started {
            Ok(()) => State::Connecting(connecting),
            Err(_) => State::Stream(connecting.stream),
        };
        started
    }

    /// Reports the outcome of a connect. False while it goes on, or when it has failed.
    pub(super) fn finish_connect(&mut self, queue: &mut EventQueue) -> bool {
        let State::Connecting(connecting) = &mut self.state else {
            return true;
        };
        let Some(outcome) = connecting.poll_outcome() else {
            return false;
        };
        self.state = match std::mem::take(&mut self.state) {
            State::Connecting(Connecting { mut stream, .. }) => match outcome {
                Ok(()) => {
                    stream.begin();
                    State::Stream(stream)
                }
                // No descriptor could be made: the next connect may try again.
                Err(_) if stream.socket().is_missing() => State::default(),
                Err(_) => State::Stream(stream),
            },
            other => other,
        };
        let status = status(outcome);
        queue.push(Event::new(self.common.key, Kind::Connected, status));
        outcome.is_ok()
    }

    /// Closes the descriptor and removes the name that a bind made. What was deferred must have
    /// been taken; requests that are pending are the caller's to cancel. Where bytes were lost the
    /// peer gets a reset, if the transport has one.
    pub fn close(mut self) {
        if let Some(stream) = self.state.stream_mut() {
            stream.prepare_close();
        }
    }

    /// Returns the socket, made for `address` where there is none.
    fn tcp_socket(&mut self, address: Option<&SocketAddr>) -> Result<&mut Socket> {
        if let State::Unbound(unbound) = &self.state {
            let socket = unbound.create_tcp(address)?;
            self.state = State::Bound(Bound { socket });
        }
        self.state.socket_mut().ok_or(Errno::BADF)
    }

    /// Returns the socket, made to connect to `name` where there is none.
    fn client_socket(&mut self, name: &Name) -> Result<&mut Socket> {
        if let State::Unbound(unbound) = &self.state {
            let socket = unbound.create_client(name)?;
            self.state = State::Bound(Bound { socket });
        }
        self.state.socket_mut().ok_or(Errno::BADF)
    }
}
