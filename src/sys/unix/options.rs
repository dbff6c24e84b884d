//! Socket options, grouped by level. Values have the kernel's own units.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

use socket2::SockRef;

use super::check;
use crate::sys::{start_keep_alive, MOST_SEND_BUFFER};

/// Raises `SO_SNDBUF` to the most that the system allows.
pub fn raise_send_buffer(fd: BorrowedFd<'_>) -> io::Result<()> {
    SockRef::from(&fd).set_send_buffer_size(MOST_SEND_BUFFER)
}

/// Sets `SO_LINGER` with a zero timeout: the next close sends a reset.
pub fn set_linger_zero(fd: BorrowedFd<'_>) -> io::Result<()> {
    SockRef::from(&fd).set_linger(Some(Duration::ZERO))
}

/// Sets `SO_REUSEADDR`.
pub fn set_reuse_address(fd: BorrowedFd<'_>) -> io::Result<()> {
    SockRef::from(&fd).set_reuse_address(true)
}

/// Sets `SO_REUSEPORT` with load balancing.
///
/// # Errors
/// `ENOTSUP` where the platform has none.
pub fn set_reuse_port(fd: BorrowedFd<'_>) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    return SockRef::from(&fd).set_reuse_port(true);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let _ = fd;
        Err(io::Error::from_raw_os_error(libc::ENOTSUP))
    }
}

/// Sets `SO_KEEPALIVE` and its timers, in seconds: see [`start_keep_alive`].
pub fn set_keep_alive(
    fd: BorrowedFd<'_>,
    delay: u32,
    interval: Option<u32>,
    count: Option<u32>,
) -> io::Result<()> {
    start_keep_alive(&SockRef::from(&fd), delay, interval, count)
}

/// Clears `SO_KEEPALIVE`.
pub fn clear_keep_alive(fd: BorrowedFd<'_>) -> io::Result<()> {
    SockRef::from(&fd).set_keepalive(false)
}

/// Sets or clears `IPV6_V6ONLY`.
pub fn set_only_v6(fd: BorrowedFd<'_>, only: bool) -> io::Result<()> {
    SockRef::from(&fd).set_only_v6(only)
}

/// Sets or clears `TCP_NODELAY`.
pub fn set_no_delay(fd: BorrowedFd<'_>, on: bool) -> io::Result<()> {
    SockRef::from(&fd).set_tcp_nodelay(on)
}

/// Sets `IP_TOS` or, on an IPv6 socket, `IPV6_TCLASS`.
pub fn set_type_of_service(fd: BorrowedFd<'_>, value: i32) -> io::Result<()> {
    let (level, name) = type_of_service_option(fd)?;
    let size = libc::socklen_t::try_from(size_of::<libc::c_int>()).unwrap_or(4);
    // SAFETY: the value pointer and its size describe one live c_int.
    check(unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            level,
            name,
            std::ptr::from_ref(&value).cast(),
            size,
        )
    })?;
    Ok(())
}

/// Returns the value that [`set_type_of_service`] sets, 0 to 255.
pub fn type_of_service(fd: BorrowedFd<'_>) -> io::Result<i32> {
    let (level, name) = type_of_service_option(fd)?;
    let mut value: libc::c_int = 0;
    let mut size = libc::socklen_t::try_from(size_of::<libc::c_int>()).unwrap_or(4);
    // SAFETY: the value pointer and its size describe one live c_int.
    check(unsafe {
        libc::getsockopt(
            fd.as_raw_fd(),
            level,
            name,
            std::ptr::from_mut(&mut value).cast(),
            &mut size,
        )
    })?;
    Ok(value)
}

fn type_of_service_option(fd: BorrowedFd<'_>) -> io::Result<(libc::c_int, libc::c_int)> {
    if SockRef::from(&fd).local_addr()?.is_ipv6() {
        Ok((libc::IPPROTO_IPV6, libc::IPV6_TCLASS))
    } else {
        Ok((libc::IPPROTO_IP, libc::IP_TOS))
    }
}
