//! Descriptors that are registered with a Tokio runtime, and finding the one that the runtime itself
//! polls with, so that another loop can watch that.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::task::{Context, Poll, Waker};

use tokio::io::unix::{AsyncFd, AsyncFdReadyGuard};

use super::socket;
use crate::sys::{Interest, Tried};

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

/// A descriptor that is registered with a Tokio runtime, for reading and writing.
#[derive(Debug)]
pub struct Registration(AsyncFd<OwnedFd>);

impl Registration {
    /// Registers `fd` with the runtime of the current context.
    ///
    /// # Errors
    /// What the poller says (`EPERM` for a regular file); the descriptor is closed then.
    ///
    /// # Panics
    /// Outside a runtime's context.
    pub fn new(fd: OwnedFd) -> io::Result<Self> {
        // SAFETY: an OwnedFd names one open file until it is dropped, and it is dropped with the AsyncFd.
        let registered = unsafe { AsyncFd::register(fd) };
        registered.map(Self).map_err(|error| error.into_parts().1)
    }

    /// Ends the registration.
    ///
    /// # Errors
    /// None here.
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

    /// Tries even where the poller knows of no readiness: of a descriptor that was registered a
    /// moment ago it knows nothing yet. Readiness is looked up before the operation, so that it is
    /// only forgotten where no new edge has come since.
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
            // The waker is set, and there was nothing to forget.
            (Err(_), None) => Tried::Pending,
        }
    }

    /// Ends the writing side, which is never waited for here.
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

/// The epoll descriptor in which `marker` is registered. Changing a registration succeeds on the
/// one instance that has it and on no other descriptor, so the search is exact without `/proc`,
/// however many runtimes are present. The marker is never ready afterwards.
pub fn find(marker: &Registration) -> Option<RawFd> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use std::os::fd::AsRawFd;
        let marker = marker.descriptor().as_raw_fd();
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
