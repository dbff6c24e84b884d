//! A handle that bytes go through, or will: connected, adopted from outside, or in
//! [`super::connecting::Connecting`].

mod passing;
mod reading;
mod relaying;
mod writing;

use self::passing::Passing;
use self::reading::Reading;
#[cfg(unix)]
#[cfg(test)]
pub(super) use self::reading::MAX_LOOKS;
use self::writing::Writing;
use super::common::{Common, Transport};
use super::socket::Socket;
use crate::error::{Errno, Result};
use crate::event::Key;
use crate::queue::EventQueue;
use crate::runtime::Interest;
use crate::stream::Relay;
use crate::sys::{options, Access};

/// Both directions of a byte stream.
///
/// The kernel judges the verbs of a stream. It was connected when it was accepted, but an adopted
/// descriptor may be anything, and one whose connect has failed stays a stream, as in libuv.
#[derive(Debug)]
pub(super) struct Stream {
    socket: Socket,
    transport: Transport,
    access: Access,
    reading: Reading,
    writing: Writing,
    /// Bytes came in after the last ones that were written.
    awaits_answer: bool,
    /// Made for the first relay that this handle has a part in.
    relay: Option<Box<Relay>>,
    /// Made for the first descriptors that come or go.
    passing: Option<Box<Passing>>,
}

impl Stream {
    pub fn new(socket: Socket, access: Access, transport: Transport) -> Self {
        Self {
            socket,
            transport,
            access,
            reading: Reading::default(),
            writing: Writing::default(),
            awaits_answer: false,
            relay: None,
            passing: None,
        }
    }

    /// Makes the stream of a connection that a listener has accepted.
    pub fn accepted(socket: Socket, transport: Transport) -> Self {
        Self {
            reading: Reading::of_accepted(),
            ..Self::new(socket, Access::FULL, transport)
        }
    }

    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    pub fn socket_mut(&mut self) -> &mut Socket {
        &mut self.socket
    }

    pub fn into_socket(self) -> Socket {
        self.socket
    }

    pub fn access(&self) -> Access {
        self.access
    }

    /// Allows reads and writes, whatever was so before.
    pub fn open_both_sides(&mut self) {
        self.access = Access::FULL;
    }

    /// True when it keeps its environment alive, by libuv's rule: while it reads if it is
    /// referenced, and for a pending request always.
    pub fn keeps_alive(&self, common: &Common) -> bool {
        (common.referenced && self.reading.is_on()) || self.writing.is_pending()
    }

    /// True when nothing waits to be sent, and nothing came in since the last write.
    pub fn is_answered(&self) -> bool {
        !self.awaits_answer && !self.writing.is_pending()
    }

    /// Returns the coalesced bytes that the kernel has not taken, how often it was asked for some,
    /// and how often it was given some.
    pub fn stats(&self) -> [u64; 3] {
        let (reads, writes) = self.socket.source().map_or((0, 0), |source| source.calls());
        let queued = self.writing.queue_size() as u64;
        [queued, reads + self.reading.looks(), writes]
    }

    /// Returns the coalesced bytes that the kernel has not taken.
    pub fn write_queue_size(&self) -> usize {
        self.writing.queue_size()
    }

    /// Goes on as a connected stream, beginning with the reads that were asked for.
    pub fn begin(&mut self) {
        if let Some(source) = self.socket.source() {
            self.access = Access::FULL;
            if self.reading.is_on() {
                source.arm(Interest::Read);
            }
        }
    }

    /// Goes on with what waited for writability: the queue, then a shutdown.
    pub fn on_writable(&mut self, key: Key, queue: &mut EventQueue) {
        if self.socket.source().is_some() {
            self.resume_writing(key, queue);
            self.finish_shutdown(key, queue);
        }
    }

    /// Checks that a reset may come now.
    ///
    /// # Errors
    /// `EINVAL` while a shutdown is pending, as in libuv.
    pub fn check_resettable(&self) -> Result<()> {
        if self.writing.is_shutting_down() {
            return Err(Errno::INVAL);
        }
        Ok(())
    }

    /// Sends the rest of the coalesced bytes, which were reported as written. Where bytes are lost
    /// all the same, the close that follows sends a reset, if the transport has one.
    pub fn prepare_close(&mut self) {
        let Some(fd) = self.socket.fd() else {
            return;
        };
        if !self.writing.send_last(fd) {
            // Refused where the peer is gone.
            let _ = options::set_linger_zero(fd);
        }
    }
}
