//! Windows: Winsock sockets, and named pipes where Unix has named sockets.
//!
//! A socket operation is attempted when the socket is known or assumed to be ready, as on Unix. A
//! named pipe's reads and writes are started ahead by the reactor, which owns their buffers. A pipe
//! therefore carries more state than its handle: see [`pipe`].

pub mod descriptor;
mod ending;
pub mod errno;
mod name;
pub mod named;
mod opening;
pub mod options;
pub mod passing;
pub mod path;
mod permissions;
pub mod pipe;
pub mod poller;
pub mod socket;
#[path = "../unix/splice_none.rs"]
pub mod splice;
pub mod symbols;
pub mod takeover;
pub mod waker;

use std::io;
use std::os::windows::io::{BorrowedSocket, OwnedSocket, RawSocket};

use windows_sys::Win32::Networking::WinSock::WSAENOTSOCK;

/// An owned open descriptor, closed on drop.
#[derive(Debug)]
pub enum Descriptor {
    Socket(OwnedSocket),
    Pipe(Box<pipe::Pipe>),
}

/// A descriptor borrowed from its owner.
#[derive(Clone, Copy, Debug)]
pub enum BorrowedDescriptor<'a> {
    Socket(BorrowedSocket<'a>),
    Pipe(&'a pipe::Pipe),
}

impl<'a> BorrowedDescriptor<'a> {
    /// # Errors
    /// `ENOTSOCK` for a pipe.
    fn socket(self) -> io::Result<BorrowedSocket<'a>> {
        match self {
            Self::Socket(socket) => Ok(socket),
            Self::Pipe(_) => Err(system_error(WSAENOTSOCK)),
        }
    }
}

/// The number of a socket that is lent to another thread: see [`socket::send_lent`].
#[derive(Clone, Copy, Debug)]
pub struct Lent(RawSocket);

/// Creates an error from a Winsock (signed) or Win32 (unsigned) code.
fn system_error(code: impl TryInto<i32>) -> io::Error {
    code.try_into().map_or_else(
        |_| io::ErrorKind::Other.into(),
        io::Error::from_raw_os_error,
    )
}
