//! Finding the descriptor that a Tokio runtime polls with, so that another loop can watch it.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use tokio::io::unix::AsyncFd;

/// The highest descriptor number that [`find`] looks at.
const SEARCH_LIMIT: RawFd = 65_536;

/// A descriptor that is never ready until it is written to: something to register and search for.
pub fn marker() -> io::Result<OwnedFd> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use std::os::fd::FromRawFd;
        // SAFETY: takes two integers and returns a new descriptor or an error.
        let fd = super::check(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) })?;
        // SAFETY: the kernel just made this descriptor for us.
        Ok(unsafe { OwnedFd::from_raw_fd(fd) })
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    Err(io::Error::from_raw_os_error(libc::ENOTSUP))
}

/// Registers `fd` with the Tokio runtime of the current context, for reading and writing.
///
/// # Errors
/// What the poller says (`EPERM` for a regular file); the descriptor is closed then.
///
/// # Panics
/// Outside a runtime's context.
pub fn watch(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an OwnedFd names one open file until it is dropped, and it is dropped with the AsyncFd.
    unsafe { AsyncFd::register(fd) }.map_err(|error| error.into_parts().1)
}

/// The epoll descriptor in which `marker` is registered. Changing a registration succeeds on the
/// one instance that has it and on no other descriptor, so the search is exact without `/proc`,
/// however many runtimes are present. The marker hears of nothing afterwards.
pub fn find(marker: &impl AsRawFd) -> Option<RawFd> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        let marker = marker.as_raw_fd();
        (3..SEARCH_LIMIT).find(|&candidate| {
            let mut nothing = libc::epoll_event { events: 0, u64: 0 };
            // SAFETY: the event outlives the call; on a wrong descriptor it only fails.
            let result =
                unsafe { libc::epoll_ctl(candidate, libc::EPOLL_CTL_MOD, marker, &mut nothing) };
            result == 0
        })
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let _ = (marker, SEARCH_LIMIT);
        None
    }
}
