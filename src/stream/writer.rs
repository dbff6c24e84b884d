//! Writes what the kernel has room for. JavaScript keeps the rest and offers it again. Only
//! coalesced bytes, already reported as written, are kept here.

use crate::error::Result;
use crate::runtime::{Attempt, Source};
use crate::sys::{options, socket, BorrowedDescriptor, Bytes, Descriptor};

/// The writing side of one stream.
#[derive(Debug, Default)]
pub struct Writer {
    /// Coalesced bytes not fully sent yet; the first `sent` of them are in the kernel.
    backlog: Vec<u8>,
    sent: usize,
    /// JavaScript holds unsent bytes and must be notified when there is room for them.
    is_awaited: bool,
}

impl Writer {
    /// Returns how many coalesced bytes are still unsent.
    pub fn pending(&self) -> usize {
        self.backlog.len() - self.sent
    }

    /// True when no bytes are waiting to be sent, neither here nor in JavaScript.
    pub fn is_idle(&self) -> bool {
        self.is_drained() && !self.is_awaited
    }

    /// True when no coalesced bytes are waiting to be sent.
    pub fn is_drained(&self) -> bool {
        self.backlog.is_empty()
    }

    /// Offers `buffers` to the kernel and returns how many bytes it took. If that is not all,
    /// [`Self::resume`] later reports that there is room for the rest.
    ///
    /// # Errors
    /// The kernel's error. [`Self::resume`] then reports no room.
    pub fn write(&mut self, source: &Source, buffers: &mut [Bytes<'_>]) -> Result<usize> {
        self.is_awaited = false;
        let total = Bytes::total(buffers);
        let sent = if self.is_drained() {
            if let [only] = *buffers {
                probe_empty_write(source, only)?;
            }
            send(source, buffers)?
        } else {
            0
        };
        self.is_awaited = sent < total;
        Ok(sent)
    }

    /// As [`Self::write`], with descriptors, which leave with the first byte. `descriptors` is empty
    /// once they have.
    ///
    /// # Errors
    /// As for [`Self::write`].
    pub fn pass(
        &mut self,
        source: &Source,
        bytes: Bytes<'_>,
        descriptors: &mut Vec<Descriptor>,
    ) -> Result<usize> {
        if descriptors.is_empty() {
            return self.write(source, &mut [bytes]);
        }
        self.is_awaited = false;
        let mut sent = 0;
        if self.is_drained() {
            match source.try_pass(bytes, descriptors) {
                Attempt::Done(first) => sent = first,
                Attempt::Pending => {}
                Attempt::Failed(error) => return Err(error.into()),
            }
        }
        if sent > 0 {
            descriptors.clear();
            if sent < bytes.len() && !source.awaits_room() {
                sent += send(source, &mut [bytes.skip(sent)])?;
            }
        }
        self.is_awaited = sent < bytes.len();
        Ok(sent)
    }

    /// Records that JavaScript waits for the next [`Self::resume`]. It does so until the stream is
    /// connected.
    pub fn await_room(&mut self) {
        self.is_awaited = true;
    }

    /// Sends coalesced bytes and keeps what the kernel does not take.
    ///
    /// # Errors
    /// The kernel's error; the bytes are then lost.
    pub fn write_deferred(&mut self, source: &Source, bytes: &[u8]) -> Result<()> {
        let sent = if self.is_drained() {
            send(source, &mut [bytes.into()])?
        } else {
            0
        };
        self.backlog.extend_from_slice(&bytes[sent..]);
        Ok(())
    }

    /// Continues after the source became writable. Returns true, once, when there is room for the
    /// bytes that JavaScript still holds.
    ///
    /// # Errors
    /// The kernel's error; the coalesced bytes are then lost.
    pub fn resume(&mut self, source: &Source) -> Result<bool> {
        if !self.is_drained() {
            let rest = Bytes::from(&self.backlog[self.sent..]);
            match send(source, &mut [rest]) {
                Ok(sent) => self.sent += sent,
                Err(errno) => {
                    self.clear_backlog();
                    return Err(errno);
                }
            }
            if self.pending() > 0 {
                return Ok(false);
            }
            self.clear_backlog();
        }
        Ok(self.take_awaited())
    }

    /// Sends the coalesced bytes ahead of a close, with a send buffer that has more room for them.
    /// Returns true when all of them have left.
    pub fn send_last(&mut self, fd: BorrowedDescriptor<'_>) -> bool {
        if self.is_drained() {
            return true;
        }
        // Where that is refused, there is the room that there is.
        let _ = options::raise_send_buffer(fd);
        while self.pending() > 0 {
            match socket::send(fd, Bytes::from(&self.backlog[self.sent..])) {
                Ok(sent) if sent > 0 => self.sent += sent,
                _ => return false,
            }
        }
        true
    }

    /// Returns true when JavaScript holds bytes back, for which no room has been reported since.
    pub fn take_awaited(&mut self) -> bool {
        std::mem::take(&mut self.is_awaited)
    }

    // Frees the memory too: a backlog is rare, and may have been large.
    fn clear_backlog(&mut self) {
        self.backlog = Vec::new();
        self.sent = 0;
    }
}

/// Makes the system call even for a single empty buffer, as libuv does. The kernel may reject it: a
/// Unix socket does when its peer has closed.
fn probe_empty_write(source: &Source, only: Bytes<'_>) -> Result<()> {
    if cfg!(unix) && only.len() == 0 {
        if let Attempt::Failed(error) = source.try_write_one(only) {
            return Err(error.into());
        }
    }
    Ok(())
}

/// Sends until all bytes are taken or the kernel has no more room. Returns the number of bytes
/// sent. The kernel then has room again only when much has become free: sending little by little
/// would cost many calls, and wake the peer as often.
fn send(source: &Source, buffers: &mut [Bytes<'_>]) -> Result<usize> {
    let mut rest = buffers;
    // Empty buffers at the front count as sent.
    Bytes::advance(&mut rest, 0);
    let mut total = 0;
    while !rest.is_empty() {
        let attempt = match *rest {
            [bytes] => source.try_write_one(bytes),
            _ => source.try_write(rest),
        };
        match attempt {
            Attempt::Done(sent) => {
                total += sent;
                Bytes::advance(&mut rest, sent);
                if !rest.is_empty() && source.awaits_room() {
                    break;
                }
            }
            Attempt::Pending => break,
            Attempt::Failed(error) => return Err(error.into()),
        }
    }
    Ok(total)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Errno;
    use crate::event::Key;
    use crate::runtime::Reactor;
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    fn connected() -> (Reactor, Source, UnixStream) {
        let reactor = Reactor::on_loop().unwrap();
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let source = reactor.register(Key::new(0, 0), ours.into()).unwrap();
        reactor.poll();
        (reactor, source, theirs)
    }

    /// Fills the kernel's buffer; returns how many bytes it took.
    fn fill(writer: &mut Writer, source: &Source) -> usize {
        let large = vec![7u8; 8 << 20];
        writer.write(source, &mut [large[..].into()]).unwrap()
    }

    #[test]
    fn a_small_write_is_taken_at_once() {
        let (_reactor, source, mut peer) = connected();
        let mut writer = Writer::default();
        let parts: [&[u8]; 3] = [b"ab", b"", b"c"];
        let taken = writer.write(&source, &mut parts.map(Bytes::from)).unwrap();
        assert_eq!(taken, 3);
        assert!(writer.is_idle());
        let mut read = [0u8; 3];
        peer.read_exact(&mut read).unwrap();
        assert_eq!(&read, b"abc");
    }

    #[test]
    fn a_full_kernel_is_offered_nothing_more() {
        let (_reactor, source, _peer) = connected();
        fill(&mut Writer::default(), &source);
        assert_eq!(source.calls(), (0, 1));
    }

    #[test]
    fn room_is_reported_once_and_only_while_bytes_are_held_back() {
        let (reactor, source, mut peer) = connected();
        let mut writer = Writer::default();
        assert!(!writer.resume(&source).unwrap());
        let taken = fill(&mut writer, &source);
        assert!(taken < 8 << 20);
        assert!(!writer.is_idle());
        peer.read_exact(&mut vec![0; taken]).unwrap();
        reactor.poll();
        assert!(writer.resume(&source).unwrap());
        assert!(!writer.resume(&source).unwrap());
    }

    #[test]
    fn coalesced_bytes_that_did_not_fit_go_before_what_is_held_back() {
        let (reactor, source, mut peer) = connected();
        let mut writer = Writer::default();
        let taken = fill(&mut writer, &source);
        writer.write_deferred(&source, b"first ").unwrap();
        writer.write_deferred(&source, b"second").unwrap();
        assert_eq!(writer.pending(), 12);
        let late = writer.write(&source, &mut [b"late"[..].into()]).unwrap();
        assert_eq!(late, 0);
        peer.read_exact(&mut vec![0; taken]).unwrap();
        reactor.poll();
        assert!(writer.resume(&source).unwrap());
        assert_eq!(writer.pending(), 0);
        let mut read = [0u8; 12];
        peer.read_exact(&mut read).unwrap();
        assert_eq!(&read, b"first second");
    }

    #[test]
    fn a_failure_of_the_backlog_is_reported() {
        let (_reactor, source, peer) = connected();
        let mut writer = Writer::default();
        fill(&mut writer, &source);
        writer.write_deferred(&source, b"lost").unwrap();
        drop(peer);
        assert_eq!(writer.resume(&source), Err(Errno::PIPE));
        assert!(writer.is_drained());
    }
}
