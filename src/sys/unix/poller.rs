//! Descriptors that are registered with a Tokio runtime, and finding the one that the runtime itself
//! polls with, so that another loop can watch that.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::task::{Context, Poll, Waker};

use tokio::io::unix::{AsyncFd, AsyncFdReadyGuard};

use super::socket;
use crate::sys::{Interest, Tried};

/// One more than the highest descriptor number that [`find`] looks at.
const SEARCH_LIMIT: RawFd = 65_536;

/// Creates a descriptor that is never ready for reading, to register and then search for.
///
/// # Errors
/// The kernel's error; `ENOTSUP` where [`find`] does not work.
pub fn marker() -> io::Result<OwnedFd> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use std::os::fd::FromRawFd;
        // SAFETY: passes two integers; no memory is passed.
        let fd = super::check(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) })?;
        // SAFETY: the call returned a new descriptor that has no other owner.
        Ok(unsafe { OwnedFd::from_raw_fd(fd) })
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    Err(io::Error::from_raw_os_error(libc::ENOTSUP))
}

/// A descriptor registered with a Tokio runtime, for reading and writing.
#[derive(Debug)]
pub struct Registration(AsyncFd<OwnedFd>);

impl Registration {
    /// Registers `fd` with the runtime of the current context.
    ///
    /// # Errors
    /// The poller's error (`EPERM` for a regular file); the descriptor is then closed.
    ///
    /// # Panics
    /// Outside a runtime's context.
    pub fn new(fd: OwnedFd) -> io::Result<Self> {
        // SAFETY: an OwnedFd names one open file until it is dropped; the AsyncFd owns it and
        // deregisters it before it drops it.
        let registered = unsafe { AsyncFd::register(fd) };
        registered.map(Self).map_err(|error| error.into_parts().1)
    }

    /// Ends the registration.
    ///
    /// # Errors
    /// None on Unix.
    pub fn into_descriptor(self) -> io::Result<OwnedFd> {
        Ok(self.0.into_inner())
    }

    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.0.get_ref().as_fd()
    }

    /// Returns whether the poller knows of readiness. If not, `waker` runs when it does.
    pub fn poll_ready(&self, interest: Interest, waker: &Waker) -> Poll<io::Result<()>> {
        self.poll_guard(interest, waker)
            .map(|ready| ready.map(|_| ()))
    }

    /// True when the poller has reported the end of what comes in.
    pub fn has_read_ended(&self, waker: &Waker) -> bool {
        let guard = self.poll_guard(Interest::Read, waker);
        matches!(guard, Poll::Ready(Ok(guard)) if guard.ready().is_read_closed())
    }

    /// Attempts `operation` even where the poller has reported no readiness, which it has not yet
    /// for a fresh registration. Readiness is looked up before the operation. Clearing it
    /// afterwards therefore cannot lose an edge that arrived meanwhile.
    #[inline]
    pub fn attempt<T>(
        &self,
        interest: Interest,
        waker: &Waker,
        mut operation: impl FnMut(BorrowedFd<'_>) -> io::Result<T>,
        is_drained: impl Fn(&T) -> bool,
    ) -> Tried<T> {
        let guard = match self.poll_guard(interest, waker) {
            Poll::Pending => None,
            Poll::Ready(Err(error)) => return Tried::Failed(error),
            Poll::Ready(Ok(guard)) => Some(guard),
        };
        match (operation(self.descriptor()), guard) {
            (Ok(value), Some(mut guard)) if is_drained(&value) => {
                guard.clear_ready();
                Tried::Done(value)
            }
            (Ok(value), _) => Tried::Done(value),
            (Err(error), _) if error.kind() != io::ErrorKind::WouldBlock => Tried::Failed(error),
            (Err(_), Some(mut guard)) => {
                guard.clear_ready();
                Tried::Stale
            }
            // The waker is registered, and there is no readiness to clear.
            (Err(_), None) => Tried::Pending,
        }
    }

    /// Shuts the writing side down. On Unix this never has to wait.
    pub fn poll_shutdown(&self, _waker: &Waker) -> Poll<io::Result<()>> {
        Poll::Ready(socket::shutdown_write(self.descriptor()))
    }

    #[inline]
    fn poll_guard(
        &self,
        interest: Interest,
        waker: &Waker,
    ) -> Poll<io::Result<AsyncFdReadyGuard<'_, OwnedFd>>> {
        let mut context = Context::from_waker(waker);
        match interest {
            Interest::Read => self.0.poll_read_ready(&mut context),
            Interest::Write => self.0.poll_write_ready(&mut context),
        }
    }
}

/// Returns the epoll descriptor in which `marker` is registered. `EPOLL_CTL_MOD` succeeds only on
/// that instance, so the search is exact even with several runtimes, and needs no `/proc`.
/// Afterwards the marker reports no events.
///
/// # Errors
/// `Unsupported` where there is none, and the system's for anything but a wrong descriptor.
pub fn find(marker: &Registration) -> io::Result<RawFd> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use std::os::fd::AsRawFd;
        let marker = marker.descriptor().as_raw_fd();
        for candidate in 3..SEARCH_LIMIT {
            let mut nothing = libc::epoll_event { events: 0, u64: 0 };
            // SAFETY: the event outlives the call; a wrong descriptor only returns an error.
            let result =
                unsafe { libc::epoll_ctl(candidate, libc::EPOLL_CTL_MOD, marker, &mut nothing) };
            if result == 0 {
                return Ok(candidate);
            }
            let error = io::Error::last_os_error();
            let is_another = matches!(
                error.raw_os_error(),
                Some(libc::EBADF | libc::EINVAL | libc::ENOENT | libc::EPERM)
            );
            if !is_another {
                return Err(error);
            }
        }
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (marker, SEARCH_LIMIT);
    Err(io::ErrorKind::Unsupported.into())
}
