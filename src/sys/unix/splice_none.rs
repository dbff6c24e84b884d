//! Where the kernel has no `splice(2)`: there is never such a pipe.

use std::io;
use std::os::fd::BorrowedFd;

/// A pipe that cannot be opened.
#[derive(Debug)]
pub enum SplicePipe {}

impl SplicePipe {
    /// # Errors
    /// Always.
    pub fn open() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub fn fill(&self, _from: BorrowedFd<'_>, _most: usize) -> io::Result<usize> {
        match *self {}
    }

    pub fn pour(&self, _to: BorrowedFd<'_>, _most: usize) -> io::Result<usize> {
        match *self {}
    }

    pub fn take(&self, _buffer: &mut [u8]) -> io::Result<usize> {
        match *self {}
    }
}
