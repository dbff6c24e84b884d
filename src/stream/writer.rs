//! Writing: try now, queue what the kernel does not take, and optionally gather small writes.

use std::collections::VecDeque;
use std::io::{self, IoSlice};

use crate::error::{Errno, Result};
use crate::runtime::{Attempt, Interest, Source};

/// Gathered bytes of one socket are sent once they are this many.
const GATHER_LIMIT: usize = 16 * 1024;
/// A write larger than this is not gathered: copying it would cost more than a system call.
const GATHER_PIECE: usize = 4 * 1024;
/// Buffers handed to the kernel in one go.
const VECTOR: usize = 64;

/// How far a write got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The kernel has everything, or it is gathered and will be sent at the end of the callback.
    Done,
    /// The rest is queued; a completion follows.
    Queued,
}

/// What became of something queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completion {
    /// The oldest request is over, with this status.
    Request(i32),
    /// Gathered bytes, long reported as written, could not be sent.
    GatheredFailed(i32),
}

/// The writing side of one stream. A queued byte belongs to the queue: the caller's memory may
/// change, move or go away as soon as a call returns.
#[derive(Debug, Default)]
pub struct Writer {
    queue: VecDeque<Chunk>,
    queued: usize,
    gathered: Vec<u8>,
}

#[derive(Debug)]
struct Chunk {
    bytes: Vec<u8>,
    sent: usize,
    /// Whether somebody waits for this chunk's completion.
    is_request: bool,
}

impl Writer {
    /// Bytes that the kernel has not taken yet.
    pub fn pending(&self) -> usize {
        self.queued + self.gathered.len()
    }

    pub fn has_requests(&self) -> bool {
        self.queue.iter().any(|chunk| chunk.is_request)
    }

    pub fn is_drained(&self) -> bool {
        self.queue.is_empty() && self.gathered.is_empty()
    }

    /// Keeps a small write for [`Self::send_gathered`], instead of sending it now. False where it
    /// must be written in the ordinary way.
    pub fn gather(&mut self, bytes: &[u8]) -> bool {
        let fits = bytes.len() <= GATHER_PIECE && self.gathered.len() + bytes.len() <= GATHER_LIMIT;
        if !fits || !self.queue.is_empty() {
            return false;
        }
        self.gathered.extend_from_slice(bytes);
        true
    }

    /// Writes `buffers` in order, behind whatever waits already.
    ///
    /// # Errors
    /// The kernel's; nothing of `buffers` is queued then.
    pub fn write(&mut self, source: &Source, buffers: &[&[u8]]) -> Result<Progress> {
        let mut skip = 0;
        if self.queue.is_empty() {
            self.send_gathered(source)?;
        }
        if self.queue.is_empty() {
            skip = send_now(source, buffers)?;
        }
        self.enqueue(buffers, skip, source)
    }

    /// Queues `buffers` without trying: the stream is not connected yet.
    pub fn defer(&mut self, buffers: &[&[u8]]) -> Progress {
        self.push_chunk(buffers, 0, true)
    }

    /// Sends what was gathered; what the kernel does not take is queued.
    ///
    /// # Errors
    /// The kernel's; the gathered bytes are gone then.
    pub fn send_gathered(&mut self, source: &Source) -> Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let mut gathered = std::mem::take(&mut self.gathered);
        let result = send_now(source, &[&gathered]);
        let sent = *result.as_ref().unwrap_or(&gathered.len());
        if sent < gathered.len() {
            self.push_chunk(&[&gathered], sent, false);
            source.arm(Interest::Write);
        }
        gathered.clear();
        self.gathered = gathered;
        result.map(|_| ())
    }

    /// Goes on with the queue after the source became writable, and tells what was completed.
    pub fn resume(&mut self, source: &Source, mut tell: impl FnMut(Completion)) {
        while !self.queue.is_empty() {
            let result = {
                let slices: Vec<IoSlice<'_>> = self
                    .queue
                    .iter()
                    .take(VECTOR)
                    .map(|chunk| IoSlice::new(&chunk.bytes[chunk.sent..]))
                    .collect();
                source.try_write(&slices)
            };
            match result {
                Attempt::Done(sent) => self.consume(sent, &mut tell),
                Attempt::Pending => return,
                Attempt::Failed(error) => {
                    self.fail_oldest(error, &mut tell);
                    return;
                }
            }
        }
    }

    fn enqueue(&mut self, buffers: &[&[u8]], skip: usize, source: &Source) -> Result<Progress> {
        let total: usize = buffers.iter().map(|buffer| buffer.len()).sum();
        if skip == total {
            return Ok(Progress::Done);
        }
        let progress = self.push_chunk(buffers, skip, true);
        source.arm(Interest::Write);
        Ok(progress)
    }

    fn push_chunk(&mut self, buffers: &[&[u8]], mut skip: usize, is_request: bool) -> Progress {
        let total: usize = buffers.iter().map(|buffer| buffer.len()).sum();
        let mut bytes = Vec::with_capacity(total - skip);
        for buffer in buffers {
            let passed = skip.min(buffer.len());
            bytes.extend_from_slice(&buffer[passed..]);
            skip -= passed;
        }
        self.queued += bytes.len();
        self.queue.push_back(Chunk {
            bytes,
            sent: 0,
            is_request,
        });
        Progress::Queued
    }

    fn consume(&mut self, mut sent: usize, tell: &mut impl FnMut(Completion)) {
        self.queued -= sent;
        while let Some(chunk) = self.queue.front_mut() {
            let left = chunk.bytes.len() - chunk.sent;
            if sent < left {
                chunk.sent += sent;
                return;
            }
            sent -= left;
            if chunk.is_request {
                tell(Completion::Request(0));
            }
            self.queue.pop_front();
        }
    }

    fn fail_oldest(&mut self, error: io::Error, tell: &mut impl FnMut(Completion)) {
        let Some(chunk) = self.queue.pop_front() else {
            return;
        };
        self.queued -= chunk.bytes.len() - chunk.sent;
        let status = Errno::from(error).code();
        tell(if chunk.is_request {
            Completion::Request(status)
        } else {
            Completion::GatheredFailed(status)
        });
    }
}

/// Sends until everything is gone or the kernel takes no more; the number of bytes sent.
fn send_now(source: &Source, buffers: &[&[u8]]) -> Result<usize> {
    let mut slices: Vec<IoSlice<'_>> = buffers.iter().map(|bytes| IoSlice::new(bytes)).collect();
    let mut rest = slices.as_mut_slice();
    // Empty buffers at the front count as sent.
    IoSlice::advance_slices(&mut rest, 0);
    let mut total = 0;
    while !rest.is_empty() {
        match source.try_write(rest) {
            Attempt::Done(sent) => {
                total += sent;
                IoSlice::advance_slices(&mut rest, sent);
            }
            Attempt::Pending => break,
            Attempt::Failed(error) => return Err(error.into()),
        }
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;
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

    #[test]
    fn a_small_write_is_done_at_once() {
        let (_reactor, source, mut peer) = connected();
        let mut writer = Writer::default();
        let progress = writer.write(&source, &[b"ab", b"", b"c"]).unwrap();
        assert_eq!(progress, Progress::Done);
        let mut read = [0u8; 3];
        peer.read_exact(&mut read).unwrap();
        assert_eq!(&read, b"abc");
    }

    #[test]
    fn gathered_writes_leave_in_order_and_before_a_large_one() {
        let (_reactor, source, mut peer) = connected();
        let mut writer = Writer::default();
        assert!(writer.gather(b"one "));
        assert!(writer.gather(b"two "));
        assert_eq!(writer.pending(), 8);
        let large = vec![b'x'; GATHER_PIECE + 1];
        assert!(!writer.gather(&large));
        assert_eq!(writer.write(&source, &[&large]).unwrap(), Progress::Done);
        let mut read = vec![0u8; 8 + large.len()];
        peer.read_exact(&mut read).unwrap();
        assert_eq!(&read[..8], b"one two ");
        assert!(writer.is_drained());
    }

    #[test]
    fn what_the_kernel_refuses_is_queued_and_completed_in_order() {
        let (reactor, source, mut peer) = connected();
        let mut writer = Writer::default();
        let large = vec![7u8; 8 << 20];
        assert_eq!(writer.write(&source, &[&large]).unwrap(), Progress::Queued);
        assert_eq!(writer.write(&source, &[b"end"]).unwrap(), Progress::Queued);
        let total = large.len() + 3;
        let reader = std::thread::spawn(move || {
            let mut received = vec![0u8; total];
            peer.read_exact(&mut received).unwrap();
            received
        });
        let mut completions = Vec::new();
        while !writer.is_drained() {
            reactor.poll();
            writer.resume(&source, |completion| completions.push(completion));
        }
        assert_eq!(
            completions,
            [Completion::Request(0), Completion::Request(0)]
        );
        let received = reader.join().unwrap();
        assert!(received.ends_with(b"end") && received[..large.len()] == large[..]);
        assert_eq!(writer.pending(), 0);
    }

    #[test]
    fn a_failure_reaches_the_oldest_request() {
        let (_reactor, source, peer) = connected();
        let mut writer = Writer::default();
        writer.defer(&[b"lost"]);
        drop(peer);
        let mut completions = Vec::new();
        writer.resume(&source, |completion| completions.push(completion));
        assert_eq!(completions, [Completion::Request(-libc::EPIPE)]);
    }
}
