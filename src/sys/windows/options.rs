//! Socket options, grouped by level. All take and return the kernel's own units.

use std::io;
use std::time::Duration;

use socket2::SockRef;
use windows_sys::Win32::Foundation::ERROR_NOT_SUPPORTED;

use super::{system_error, BorrowedDescriptor};
use crate::sys::start_keep_alive;

/// `SO_LINGER` with a zero timeout: the next close sends a reset.
pub fn set_linger_zero(fd: BorrowedDescriptor<'_>) -> io::Result<()> {
    SockRef::from(&fd.socket()?).set_linger(Some(Duration::ZERO))
}

/// Nothing: `SO_REUSEADDR` would let others take a port that is in use, and a port whose connections
/// are in `TIME_WAIT` is free without it.
pub fn set_reuse_address(_fd: BorrowedDescriptor<'_>) -> io::Result<()> {
    Ok(())
}

/// `SO_REUSEPORT` with load balancing, which there is not: `ENOTSUP`.
pub fn set_reuse_port(_fd: BorrowedDescriptor<'_>) -> io::Result<()> {
    Err(system_error(ERROR_NOT_SUPPORTED))
}

/// `SO_KEEPALIVE` and its timers: see [`start_keep_alive`].
pub fn set_keep_alive(
    fd: BorrowedDescriptor<'_>,
    delay: u32,
    interval: Option<u32>,
    count: Option<u32>,
) -> io::Result<()> {
    start_keep_alive(&SockRef::from(&fd.socket()?), delay, interval, count)
}

/// Turns `SO_KEEPALIVE` off.
pub fn clear_keep_alive(fd: BorrowedDescriptor<'_>) -> io::Result<()> {
    SockRef::from(&fd.socket()?).set_keepalive(false)
}

/// `IPV6_V6ONLY`.
pub fn set_only_v6(fd: BorrowedDescriptor<'_>, only: bool) -> io::Result<()> {
    SockRef::from(&fd.socket()?).set_only_v6(only)
}

/// `TCP_NODELAY`.
pub fn set_no_delay(fd: BorrowedDescriptor<'_>, on: bool) -> io::Result<()> {
    SockRef::from(&fd.socket()?).set_tcp_nodelay(on)
}

/// `IP_TOS`, which the system takes and, unless its administrator has said otherwise, does not send.
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

/// The value that [`set_type_of_service`] set, 0 to 255.
pub fn type_of_service(fd: BorrowedDescriptor<'_>) -> io::Result<i32> {
    let fd = fd.socket()?;
    let socket = SockRef::from(&fd);
    if socket.local_addr()?.is_ipv6() {
        return Err(system_error(ERROR_NOT_SUPPORTED));
    }
    Ok(socket.tos_v4()?.cast_signed())
}
