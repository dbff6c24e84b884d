//! Verbs that are the descriptor's, whatever the state: options, addresses, its number.

use std::net::SocketAddr;

use super::bound;
use super::handle::{Handle, State};
use crate::error::{Errno, Result};
use crate::sys::{descriptor, options, socket, BorrowedDescriptor, Descriptor};

impl Handle {
    /// Returns the descriptor's number, or -1.
    pub fn number(&self) -> i32 {
        self.fd().map_or(-1, descriptor::number)
    }

    /// True when there is a descriptor.
    pub fn is_open(&self) -> bool {
        self.fd().is_some()
    }

    /// Makes a second descriptor for what this handle has open.
    ///
    /// # Errors
    /// `EBADF` without a descriptor, and the kernel's.
    pub fn share(&self) -> Result<Descriptor> {
        Ok(descriptor::share(self.open_fd()?)?)
    }

    /// Returns the local address, or the error that a bind held back.
    ///
    /// # Errors
    /// `EBADF` without a descriptor, and the kernel's.
    pub fn local_address(&self) -> Result<Option<SocketAddr>> {
        self.address_by(socket::local_address)
    }

    /// Returns the peer's address.
    ///
    /// # Errors
    /// `EBADF` without a descriptor, `ENOTCONN` without a peer, and the kernel's.
    pub fn peer_address(&self) -> Result<Option<SocketAddr>> {
        self.address_by(socket::peer_address)
    }

    /// Adds permissions for everybody to the bound name.
    ///
    /// # Errors
    /// `EINVAL` for other bits or none, `EBADF` where nothing is bound.
    pub fn change_mode(&self, mode: u32) -> Result<()> {
        bound::check_mode(mode)?;
        if let State::Listener(listener) = &self.state {
            return listener.change_mode(mode);
        }
        let socket = self.state.socket().ok_or(Errno::BADF)?;
        socket.change_mode(mode)
    }

    /// Turns Nagle's algorithm off or on, now or when the socket comes to be.
    ///
    /// # Errors
    /// The kernel's.
    pub fn set_no_delay(&mut self, on: bool) -> Result<()> {
        if let State::Unbound(unbound) = &mut self.state {
            unbound.set_no_delay(on);
        }
        if let Some(fd) = self.fd() {
            options::set_no_delay(fd, on)?;
        }
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
        let fd = self.open_fd()?;
        match delay {
            Some(delay) => options::set_keep_alive(fd, delay, interval, count)?,
            None => options::clear_keep_alive(fd)?,
        }
        Ok(())
    }

    /// Sets `IP_TOS` or `IPV6_TCLASS`.
    ///
    /// # Errors
    /// `EBADF` without a descriptor, and the kernel's.
    pub fn set_type_of_service(&self, value: i32) -> Result<()> {
        Ok(options::set_type_of_service(self.open_fd()?, value)?)
    }

    /// Returns what [`Self::set_type_of_service`] set.
    ///
    /// # Errors
    /// `EBADF` without a descriptor, and the kernel's.
    pub fn type_of_service(&self) -> Result<i32> {
        Ok(options::type_of_service(self.open_fd()?)?)
    }

    /// Has reads and writes wait where others make them, with whom the descriptor is shared. A
    /// listener never waits: it is asked for connections until there is none.
    ///
    /// # Errors
    /// `EBADF` without a descriptor.
    pub fn set_blocking(&self, blocking: bool) -> Result<()> {
        let fd = self.open_fd()?;
        if self.is_listening() {
            return Ok(());
        }
        Ok(descriptor::set_blocking(fd, blocking)?)
    }

    /// Makes the coming close send a reset.
    ///
    /// # Errors
    /// `EINVAL` while a shutdown is pending, as in libuv.
    pub fn prepare_reset(&mut self) -> Result<()> {
        if let Some(stream) = self.state.stream() {
            stream.check_resettable()?;
        }
        match options::set_linger_zero(self.open_fd()?) {
            // macOS says so of a connection that its peer has reset already.
            Err(error) if Errno::from(&error) == Errno::INVAL => Ok(()),
            result => Ok(result?),
        }
    }

    pub(super) fn open_fd(&self) -> Result<BorrowedDescriptor<'_>> {
        self.fd().ok_or(Errno::BADF)
    }

    fn address_by(
        &self,
        query: impl Fn(BorrowedDescriptor<'_>) -> std::io::Result<Option<SocketAddr>>,
    ) -> Result<Option<SocketAddr>> {
        let socket = self.state.socket().ok_or(Errno::BADF)?;
        if let Some(errno) = socket.held_error() {
            return Err(errno);
        }
        Ok(query(socket.fd().ok_or(Errno::BADF)?)?)
    }
}
