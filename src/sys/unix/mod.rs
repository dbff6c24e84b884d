//! Unix. Only Linux is tested; the rest targets the BSD family, macOS included.

pub mod descriptor;
pub mod errno;
#[cfg_attr(
    any(target_os = "linux", target_os = "android"),
    path = "named_linux.rs"
)]
#[cfg_attr(
    not(any(target_os = "linux", target_os = "android")),
    path = "named_other.rs"
)]
pub mod named;
pub mod options;
pub mod passing;
pub mod path;
pub mod poller;
pub mod socket;
#[cfg_attr(
    any(target_os = "linux", target_os = "android"),
    path = "splice_linux.rs"
)]
#[cfg_attr(
    not(any(target_os = "linux", target_os = "android")),
    path = "splice_none.rs"
)]
pub mod splice;
pub mod symbols;
pub mod takeover;
pub mod waker;

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd, RawFd};

/// An owned open descriptor, closed on drop.
pub type Descriptor = OwnedFd;
/// A descriptor borrowed from its owner.
pub type BorrowedDescriptor<'a> = BorrowedFd<'a>;
/// The number of a descriptor that is lent to another thread: see [`socket::send_lent`].
#[derive(Clone, Copy, Debug)]
pub struct Lent(RawFd);

/// Repeats a system call while it fails with `EINTR`.
fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Converts the C convention (a negative value means `errno`) into a `Result`.
fn check(value: libc::c_int) -> io::Result<libc::c_int> {
    if value < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(value)
    }
}

/// Does the same as [`check`] for calls that return a byte count.
fn check_len(value: libc::ssize_t) -> io::Result<usize> {
    usize::try_from(value).map_err(|_| io::Error::last_os_error())
}
