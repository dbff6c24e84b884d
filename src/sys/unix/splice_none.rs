//! Stands in for `splice` on systems without `splice(2)`: no pipe can be opened.

use std::io;

use crate::sys::BorrowedDescriptor;

/// A pipe that cannot be opened.
#[derive(Debug)]
pub enum SplicePipe {}

impl SplicePipe {
    /// # Errors
    /// Always `Unsupported`.
    pub fn open() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub fn fill(&self, _from: BorrowedDescriptor<'_>, _most: usize) -> io::Result<Option<usize>> {
        match *self {}
    }

    pub fn pour(&self, _to: BorrowedDescriptor<'_>, _most: usize) -> io::Result<usize> {
        match *self {}
    }

    pub fn take(&self, _buffer: &mut [u8]) -> io::Result<usize> {
        match *self {}
    }
}
