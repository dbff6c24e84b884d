//! What a connection still has to send.

use std::io::{self, ErrorKind, Write};

use socket2::Socket;

use crate::pattern;

/// Bytes, and behind them a length of the bulk pattern that needs no memory.
#[derive(Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    sent: usize,
    position: u64,
    pattern_left: u64,
    chunk: usize,
}

impl Outbox {
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Sends `length` more bytes of the pattern, `chunk` at most in one write.
    pub fn push_pattern(&mut self, length: u64, chunk: usize) {
        self.pattern_left += length;
        self.chunk = chunk;
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.pattern_left == 0
    }

    /// Sends what the socket takes now.
    pub fn flush(&mut self, socket: &mut Socket) -> io::Result<()> {
        match self.send(socket) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            other => other,
        }
    }

    fn send(&mut self, socket: &mut Socket) -> io::Result<()> {
        while self.sent < self.bytes.len() {
            self.sent += socket.write(&self.bytes[self.sent..])?;
        }
        self.bytes.clear();
        self.sent = 0;
        while self.pattern_left > 0 {
            let rest = usize::try_from(self.pattern_left).unwrap_or(usize::MAX);
            let sent = socket.write(pattern::at(self.position, self.chunk.min(rest)))?;
            self.position += sent as u64;
            self.pattern_left -= sent as u64;
        }
        Ok(())
    }
}
