//! Bytes from socket to socket without a copy, through a pipe of the kernel's (`splice(2)`).

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use super::{check, check_len, uninterrupted};

/// What a pipe is asked to hold. Where the system allows less, a step moves less.
const CAPACITY: libc::c_int = 256 * 1024;

/// A pipe that holds what is on its way.
#[derive(Debug)]
pub struct SplicePipe {
    read_end: OwnedFd,
    write_end: OwnedFd,
}

impl SplicePipe {
    /// # Errors
    /// The kernel's (`EMFILE`).
    pub fn open() -> io::Result<Self> {
        let mut ends: [RawFd; 2] = [-1; 2];
        // SAFETY: the array has room for the two descriptors that the call writes.
        check(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC | libc::O_NONBLOCK) })?;
        // SAFETY: the kernel just handed us this descriptor; nobody else owns it.
        let read_end = unsafe { OwnedFd::from_raw_fd(ends[0]) };
        // SAFETY: as above.
        let write_end = unsafe { OwnedFd::from_raw_fd(ends[1]) };
        // SAFETY: a plain number; a refusal leaves the pipe as large as it is.
        unsafe { libc::fcntl(write_end.as_raw_fd(), libc::F_SETPIPE_SZ, CAPACITY) };
        Ok(Self {
            read_end,
            write_end,
        })
    }

    /// Moves at most `most` bytes from a socket into the empty pipe.
    ///
    /// # Errors
    /// The socket's.
    pub fn fill(&self, from: BorrowedFd<'_>, most: usize) -> io::Result<usize> {
        splice(from.as_raw_fd(), self.write_end.as_raw_fd(), most)
    }

    /// Moves at most `most` of the bytes in the pipe to a socket.
    ///
    /// # Errors
    /// The socket's.
    pub fn pour(&self, to: BorrowedFd<'_>, most: usize) -> io::Result<usize> {
        splice(self.read_end.as_raw_fd(), to.as_raw_fd(), most)
    }

    /// Takes bytes out of the pipe.
    ///
    /// # Errors
    /// `EAGAIN` where it is empty.
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

fn splice(from: RawFd, to: RawFd, most: usize) -> io::Result<usize> {
    let flags = libc::SPLICE_F_MOVE | libc::SPLICE_F_NONBLOCK;
    uninterrupted(|| {
        // SAFETY: both descriptors are open over the call; no offsets are given.
        check_len(unsafe { libc::splice(from, ptr::null_mut(), to, ptr::null_mut(), most, flags) })
    })
}
