//! A socket that neither listens nor connects: bound, or made for a bind or connect that failed at
//! once.

use std::net::SocketAddr;

use socket2::SockAddr;

use super::socket::Socket;
use super::{IPV6_ONLY, READABLE, REUSE_PORT, WRITABLE};
use crate::error::{Errno, Result};
use crate::sys::{options, path, socket, BorrowedDescriptor};

/// A socket that may listen or connect, and has nothing to read or to write.
#[derive(Debug)]
pub(super) struct Bound {
    pub socket: Socket,
}

/// Checks the flags of a bind, before there is a socket for it.
///
/// # Errors
/// `EINVAL` for [`IPV6_ONLY`] with an IPv4 address.
pub(super) fn check_flags(address: &SocketAddr, flags: u32) -> Result<()> {
    if flags & IPV6_ONLY != 0 && !address.is_ipv6() {
        return Err(Errno::INVAL);
    }
    Ok(())
}

/// Checks the mode of [`Socket::change_mode`], before there is a socket for it.
///
/// # Errors
/// `EINVAL` for other bits than the two, or none.
pub(super) fn check_mode(mode: u32) -> Result<()> {
    if mode == 0 || mode & !(READABLE | WRITABLE) != 0 {
        return Err(Errno::INVAL);
    }
    Ok(())
}

// Not `Bound`'s alone: an adopted descriptor, which counts as a stream, may be bound too. In every
// other state the kernel refuses.
impl Socket {
    /// Binds to a local address.
    ///
    /// # Errors
    /// The kernel's, but for `EADDRINUSE`: as in libuv the listen, connect or address query that
    /// follows reports that one.
    pub fn bind(&mut self, address: SocketAddr, flags: u32) -> Result<()> {
        let fd = self.fd().ok_or(Errno::BADF)?;
        options::set_reuse_address(fd)?;
        if flags & REUSE_PORT != 0 {
            options::set_reuse_port(fd)?;
        }
        if address.is_ipv6() {
            options::set_only_v6(fd, flags & IPV6_ONLY != 0)?;
        }
        let held = match socket::bind(fd, &SockAddr::from(address)) {
            Ok(()) => None,
            Err(error) => match Errno::from(error) {
                Errno::ADDRINUSE => Some(Errno::ADDRINUSE),
                Errno::AFNOSUPPORT => return Err(Errno::INVAL),
                errno => return Err(errno),
            },
        };
        self.set_held_error(held);
        Ok(())
    }

    /// Adds permissions for everybody to the bound name.
    ///
    /// # Errors
    /// `EBADF` where no name is bound, and the system's.
    pub fn change_mode(&self, mode: u32) -> Result<()> {
        let name = self.name().ok_or(Errno::BADF)?;
        widen_permissions(self.fd().ok_or(Errno::BADF)?, name, mode)
    }
}

/// Adds permissions for everybody to the name of a listener.
///
/// # Errors
/// The system's.
pub(super) fn widen_permissions(fd: BorrowedDescriptor<'_>, name: &[u8], mode: u32) -> Result<()> {
    let (readable, writable) = (mode & READABLE != 0, mode & WRITABLE != 0);
    Ok(path::widen_permissions(fd, name, readable, writable)?)
}
