//! Writing: try now, queue what the kernel does not take.

use std::collections::VecDeque;
use std::io::{self, IoSlice};

use crate::error::{Errno, Result};
use crate::runtime::{Attempt, Interest, Source};

/// Buffers handed to the kernel in one go.
const VECTOR: usize = 64;

/// How far a write got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The kernel has everything.
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
        self.queued
    }

    pub fn has_requests(&self) -> bool {
        self.queue.iter().any(|chunk| chunk.is_request)
    }

    pub fn is_drained(&self) -> bool {
        self.queue.is_empty()
    }

    /// Writes `buffers` in order, behind whatever waits already.
    ///
    /// # Errors
    /// The kernel's; nothing of `buffers` is queued then.
    pub fn write(&mut self, source: &Source, buffers: &[&[u8]]) -> Result<Progress> {
        let mut skip = 0;
        if self.queue.is_empty() {
            skip = send_now(source, buffers)?;
        }
        self.enqueue(buffers, skip, source)
    }

    /// Queues `buffers` without trying: the stream is not connected yet.
    pub fn defer(&mut self, buffers: &[&[u8]]) -> Progress {
        self.push_chunk(buffers, 0, true)
    }

    /// Sends bytes that were gathered, and reported as written, before; what the kernel does not
    /// take is queued, and nobody waits for it.
    ///
    /// # Errors
    /// The kernel's; the bytes are lost then.
    pub fn write_gathered(&mut self, source: &Source, bytes: &[u8]) -> Result<()> {
        let sent = if self.queue.is_empty() {
            send_one(source, bytes)?
        } else {
            0
        };
        if sent < bytes.len() {
            self.push_chunk(&[bytes], sent, false);
            source.arm(Interest::Write);
        }
        Ok(())
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
    match buffers {
        [bytes] => send_one(source, bytes),
        _ => send_several(source, buffers),
    }
}

fn send_one(source: &Source, bytes: &[u8]) -> Result<usize> {
    let mut total = 0;
    while total < bytes.len() {
        match source.try_write_one(&bytes[total..]) {
            Attempt::Done(sent) => total += sent,
            Attempt::Pending => break,
            Attempt::Failed(error) => return Err(error.into()),
        }
    }
    Ok(total)
}

fn send_several(source: &Source, buffers: &[&[u8]]) -> Result<usize> {
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

#[cfg(unix)]
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
