//! Unix. Linux is what is tested; the rest is written for the BSD family, macOS included.

pub mod descriptor;
pub mod errno;
pub mod options;
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
pub mod waker;

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd, RawFd};

/// Something open, and closed when it is dropped.
pub type Descriptor = OwnedFd;
/// As above, for as long as somebody else keeps it open.
pub type BorrowedDescriptor<'a> = BorrowedFd<'a>;
/// The number of a descriptor that is lent to another thread: see [`socket::send_lent`].
#[derive(Clone, Copy, Debug)]
pub struct Lent(RawFd);

/// Runs a system call again while a signal interrupts it.
fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Turns the C convention (a negative value means `errno`) into a `Result`.
fn check(value: libc::c_int) -> io::Result<libc::c_int> {
    if value < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(value)
    }
}

/// As [`check`], for calls that return a byte count.
fn check_len(value: libc::ssize_t) -> io::Result<usize> {
    usize::try_from(value).map_err(|_| io::Error::last_os_error())
}
