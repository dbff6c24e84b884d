//! A handle that waits for the outcome of a connect.

use std::net::SocketAddr;

use socket2::SockAddr;

use super::socket::Socket;
use super::stream::Stream;
use crate::error::{Errno, Result};
use crate::event::Key;
use crate::runtime::{Interest, Reactor};
use crate::sys::path::{self, Name};
use crate::sys::socket;

/// A connect that is under way, and the stream that comes of it.
///
/// The stream is there from the start: what is written, and that reading has started, belong to it.
/// It may also have a past. A stream whose connect has failed may connect again.
#[derive(Debug)]
pub(super) struct Connecting {
    pub stream: Stream,
    /// The outcome of this connect has been put off once.
    is_put_off: bool,
}

impl Connecting {
    /// Prepares to wait; `failure` is an outcome that is known already.
    pub fn new(mut stream: Stream, failure: Option<Errno>) -> Self {
        stream.open_both_sides();
        if failure.is_some() {
            stream.socket_mut().set_held_error(failure);
        }
        Self {
            stream,
            is_put_off: false,
        }
    }

    /// Waits for the connect to end. The outcome, or a held error, is reported in a later loop iteration.
    ///
    /// # Errors
    /// The reactor's; the descriptor is closed then.
    pub fn start(&mut self, key: Key, reactor: &Reactor) -> Result<()> {
        let socket = self.stream.socket_mut();
        socket.unregister()?;
        let has_failed = socket.held_error().is_some();
        if has_failed && socket.is_missing() {
            reactor.serve_later(key, Interest::Write);
            return Ok(());
        }
        let source = socket.register(key, reactor)?;
        // A thread may have found it ready already: this iteration is too early to report that.
        if has_failed {
            source.announce_later(Interest::Write);
        } else {
            source.arm_later(Interest::Write);
        }
        Ok(())
    }

    /// Returns the outcome of the connect, or `None` while it goes on.
    pub fn poll_outcome(&mut self) -> Option<Result<()>> {
        let socket = self.stream.socket_mut();
        if let Some(errno) = socket.take_held_error() {
            return Some(Err(errno));
        }
        let Some(source) = socket.source() else {
            return Some(Err(Errno::BADF));
        };
        if !source.is_ready(Interest::Write) {
            return None;
        }
        Some(match socket::take_error(source.descriptor()) {
            Ok(None) => Ok(()),
            Ok(Some(error)) | Err(error) => Err(Errno::from(error)),
        })
    }

    /// True for a connect that was put off: accepts without end must not keep it waiting.
    pub fn is_put_off(&self) -> bool {
        self.is_put_off
    }

    /// Has the connect finished in the next batch. False where there is nothing to wait with.
    pub fn put_off(&mut self) -> bool {
        let Some(source) = self.stream.socket().source() else {
            return false;
        };
        source.announce(Interest::Write);
        self.is_put_off = true;
        true
    }
}

impl Socket {
    /// Starts to connect to an address. Returns an error that is to come as the outcome.
    ///
    /// # Errors
    /// The kernel's where it knows at once, but for `ECONNREFUSED`: as in libuv that one always
    /// comes as an event.
    pub fn connect(&self, address: SocketAddr) -> Result<Option<Errno>> {
        let fd = self.fd().ok_or(Errno::BADF)?;
        match socket::connect(fd, &SockAddr::from(address)) {
            Ok(()) => Ok(None),
            Err(error) if socket::is_in_progress(&error) => Ok(None),
            Err(error) => match Errno::from(error) {
                Errno::CONNREFUSED => Ok(Some(Errno::CONNREFUSED)),
                errno => Err(errno),
            },
        }
    }

    /// Starts to connect to a name. Returns an error that is to come as the outcome.
    pub fn connect_to_name(&self, name: &Name) -> Option<Errno> {
        match path::connect(self.fd()?, name) {
            Ok(()) => None,
            Err(error) if socket::is_in_progress(&error) => None,
            Err(error) => Some(error.into()),
        }
    }
}
