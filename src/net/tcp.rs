//! Verbs that only TCP has: bind, listen, connect, addresses and options.

use std::net::SocketAddr;

use socket2::{Domain, SockAddr};

use super::handle::{Handle, Io, Transport, FULL_ACCESS};
use super::{IPV6_ONLY, REUSE_PORT};
use crate::error::{Errno, Result};
use crate::runtime::{Interest, Reactor};
use crate::sys::{descriptor, options, path, socket, BorrowedDescriptor};

impl Handle {
    /// Binds to a local address.
    ///
    /// # Errors
    /// The kernel's, but for `EADDRINUSE`: as in libuv that one is told by the listen, connect or
    /// address query that follows.
    pub fn bind_tcp(&mut self, address: SocketAddr, flags: u32) -> Result<()> {
        let only_v6 = flags & IPV6_ONLY != 0;
        if only_v6 && !address.is_ipv6() {
            return Err(Errno::INVAL);
        }
        self.ensure_tcp_socket(&address)?;
        let fd = self.fd().ok_or(Errno::BADF)?;
        options::set_reuse_address(fd)?;
        if flags & REUSE_PORT != 0 {
            options::set_reuse_port(fd)?;
        }
        if address.is_ipv6() {
            options::set_only_v6(fd, only_v6)?;
        }
        match socket::bind(fd, &SockAddr::from(address)) {
            Ok(()) => self.delayed_error = None,
            Err(error) => match Errno::from(error) {
                Errno::ADDRINUSE => self.delayed_error = Some(Errno::ADDRINUSE),
                Errno::AFNOSUPPORT => return Err(Errno::INVAL),
                errno => return Err(errno),
            },
        }
        Ok(())
    }

    /// Starts to listen; an unbound handle gets a free port on all IPv4 addresses.
    ///
    /// # Errors
    /// The kernel's, or the one that a bind held back.
    pub fn listen_tcp(&mut self, reactor: &Reactor, backlog: i32) -> Result<()> {
        if let Some(errno) = self.delayed_error {
            return Err(errno);
        }
        if matches!(self.io, Io::None) {
            self.set_io(socket::stream_socket(Domain::IPV4)?)?;
        }
        self.start_listening(reactor, backlog)
    }

    /// Starts a connect; its outcome is a `Connected` event.
    ///
    /// # Errors
    /// The kernel's where it knows at once; `EALREADY` while another connect is under way.
    pub fn connect_tcp(&mut self, reactor: &Reactor, address: SocketAddr) -> Result<()> {
        if self.connecting {
            return Err(Errno::ALREADY);
        }
        if self.delayed_error.is_none() {
            self.ensure_tcp_socket(&address)?;
            let fd = self.fd().ok_or(Errno::BADF)?;
            match socket::connect(fd, &SockAddr::from(address)) {
                Ok(()) => {}
                Err(error) if socket::is_in_progress(&error) => {}
                // libuv holds this one back too, so that it always comes as an event.
                Err(error) if Errno::from(&error) == Errno::CONNREFUSED => {
                    self.delayed_error = Some(Errno::CONNREFUSED);
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.await_connect(reactor)
    }

    /// The local address, or the error that a bind held back.
    ///
    /// # Errors
    /// `EBADF` without a descriptor, and the kernel's.
    pub fn local_address(&self) -> Result<Option<SocketAddr>> {
        self.address_by(socket::local_address)
    }

    /// The peer's address.
    ///
    /// # Errors
    /// `EBADF` without a descriptor, `ENOTCONN` without a peer, and the kernel's.
    pub fn peer_address(&self) -> Result<Option<SocketAddr>> {
        self.address_by(socket::peer_address)
    }

    /// Turns Nagle's algorithm off or on, now or when the socket comes to be.
    pub fn set_no_delay(&mut self, on: bool) -> Result<()> {
        if let Some(fd) = self.fd() {
            options::set_no_delay(fd, on)?;
        }
        self.no_delay = on;
        Ok(())
    }

    /// Turns keep-alive probes off (`None`) or on, with a delay, an interval and a count; times
    /// in seconds.
    ///
    /// # Errors
    /// `EBADF` without a descriptor; `EINVAL` for a delay that the kernel refuses.
    pub fn set_keep_alive(
        &self,
        delay: Option<u32>,
        interval: Option<u32>,
        count: Option<u32>,
    ) -> Result<()> {
        let fd = self.fd().ok_or(Errno::BADF)?;
        match delay {
            Some(delay) => options::set_keep_alive(fd, delay, interval, count)?,
            None => options::clear_keep_alive(fd)?,
        }
        Ok(())
    }

    /// # Errors
    /// `EBADF` without a descriptor, and the kernel's.
    pub fn set_type_of_service(&self, value: i32) -> Result<()> {
        Ok(options::set_type_of_service(
            self.fd().ok_or(Errno::BADF)?,
            value,
        )?)
    }

    /// # Errors
    /// `EBADF` without a descriptor, and the kernel's.
    pub fn type_of_service(&self) -> Result<i32> {
        Ok(options::type_of_service(self.fd().ok_or(Errno::BADF)?)?)
    }

    /// Watches for the end of a connect, or tells a held-back error on the next turn.
    pub(super) fn await_connect(&mut self, reactor: &Reactor) -> Result<()> {
        self.connecting = true;
        self.connect_put_off = false;
        self.access = FULL_ACCESS;
        self.unwatch()?;
        let failed = self.delayed_error.is_some();
        if failed && matches!(self.io, Io::None) {
            reactor.serve_later(self.key, Interest::Write);
            return Ok(());
        }
        let source = self.watch(reactor)?;
        if failed {
            source.announce(Interest::Write);
        } else {
            source.arm(Interest::Write);
        }
        Ok(())
    }

    pub(super) fn start_listening(&mut self, reactor: &Reactor, backlog: i32) -> Result<()> {
        let fd = self.fd().ok_or(Errno::BADF)?;
        match self.transport {
            Transport::Tcp => socket::listen(fd, backlog)?,
            Transport::Pipe => path::listen(fd, backlog)?,
        }
        // It may have been made blocking before it became a listener. What cannot be is not.
        let _ = descriptor::set_blocking(fd, false);
        self.watch(reactor)?.arm(Interest::Read);
        self.listening = true;
        Ok(())
    }

    fn ensure_tcp_socket(&mut self, address: &SocketAddr) -> Result<()> {
        if matches!(self.io, Io::None) {
            self.set_io(socket::stream_socket(Domain::for_address(*address))?)?;
        }
        Ok(())
    }

    fn address_by(
        &self,
        query: impl Fn(BorrowedDescriptor<'_>) -> std::io::Result<Option<SocketAddr>>,
    ) -> Result<Option<SocketAddr>> {
        if let Some(errno) = self.delayed_error {
            return Err(errno);
        }
        let fd = self.fd().ok_or(Errno::BADF)?;
        Ok(query(fd)?)
    }
}
