//! Descriptors are not passed here: a named pipe carries bytes alone.

use std::io;

use windows_sys::Win32::Foundation::ERROR_NOT_SUPPORTED;

use super::{socket, system_error, BorrowedDescriptor, Descriptor};
use crate::sys::{Bytes, Received, Room};

/// Receives bytes.
///
/// # Errors
/// The system's.
pub fn receive(
    fd: BorrowedDescriptor<'_>,
    room: Room<'_>,
    _inbox: Option<&mut Vec<Descriptor>>,
) -> io::Result<Received> {
    socket::receive(fd, room).map(Received::whole)
}

/// Rejects the send.
///
/// # Errors
/// Always `ENOTSUP`.
pub fn send(_: BorrowedDescriptor<'_>, _: Bytes<'_>, _: &[Descriptor]) -> io::Result<usize> {
    Err(system_error(ERROR_NOT_SUPPORTED))
}

/// Rejects the descriptors.
///
/// # Errors
/// Always `ENOTSUP`.
pub fn hold(_numbers: &[i32]) -> io::Result<Vec<Descriptor>> {
    Err(system_error(ERROR_NOT_SUPPORTED))
}
