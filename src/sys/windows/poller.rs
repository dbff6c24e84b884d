//! Registers sockets and pipes with a Tokio runtime.

use std::io;
use std::net;
use std::os::windows::io::AsSocket;
use std::task::{Context, Poll, Waker};

use tokio::net::TcpStream;

use super::pipe::Pipe;
use super::{socket, BorrowedDescriptor, Descriptor};
use crate::sys::{Interest, Tried};

/// A descriptor registered with a Tokio runtime, for reading and writing.
#[derive(Debug)]
pub struct Registration(Inner);

#[derive(Debug)]
enum Inner {
    /// Any socket, listeners included: Tokio's poller looks at events alone.
    Socket(TcpStream),
    Pipe(Box<Pipe>),
}

impl Registration {
    /// Registers `fd` with the runtime of the current context.
    ///
    /// # Errors
    /// The system's error; the descriptor is then closed.
    ///
    /// # Panics
    /// Outside a runtime's context.
    pub fn new(fd: Descriptor) -> io::Result<Self> {
        Ok(Self(match fd {
            Descriptor::Socket(socket) => {
                Inner::Socket(TcpStream::from_std(net::TcpStream::from(socket))?)
            }
            Descriptor::Pipe(pipe) => {
                pipe.register()?;
                Inner::Pipe(pipe)
            }
        }))
    }

    /// Deregisters a socket and returns it. A pipe stays registered for good.
    ///
    /// # Errors
    /// The system's error; the socket is then closed.
    pub fn into_descriptor(self) -> io::Result<Descriptor> {
        match self.0 {
            Inner::Socket(socket) => Ok(Descriptor::Socket(socket.into_std()?.into())),
            Inner::Pipe(pipe) => Ok(Descriptor::Pipe(pipe)),
        }
    }

    /// Returns the registered descriptor.
    pub fn descriptor(&self) -> BorrowedDescriptor<'_> {
        match &self.0 {
            Inner::Socket(socket) => BorrowedDescriptor::Socket(socket.as_socket()),
            Inner::Pipe(pipe) => BorrowedDescriptor::Pipe(pipe),
        }
    }

    /// Returns `Ready` when the poller has reported readiness; otherwise registers `waker` for it.
    pub fn poll_ready(&self, interest: Interest, waker: &Waker) -> Poll<io::Result<()>> {
        let context = &mut Context::from_waker(waker);
        match (&self.0, interest) {
            (Inner::Socket(socket), Interest::Read) => socket.poll_read_ready(context),
            (Inner::Socket(socket), Interest::Write) => socket.poll_write_ready(context),
            (Inner::Pipe(pipe), _) => pipe.poll_ready(interest, waker),
        }
    }

    /// Attempts `operation` on a socket even where the poller has reported no readiness, which it
    /// has not yet for a fresh registration.
    ///
    /// The poller asks the system again only after an operation within Tokio's `try_io` would have
    /// blocked. While it has reported no readiness it is asking already. The system answers by the
    /// current state, so data that arrives meanwhile is not missed.
    pub fn attempt<T>(
        &self,
        interest: Interest,
        waker: &Waker,
        mut operation: impl FnMut(BorrowedDescriptor<'_>) -> io::Result<T>,
        is_drained: impl Fn(&T) -> bool,
    ) -> Tried<T> {
        let ready = match self.poll_ready(interest, waker) {
            Poll::Ready(Err(error)) => return Tried::Failed(error),
            ready => ready.is_ready(),
        };
        let mut act = || operation(self.descriptor());
        let result = match &self.0 {
            Inner::Socket(socket) if ready => socket.try_io(to_tokio(interest), act),
            // A pipe tracks its readiness itself.
            Inner::Socket(_) | Inner::Pipe(_) => act(),
        };
        match result {
            Ok(value) => {
                if ready && is_drained(&value) {
                    self.clear_ready(interest);
                }
                Tried::Done(value)
            }
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Tried::Failed(error),
            Err(_) if ready => Tried::Stale,
            Err(_) => Tried::Pending,
        }
    }

    /// Makes the poller ask the system again, as if an attempt had found no data.
    fn clear_ready(&self, interest: Interest) {
        if let Inner::Socket(socket) = &self.0 {
            let would_block = || Err::<(), _>(io::ErrorKind::WouldBlock.into());
            let _ = socket.try_io(to_tokio(interest), would_block);
        }
    }

    /// Shuts the writing side down: a socket's at once, a pipe's when the peer has read everything.
    pub fn poll_shutdown(&self, waker: &Waker) -> Poll<io::Result<()>> {
        match &self.0 {
            Inner::Socket(_) => Poll::Ready(socket::shutdown_write(self.descriptor())),
            Inner::Pipe(pipe) => pipe.poll_shutdown(waker),
        }
    }
}

fn to_tokio(interest: Interest) -> tokio::io::Interest {
    match interest {
        Interest::Read => tokio::io::Interest::READABLE,
        Interest::Write => tokio::io::Interest::WRITABLE,
    }
}

/// Rejects the search for the poller. It is a completion port, which no other loop can watch.
///
/// # Errors
/// Always `Unsupported`.
pub fn marker() -> io::Result<Descriptor> {
    let reason = "the poller is a completion port";
    Err(io::Error::new(io::ErrorKind::Unsupported, reason))
}

/// Returns `None`: another loop cannot watch a completion port.
pub fn find(_marker: &Registration) -> Option<i32> {
    None
}
