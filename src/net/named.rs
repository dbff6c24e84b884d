//! Verbs for options that programs set by name, and for what the system knows of a connection.

use std::ffi::CStr;
use std::net::SocketAddr;

use socket2::Domain;

use super::bound::Bound;
use super::handle::{Handle, State};
use super::socket::Socket;
use crate::error::{Errno, Result};
use crate::sys::{named, Credentials, NumberOption, TextOption};

impl Handle {
    /// Makes the socket of a TCP handle ahead of its bind or connect, so that it can have options
    /// before that. Does nothing where there is one.
    ///
    /// # Errors
    /// The kernel's; `EINVAL` for `multipath` where there is a socket.
    pub fn open_socket(&mut self, v6: bool, multipath: bool) -> Result<()> {
        let State::Unbound(unbound) = &self.state else {
            return if multipath { Err(Errno::INVAL) } else { Ok(()) };
        };
        let domain = if v6 { Domain::IPV6 } else { Domain::IPV4 };
        let socket = if multipath {
            unbound.with_options(named::multipath_socket(domain)?)
        } else {
            unbound.create_socket(domain)
        };
        self.state = State::Bound(Bound {
            socket: Socket::new(socket?),
        });
        Ok(())
    }

    /// Sets an option with a number.
    ///
    /// # Errors
    /// `EBADF` without a descriptor, and the kernel's.
    pub fn set_number(&self, option: NumberOption, value: u32) -> Result<()> {
        Ok(named::set_number(self.open_fd()?, option, value)?)
    }

    /// Returns an option with a number, as the kernel has it.
    ///
    /// # Errors
    /// `EBADF` without a descriptor, and the kernel's.
    pub fn number_option(&self, option: NumberOption) -> Result<u32> {
        Ok(named::number(self.open_fd()?, option)?)
    }

    /// Sets an option with a text.
    ///
    /// # Errors
    /// `EBADF` without a descriptor, and the kernel's.
    pub fn set_text(&self, option: TextOption, value: &str) -> Result<()> {
        Ok(named::set_text(self.open_fd()?, option, value)?)
    }

    /// Returns an option with a text, as the kernel has it.
    ///
    /// # Errors
    /// `EBADF` without a descriptor, and the kernel's.
    pub fn text_option(&self, option: TextOption) -> Result<String> {
        Ok(named::text(self.open_fd()?, option)?)
    }

    /// Returns the peer's address, on Linux also after a reset.
    ///
    /// # Errors
    /// `EBADF` without a descriptor, `ENOTCONN` without a peer.
    pub fn former_peer(&self) -> Result<Option<SocketAddr>> {
        Ok(named::former_peer(self.open_fd()?)?)
    }

    /// Returns what the kernel measures about a TCP connection: see [`named::tcp_info`].
    ///
    /// # Errors
    /// `EBADF` without a descriptor, and the kernel's.
    pub fn tcp_info(&self) -> Result<Vec<(&'static CStr, u64)>> {
        Ok(named::tcp_info(self.open_fd()?)?)
    }

    /// Returns the process at the other end of a Unix-domain socket.
    ///
    /// # Errors
    /// `EBADF` without a descriptor, and the kernel's.
    pub fn peer_credentials(&self) -> Result<Credentials> {
        Ok(named::peer_credentials(self.open_fd()?)?)
    }
}
