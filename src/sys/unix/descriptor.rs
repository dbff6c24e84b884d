//! Descriptors opened elsewhere, and the one kept in reserve.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

use super::{check, uninterrupted, Lent};
use crate::sys::Access;

/// What a descriptor refers to, as libuv's `uv_guess_handle` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    File,
    Pipe,
    Tcp,
    Tty,
    Udp,
    Unknown,
}

impl Nature {
    /// Returns node's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "FILE",
            Self::Pipe => "PIPE",
            Self::Tcp => "TCP",
            Self::Tty => "TTY",
            Self::Udp => "UDP",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// Returns what `fd` refers to; `Unknown` if it is not open.
pub fn describe(fd: RawFd) -> Nature {
    // SAFETY: isatty only looks the number up; a bad one returns 0.
    if fd >= 0 && unsafe { libc::isatty(fd) } == 1 {
        return Nature::Tty;
    }
    match file_type(fd) {
        Some(libc::S_IFREG | libc::S_IFCHR) => Nature::File,
        Some(libc::S_IFIFO) => Nature::Pipe,
        // SAFETY: the caller's fstat showed that the number names an open socket; it is only
        // borrowed here.
        Some(libc::S_IFSOCK) => unsafe { describe_socket(fd) },
        _ => Nature::Unknown,
    }
}

fn file_type(fd: RawFd) -> Option<libc::mode_t> {
    // SAFETY: an all-zero stat is a valid value of that plain C struct.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: the struct outlives the call; a bad descriptor only returns an error.
    check(unsafe { libc::fstat(fd, &mut stat) }).ok()?;
    Some(stat.st_mode & libc::S_IFMT)
}

/// # Safety
/// The number names an open socket.
unsafe fn describe_socket(fd: RawFd) -> Nature {
    // SAFETY: the contract is the caller's.
    let socket = unsafe { BorrowedFd::borrow_raw(fd) };
    let socket = socket2::SockRef::from(&socket);
    let (Ok(address), Ok(kind)) = (socket.local_addr(), socket.r#type()) else {
        return Nature::Unknown;
    };
    let internet = address.is_ipv4() || address.is_ipv6();
    match kind {
        socket2::Type::STREAM if internet => Nature::Tcp,
        socket2::Type::STREAM if address.is_unix() => Nature::Pipe,
        socket2::Type::DGRAM if internet => Nature::Udp,
        _ => Nature::Unknown,
    }
}

/// Takes ownership of a descriptor opened elsewhere and makes it non-blocking.
///
/// # Errors
/// `EBADF` where the number names no open descriptor. A descriptor is left open on error.
pub fn adopt(fd: RawFd) -> io::Result<(OwnedFd, Access)> {
    // SAFETY: F_GETFL only reads; a bad number returns EBADF.
    let flags = uninterrupted(|| check(unsafe { libc::fcntl(fd, libc::F_GETFL) }))?;
    let wanted = flags | libc::O_NONBLOCK;
    // SAFETY: sets status flags of an open descriptor; no memory is passed.
    uninterrupted(|| check(unsafe { libc::fcntl(fd, libc::F_SETFL, wanted) }))?;
    let mode = flags & libc::O_ACCMODE;
    let access = Access {
        readable: mode != libc::O_WRONLY,
        writable: mode != libc::O_RDONLY,
    };
    // SAFETY: the caller hands over an open descriptor, as `open(fd)` of node's handles does.
    Ok((unsafe { OwnedFd::from_raw_fd(fd) }, access))
}

/// Borrows an owned descriptor.
pub fn borrow(fd: &OwnedFd) -> BorrowedFd<'_> {
    fd.as_fd()
}

/// Returns the number that JavaScript sees.
pub fn number(fd: BorrowedFd<'_>) -> i32 {
    fd.as_raw_fd()
}

/// Releases ownership of a descriptor to JavaScript and returns its number.
pub fn into_number(fd: OwnedFd) -> i32 {
    fd.into_raw_fd()
}

/// Closes a descriptor that [`into_number`] released; a negative number is ignored.
pub fn close(number: i32) {
    if number >= 0 {
        // SAFETY: JavaScript hands back a descriptor that it was given the ownership of.
        drop(unsafe { OwnedFd::from_raw_fd(number) });
    }
}

/// Names a descriptor to another thread, which may send on it.
pub fn lend(fd: BorrowedFd<'_>) -> Option<Lent> {
    Some(Lent(fd.as_raw_fd()))
}

/// Creates a second, close-on-exec descriptor for the same open file.
///
/// # Errors
/// `EMFILE` where none is free.
pub fn share(fd: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    duplicate(fd.as_raw_fd())
}

/// Does the same as [`share`] for the number of a descriptor that is owned elsewhere.
///
/// # Errors
/// `EBADF` where the number names nothing open, `EMFILE` where none is free.
pub fn duplicate(fd: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: passes two integers; a bad descriptor returns EBADF.
    let copy = uninterrupted(|| check(unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 3) }))?;
    // SAFETY: the call returned a new descriptor that has no other owner.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

/// Makes reads and writes of the descriptor blocking or non-blocking.
pub fn set_blocking(fd: BorrowedFd<'_>, blocking: bool) -> io::Result<()> {
    // SAFETY: F_GETFL only reads the flags of an open descriptor.
    let flags = check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL) })?;
    let wanted = if blocking {
        flags & !libc::O_NONBLOCK
    } else {
        flags | libc::O_NONBLOCK
    };
    // SAFETY: sets status flags of an open descriptor; no memory is passed.
    check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, wanted) })?;
    Ok(())
}

/// True when an error says that the process or the system has no descriptor left.
pub fn is_exhausted(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}

/// A spare descriptor. When none is left, it is released so that waiting connections can be
/// accepted and closed. Otherwise the poller would report them for ever; libuv does the same.
#[derive(Debug)]
pub struct Reserve(Option<File>);

impl Reserve {
    pub fn new() -> Self {
        Self(File::open("/dev/null").ok())
    }

    /// Releases the descriptor; returns false if there was none.
    pub fn release(&mut self) -> bool {
        self.0.take().is_some()
    }

    /// Tries to open the descriptor again.
    pub fn refill(&mut self) {
        if self.0.is_none() {
            *self = Self::new();
        }
    }
}
