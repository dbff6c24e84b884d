//! A handle without a descriptor, and how it gets one.

use std::net::SocketAddr;

use socket2::Domain;

use super::common::Transport;
use super::socket::{BoundName, Socket};
use super::{STAYS, TAKES_OVER};
use crate::error::Result;
use crate::sys::path::{self, Name};
use crate::sys::takeover;
use crate::sys::{descriptor, options, socket, Access, BorrowedDescriptor, Descriptor};

/// Keeps the options that its descriptor will have.
#[derive(Debug, Default)]
pub(super) struct Unbound {
    no_delay: bool,
}

impl Unbound {
    /// Turns Nagle's algorithm off or on, when the socket comes to be.
    pub fn set_no_delay(&mut self, on: bool) {
        self.no_delay = on;
    }

    /// Makes a TCP socket that can have `address`, or an IPv4 one.
    ///
    /// # Errors
    /// The kernel's.
    pub fn create_tcp(&self, address: Option<&SocketAddr>) -> Result<Socket> {
        let domain = address.map_or(Domain::IPV4, |address| Domain::for_address(*address));
        self.create_socket(domain).map(Socket::new)
    }

    /// Makes a TCP socket of a family.
    ///
    /// # Errors
    /// The kernel's.
    pub fn create_socket(&self, domain: Domain) -> Result<Descriptor> {
        self.with_options(socket::stream_socket(domain)?)
    }

    /// Makes what can connect to a name.
    ///
    /// # Errors
    /// The kernel's.
    pub fn create_client(&self, name: &Name) -> Result<Socket> {
        self.with_options(path::client(name)?).map(Socket::new)
    }

    /// Makes what is bound to a name; see [`Name::to_bind`] for abstract names, an empty one and
    /// `padded`. Of `flags`, [`STAYS`] and [`TAKES_OVER`] are for names in the file system.
    ///
    /// # Errors
    /// `EINVAL` where the name is not valid, and those of [`path::bind`].
    pub fn bind_name(&self, name: &[u8], padded: bool, flags: u32) -> Result<Socket> {
        let bound = Name::to_bind(name, padded)?;
        if !path::is_in_file_system(name) {
            return self.with_options(path::bind(&bound)?).map(Socket::new);
        }
        let (fd, claim) = if flags & TAKES_OVER == 0 {
            (path::bind(&bound)?, None)
        } else {
            let (fd, claim) = takeover::bind(name, &bound)?;
            (fd, Some(claim))
        };
        let name = BoundName {
            path: name.into(),
            stays: flags & STAYS != 0,
            claim,
        };
        Ok(Socket::with_name(self.with_options(fd)?, name))
    }

    /// Adopts a descriptor from outside, which stays the caller's where that fails.
    ///
    /// # Errors
    /// `EBADF` where the number is not open; the kernel's for an option that was set before.
    pub fn adopt(&self, number: i32, transport: Transport) -> Result<(Socket, Access)> {
        let (fd, access) = descriptor::adopt(number)?;
        if let Err(errno) = self.apply_options(descriptor::borrow(&fd)) {
            descriptor::into_number(fd);
            return Err(errno);
        }
        let access = match transport {
            Transport::Tcp => Access::FULL,
            Transport::Pipe => access,
        };
        Ok((Socket::new(fd), access))
    }

    /// Sets the options that the descriptor was to have.
    ///
    /// # Errors
    /// The kernel's.
    pub fn with_options(&self, fd: Descriptor) -> Result<Descriptor> {
        self.apply_options(descriptor::borrow(&fd))?;
        Ok(fd)
    }

    fn apply_options(&self, fd: BorrowedDescriptor<'_>) -> Result<()> {
        if self.no_delay {
            options::set_no_delay(fd, true)?;
        }
        Ok(())
    }
}
