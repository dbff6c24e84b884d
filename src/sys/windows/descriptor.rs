//! Sockets opened elsewhere, and the numbers that JavaScript uses for descriptors. As in node,
//! JavaScript has no number for what a handle has open. The numbers that it passes and receives are
//! those of sockets.

use std::io;
use std::os::windows::io::{
    AsRawSocket, AsSocket, BorrowedSocket, FromRawSocket, IntoRawSocket, OwnedSocket, RawSocket,
};

use socket2::{SockRef, Type};
use windows_sys::Win32::Foundation::{ERROR_INVALID_HANDLE, ERROR_NOT_SUPPORTED};
use windows_sys::Win32::Networking::WinSock::{WSAEMFILE, WSAENOBUFS};

use super::{system_error, BorrowedDescriptor, Descriptor, Lent};
use crate::sys::Access;

/// What a descriptor refers to, as libuv's `uv_guess_handle` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    Tcp,
    Udp,
    /// Anything else, such as a number that names no socket.
    Unknown,
}

impl Nature {
    /// Returns node's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// Returns what a socket's number refers to.
pub fn describe(number: i32) -> Nature {
    // SAFETY: it is asked for its kind at once.
    let Ok(socket) = (unsafe { borrow_number(number) }) else {
        return Nature::Unknown;
    };
    match SockRef::from(&socket).r#type() {
        Ok(Type::STREAM) => Nature::Tcp,
        Ok(Type::DGRAM) => Nature::Udp,
        _ => Nature::Unknown,
    }
}

/// Borrows an owned descriptor.
pub fn borrow(fd: &Descriptor) -> BorrowedDescriptor<'_> {
    match fd {
        Descriptor::Socket(socket) => BorrowedDescriptor::Socket(socket.as_socket()),
        Descriptor::Pipe(pipe) => BorrowedDescriptor::Pipe(pipe),
    }
}

/// Returns the number that JavaScript sees: always -1, as in node.
pub fn number(_fd: BorrowedDescriptor<'_>) -> i32 {
    -1
}

/// Releases ownership of a socket to JavaScript and returns its number. Returns -1 for a pipe, and
/// for a number over 31 bits; the descriptor is then closed.
pub fn into_number(fd: Descriptor) -> i32 {
    match fd {
        Descriptor::Socket(socket) => match i32::try_from(socket.as_raw_socket()) {
            Ok(number) => {
                let _ = socket.into_raw_socket();
                number
            }
            Err(_) => -1,
        },
        Descriptor::Pipe(_) => -1,
    }
}

/// Closes a socket that [`into_number`] released; a negative number is ignored.
pub fn close(number: i32) {
    if let Ok(raw) = RawSocket::try_from(number) {
        // SAFETY: JavaScript hands back a socket that it was given the ownership of.
        drop(unsafe { OwnedSocket::from_raw_socket(raw) });
    }
}

/// Names a socket to another thread, which may send on it; `None` for a pipe.
pub fn lend(fd: BorrowedDescriptor<'_>) -> Option<Lent> {
    fd.socket().ok().map(|socket| Lent(socket.as_raw_socket()))
}

/// Takes ownership of a socket opened elsewhere and makes it non-blocking.
///
/// # Errors
/// `ENOTSOCK` where the number names no socket. A socket is left open on error.
pub fn adopt(number: i32) -> io::Result<(Descriptor, Access)> {
    // SAFETY: the caller hands over what is open, and has it until this returns.
    let lent = unsafe { borrow_number(number) }?;
    SockRef::from(&lent).set_nonblocking(true)?;
    // SAFETY: the caller hands over an open socket, as `open(fd)` of node's handles does.
    let socket = unsafe { OwnedSocket::from_raw_socket(lent.as_raw_socket()) };
    let access = Access {
        readable: true,
        writable: true,
    };
    Ok((Descriptor::Socket(socket), access))
}

/// Creates a second descriptor for the same socket.
///
/// # Errors
/// `ENOTSUP` for a pipe, whose handle stays with one reactor.
pub fn share(fd: BorrowedDescriptor<'_>) -> io::Result<Descriptor> {
    match fd {
        BorrowedDescriptor::Socket(socket) => Ok(Descriptor::Socket(socket.try_clone_to_owned()?)),
        BorrowedDescriptor::Pipe(_) => Err(system_error(ERROR_NOT_SUPPORTED)),
    }
}

/// Does the same as [`share`] for the number of a socket that is owned elsewhere.
///
/// # Errors
/// `ENOTSOCK` where the number names no socket.
pub fn duplicate(number: i32) -> io::Result<Descriptor> {
    // SAFETY: it is cloned at once.
    let socket = unsafe { borrow_number(number) }?;
    Ok(Descriptor::Socket(socket.try_clone_to_owned()?))
}

/// Borrows the socket that a number names.
///
/// # Safety
/// What the number names stays open as long as it is borrowed.
unsafe fn borrow_number<'a>(number: i32) -> io::Result<BorrowedSocket<'a>> {
    let raw = RawSocket::try_from(number).map_err(|_| system_error(ERROR_INVALID_HANDLE))?;
    // SAFETY: by the contract. It is only asked for its kind next; a number that names no socket
    // returns an error.
    let socket = unsafe { BorrowedSocket::borrow_raw(raw) };
    SockRef::from(&socket).r#type()?;
    Ok(socket)
}

/// Makes reads and writes of a socket blocking or non-blocking.
///
/// # Errors
/// `ENOTSUP` for a pipe, which never blocks.
pub fn set_blocking(fd: BorrowedDescriptor<'_>, blocking: bool) -> io::Result<()> {
    match fd {
        BorrowedDescriptor::Socket(socket) => SockRef::from(&socket).set_nonblocking(!blocking),
        BorrowedDescriptor::Pipe(_) => Err(system_error(ERROR_NOT_SUPPORTED)),
    }
}

/// True when an error says that the process or the system has no socket left.
pub fn is_exhausted(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(WSAEMFILE | WSAENOBUFS))
}

/// Stands in for the spare descriptor of Unix. Windows has no small limit on sockets.
#[derive(Debug)]
pub struct Reserve;

impl Reserve {
    pub fn new() -> Self {
        Self
    }

    /// Returns false: there is no descriptor to release.
    pub fn release(&mut self) -> bool {
        false
    }

    /// Does nothing.
    pub fn refill(&mut self) {}
}
