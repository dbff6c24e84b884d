//! Moves bytes from socket to socket without a copy, through a kernel pipe (`splice(2)`).

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use super::{check, check_len, uninterrupted};

/// Requested pipe size, in bytes. Where the system allows less, a step moves less.
const CAPACITY: libc::c_int = 256 * 1024;

/// A pipe that holds the bytes between two splices.
#[derive(Debug)]
pub struct SplicePipe {
    read_end: OwnedFd,
    write_end: OwnedFd,
}

impl SplicePipe {
    /// # Errors
    /// The kernel's error, such as `EMFILE`.
    pub fn open() -> io::Result<Self> {
        let mut ends: [RawFd; 2] = [-1; 2];
        // SAFETY: the array has room for the two descriptors that the call writes.
        check(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC | libc::O_NONBLOCK) })?;
        // SAFETY: the call returned a new descriptor that has no other owner.
        let read_end = unsafe { OwnedFd::from_raw_fd(ends[0]) };
        // SAFETY: as above.
        let write_end = unsafe { OwnedFd::from_raw_fd(ends[1]) };
        // SAFETY: passes integers only. If the kernel rejects the size, the pipe keeps its own.
        unsafe { libc::fcntl(write_end.as_raw_fd(), libc::F_SETPIPE_SZ, CAPACITY) };
        Ok(Self {
            read_end,
            write_end,
        })
    }

    /// Moves at most `most` bytes from a socket into the empty pipe. `None` where the system refuses
    /// to do it, as a sandbox may.
    ///
    /// # Errors
    /// The socket's error.
    pub fn fill(&self, from: BorrowedFd<'_>, most: usize) -> io::Result<Option<usize>> {
        match splice(from.as_raw_fd(), self.write_end.as_raw_fd(), most) {
            Err(error) if is_refusal(&error) => Ok(None),
            outcome => outcome.map(Some),
        }
    }

    /// Moves at most `most` of the bytes in the pipe to a socket.
    ///
    /// # Errors
    /// The socket's error.
    pub fn pour(&self, to: BorrowedFd<'_>, most: usize) -> io::Result<usize> {
        splice(self.read_end.as_raw_fd(), to.as_raw_fd(), most)
    }

    /// Reads bytes out of the pipe.
    ///
    /// # Errors
    /// `EAGAIN` where the pipe is empty.
    pub fn take(&self, buffer: &mut [u8]) -> io::Result<usize> {
        uninterrupted(|| {
            // SAFETY: pointer and length come from one exclusive slice.
            check_len(unsafe {
                libc::read(
                    self.read_end.as_raw_fd(),
                    buffer.as_mut_ptr().cast(),
                    buffer.len(),
                )
            })
        })
    }
}

fn is_refusal(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EPERM | libc::EACCES | libc::ENOSYS | libc::EINVAL)
    )
}

fn splice(from: RawFd, to: RawFd, most: usize) -> io::Result<usize> {
    let flags = libc::SPLICE_F_MOVE | libc::SPLICE_F_NONBLOCK;
    uninterrupted(|| {
        // SAFETY: both descriptors are borrowed by the callers and stay open; the offsets may be
        // null.
        check_len(unsafe { libc::splice(from, ptr::null_mut(), to, ptr::null_mut(), most, flags) })
    })
}
