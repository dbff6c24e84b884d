//! The socket options with a name, and what the kernel knows of a connection. Windows has the sizes
//! of buffers.

use std::ffi::CStr;
use std::io;
use std::net::SocketAddr;

use socket2::{Domain, SockRef};
use windows_sys::Win32::Foundation::ERROR_NOT_SUPPORTED;

use super::{system_error, BorrowedDescriptor, Descriptor};
use crate::sys::{Credentials, NumberOption, TextOption};

/// Rejects MPTCP.
///
/// # Errors
/// Always `ENOTSUP`.
pub fn multipath_socket(_domain: Domain) -> io::Result<Descriptor> {
    Err(unsupported())
}

/// Sets an option.
///
/// # Errors
/// `ENOTSUP` for all but the sizes of buffers, and the system's.
pub fn set_number(fd: BorrowedDescriptor<'_>, option: NumberOption, value: u32) -> io::Result<()> {
    let fd = fd.socket()?;
    let size = usize::try_from(value).unwrap_or(usize::MAX);
    match option {
        NumberOption::SendBuffer => SockRef::from(&fd).set_send_buffer_size(size),
        NumberOption::RecvBuffer => SockRef::from(&fd).set_recv_buffer_size(size),
        _ => Err(unsupported()),
    }
}

/// Returns an option as the system has it.
///
/// # Errors
/// As [`set_number`].
pub fn number(fd: BorrowedDescriptor<'_>, option: NumberOption) -> io::Result<u32> {
    let fd = fd.socket()?;
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
pub fn set_text(_fd: BorrowedDescriptor<'_>, _option: TextOption, _value: &str) -> io::Result<()> {
    Err(unsupported())
}

/// Rejects every option.
///
/// # Errors
/// Always `ENOTSUP`.
pub fn text(_fd: BorrowedDescriptor<'_>, _option: TextOption) -> io::Result<String> {
    Err(unsupported())
}

/// Returns the peer's address while the connection lives.
///
/// # Errors
/// The system's.
pub fn former_peer(fd: BorrowedDescriptor<'_>) -> io::Result<Option<SocketAddr>> {
    super::socket::peer_address(fd)
}

/// Rejects the question: a named pipe has other credentials.
///
/// # Errors
/// Always `ENOTSUP`.
pub fn peer_credentials(_fd: BorrowedDescriptor<'_>) -> io::Result<Credentials> {
    Err(unsupported())
}

/// Rejects the question.
///
/// # Errors
/// Always `ENOTSUP`.
pub fn tcp_info(_fd: BorrowedDescriptor<'_>) -> io::Result<Vec<(&'static CStr, u64)>> {
    Err(unsupported())
}

fn unsupported() -> io::Error {
    system_error(ERROR_NOT_SUPPORTED)
}
