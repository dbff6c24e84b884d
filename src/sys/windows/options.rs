//! Socket options, grouped by level. Values have the kernel's own units.

use std::io;
use std::time::Duration;

use socket2::SockRef;
use windows_sys::Win32::Foundation::ERROR_NOT_SUPPORTED;

use super::{system_error, BorrowedDescriptor};
use crate::sys::{start_keep_alive, MOST_SEND_BUFFER};

/// Raises `SO_SNDBUF` to the most that the system allows.
pub fn raise_send_buffer(fd: BorrowedDescriptor<'_>) -> io::Result<()> {
    SockRef::from(&fd.socket()?).set_send_buffer_size(MOST_SEND_BUFFER)
}

/// Sets `SO_LINGER` with a zero timeout: the next close sends a reset.
pub fn set_linger_zero(fd: BorrowedDescriptor<'_>) -> io::Result<()> {
    SockRef::from(&fd.socket()?).set_linger(Some(Duration::ZERO))
}

/// Does nothing. On Windows `SO_REUSEADDR` lets others take a port that is in use, and a port with
/// connections in `TIME_WAIT` is free without it.
pub fn set_reuse_address(_fd: BorrowedDescriptor<'_>) -> io::Result<()> {
    Ok(())
}

/// Rejects `SO_REUSEPORT`, which Windows does not have.
///
/// # Errors
/// Always `ENOTSUP`.
pub fn set_reuse_port(_fd: BorrowedDescriptor<'_>) -> io::Result<()> {
    Err(system_error(ERROR_NOT_SUPPORTED))
}

/// Sets `SO_KEEPALIVE` and its timers, in seconds: see [`start_keep_alive`].
pub fn set_keep_alive(
    fd: BorrowedDescriptor<'_>,
    delay: u32,
    interval: Option<u32>,
    count: Option<u32>,
) -> io::Result<()> {
    start_keep_alive(&SockRef::from(&fd.socket()?), delay, interval, count)
}

/// Clears `SO_KEEPALIVE`.
pub fn clear_keep_alive(fd: BorrowedDescriptor<'_>) -> io::Result<()> {
    SockRef::from(&fd.socket()?).set_keepalive(false)
}

/// Sets or clears `IPV6_V6ONLY`.
pub fn set_only_v6(fd: BorrowedDescriptor<'_>, only: bool) -> io::Result<()> {
    SockRef::from(&fd.socket()?).set_only_v6(only)
}

/// Sets or clears `TCP_NODELAY`.
pub fn set_no_delay(fd: BorrowedDescriptor<'_>, on: bool) -> io::Result<()> {
    SockRef::from(&fd.socket()?).set_tcp_nodelay(on)
}

/// Sets `IP_TOS`. Windows accepts the value but does not send it unless the administrator allows
/// that.
///
/// # Errors
/// `ENOTSUP` for IPv6.
pub fn set_type_of_service(fd: BorrowedDescriptor<'_>, value: i32) -> io::Result<()> {
    let fd = fd.socket()?;
    let socket = SockRef::from(&fd);
    if socket.local_addr()?.is_ipv6() {
        return Err(system_error(ERROR_NOT_SUPPORTED));
    }
    socket.set_tos_v4(value.cast_unsigned())
}

/// Returns the value that [`set_type_of_service`] sets, 0 to 255.
///
/// # Errors
/// `ENOTSUP` for IPv6.
pub fn type_of_service(fd: BorrowedDescriptor<'_>) -> io::Result<i32> {
    let fd = fd.socket()?;
    let socket = SockRef::from(&fd);
    if socket.local_addr()?.is_ipv6() {
        return Err(system_error(ERROR_NOT_SUPPORTED));
    }
    Ok(socket.tos_v4()?.cast_signed())
}
