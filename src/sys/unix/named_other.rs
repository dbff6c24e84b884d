//! The socket options with a name, and what the kernel knows of a connection, on systems other than
//! Linux: the sizes of buffers, and the credentials of a Unix-domain socket's peer.

use std::ffi::CStr;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use socket2::{Domain, SockRef};

use super::check;
use crate::sys::{Credentials, NumberOption, TextOption};

/// Rejects MPTCP.
///
/// # Errors
/// Always `ENOTSUP`.
pub fn multipath_socket(_domain: Domain) -> io::Result<OwnedFd> {
    Err(unsupported())
}

/// Sets an option.
///
/// # Errors
/// `ENOTSUP` for all but the sizes of buffers, and the kernel's.
pub fn set_number(fd: BorrowedFd<'_>, option: NumberOption, value: u32) -> io::Result<()> {
    let size = usize::try_from(value).unwrap_or(usize::MAX);
    match option {
        NumberOption::SendBuffer => SockRef::from(&fd).set_send_buffer_size(size),
        NumberOption::RecvBuffer => SockRef::from(&fd).set_recv_buffer_size(size),
        _ => Err(unsupported()),
    }
}

/// Returns an option as the kernel has it.
///
/// # Errors
/// As [`set_number`].
pub fn number(fd: BorrowedFd<'_>, option: NumberOption) -> io::Result<u32> {
    let size = match option {
        NumberOption::SendBuffer => SockRef::from(&fd).send_buffer_size()?,
        NumberOption::RecvBuffer => SockRef::from(&fd).recv_buffer_size()?,
        _ => return Err(unsupported()),
    };
    Ok(u32::try_from(size).unwrap_or(u32::MAX))
}

/// Rejects every option.
///
/// # Errors
/// Always `ENOTSUP`.
pub fn set_text(_fd: BorrowedFd<'_>, _option: TextOption, _value: &str) -> io::Result<()> {
    Err(unsupported())
}

/// Rejects every option.
///
/// # Errors
/// Always `ENOTSUP`.
pub fn text(_fd: BorrowedFd<'_>, _option: TextOption) -> io::Result<String> {
    Err(unsupported())
}

/// Returns the peer's address while the connection lives.
///
/// # Errors
/// The kernel's; `ENOTCONN` also after a reset.
pub fn former_peer(fd: BorrowedFd<'_>) -> io::Result<Option<SocketAddr>> {
    super::socket::peer_address(fd)
}

/// Returns the user and group at the other end of a Unix-domain socket.
///
/// # Errors
/// The kernel's; `ENOTCONN` without a peer.
pub fn peer_credentials(fd: BorrowedFd<'_>) -> io::Result<Credentials> {
    let (mut uid, mut gid) = (0, 0);
    // SAFETY: the descriptor is open while it is borrowed, and both integers outlive the call.
    check(unsafe { libc::getpeereid(fd.as_raw_fd(), &mut uid, &mut gid) })?;
    Ok(Credentials {
        pid: None,
        uid,
        gid,
    })
}

/// Rejects the question.
///
/// # Errors
/// Always `ENOTSUP`.
pub fn tcp_info(_fd: BorrowedFd<'_>) -> io::Result<Vec<(&'static CStr, u64)>> {
    Err(unsupported())
}

fn unsupported() -> io::Error {
    io::Error::from_raw_os_error(libc::ENOTSUP)
}
