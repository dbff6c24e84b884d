//! Descriptors that are registered with a Tokio runtime.

use std::future::Future;
use std::io;
use std::net;
use std::os::windows::io::AsSocket;
use std::task::{Context, Poll, Waker};

use tokio::net::TcpStream;

use super::pipe::Pipe;
use super::{socket, BorrowedDescriptor, Descriptor};
use crate::sys::{Interest, Tried};

/// A descriptor that is registered with a Tokio runtime, for reading and writing.
#[derive(Debug)]
pub struct Registration(Inner);

#[derive(Debug)]
enum Inner {
    /// Of any kind: a listener is as good as a connection to the poller, which looks at events alone.
    Socket(TcpStream),
    Pipe(Box<Pipe>),
}

impl Registration {
    /// Registers `fd` with the runtime of the current context.
    ///
    /// # Errors
    /// What the system says; the descriptor is closed then.
    ///
    /// # Panics
    /// Outside a runtime's context.
    pub fn new(fd: Descriptor) -> io::Result<Self> {
        Ok(Self(match fd {
            Descriptor::Socket(socket) => {
                Inner::Socket(TcpStream::from_std(net::TcpStream::from(socket))?)
            }
            Descriptor::Pipe(pipe) => {
                pipe.watch()?;
                Inner::Pipe(pipe)
            }
        }))
    }

    /// Ends the registration, but for a pipe, which is known to the runtime for good.
    ///
    /// # Errors
    /// The system's; the socket is closed then.
    pub fn into_descriptor(self) -> io::Result<Descriptor> {
        match self.0 {
            Inner::Socket(socket) => Ok(Descriptor::Socket(socket.into_std()?.into())),
            Inner::Pipe(pipe) => Ok(Descriptor::Pipe(pipe)),
        }
    }

    pub fn descriptor(&self) -> BorrowedDescriptor<'_> {
        match &self.0 {
            Inner::Socket(socket) => BorrowedDescriptor::Socket(socket.as_socket()),
            Inner::Pipe(pipe) => BorrowedDescriptor::Pipe(pipe),
        }
    }

    /// Whether the poller knows of readiness; if not, `waker` is told when it does.
    pub fn poll_ready(&self, interest: Interest, waker: &Waker) -> Poll<io::Result<()>> {
        let context = &mut Context::from_waker(waker);
        match (&self.0, interest) {
            (Inner::Socket(socket), Interest::Read) => socket.poll_read_ready(context),
            (Inner::Socket(socket), Interest::Write) => socket.poll_write_ready(context),
            (Inner::Pipe(pipe), _) => pipe.poll_ready(interest, waker),
        }
    }

    /// True when the poller has reported the end of what comes in. False for a pipe.
    pub fn has_read_ended(&self, waker: &Waker) -> bool {
        let Inner::Socket(socket) = &self.0 else {
            return false;
        };
        let mut ready = std::pin::pin!(socket.ready(tokio::io::Interest::READABLE));
        let polled = ready.as_mut().poll(&mut Context::from_waker(waker));
        matches!(polled, Poll::Ready(Ok(ready)) if ready.is_read_closed())
    }

    /// Tries a socket even where the poller knows of no readiness: of one that was registered a moment
    /// ago it knows nothing yet. The poller asks the system anew only where Tokio's own `try_io` has met
    /// an operation that would wait; while it knows of no readiness it is asking already. What it
    /// asks is answered by how things are, so that nothing that comes in meanwhile is missed.
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
            Inner::Socket(socket) if ready => socket.try_io(in_tokios_words(interest), act),
            // A pipe keeps its readiness by itself.
            Inner::Socket(_) | Inner::Pipe(_) => act(),
        };
        match result {
            Ok(value) => {
                if ready && is_drained(&value) {
                    self.forget(interest);
                }
                Tried::Done(value)
            }
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Tried::Failed(error),
            Err(_) if ready => Tried::Stale,
            Err(_) => Tried::Pending,
        }
    }

    /// Has the poller ask the system anew, as if a try had found nothing.
    fn forget(&self, interest: Interest) {
        if let Inner::Socket(socket) = &self.0 {
            let nothing = || Err::<(), _>(io::ErrorKind::WouldBlock.into());
            let _ = socket.try_io(in_tokios_words(interest), nothing);
        }
    }

    /// Ends the writing side: a socket's at once, a pipe's when the peer has read everything.
    pub fn poll_shutdown(&self, waker: &Waker) -> Poll<io::Result<()>> {
        match &self.0 {
            Inner::Socket(_) => Poll::Ready(socket::shutdown_write(self.descriptor())),
            Inner::Pipe(pipe) => pipe.poll_end(waker),
        }
    }
}

fn in_tokios_words(interest: Interest) -> tokio::io::Interest {
    match interest {
        Interest::Read => tokio::io::Interest::READABLE,
        Interest::Write => tokio::io::Interest::WRITABLE,
    }
}

/// Something to register and search for. The poller is a completion port, which no other loop can
/// watch: there is nothing to be found.
///
/// # Errors
/// Always.
pub fn marker() -> io::Result<Descriptor> {
    let reason = "the poller is a completion port";
    Err(io::Error::new(io::ErrorKind::Unsupported, reason))
}

/// What the runtime polls with, where another loop could watch it.
pub fn find(_marker: &Registration) -> io::Result<i32> {
    Err(io::ErrorKind::Unsupported.into())
}
