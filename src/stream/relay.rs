//! Moving what one stream receives straight to another, where nobody looks at the bytes.

use std::time::Instant;

use super::reader::{read_step, ReadStep, READ_STEP};
use crate::error::{Errno, UV_EOF};
use crate::event::Key;
use crate::runtime::{Attempt, Interest, Source};
use crate::sys::splice::SplicePipe;

/// What one stream's relay has done, as source and as target.
#[derive(Clone, Copy, Debug, Default)]
pub struct Relay {
    /// Who gets what this stream receives; none where JavaScript does.
    target: Option<Key>,
    received: u64,
    sent: u64,
    last_move: Option<Instant>,
    /// The last step was as large as one read can be.
    is_large: bool,
}

impl Relay {
    pub fn target(&self) -> Option<Key> {
        self.target
    }

    pub fn set_target(&mut self, target: Option<Key>) {
        self.target = target;
    }

    /// Counts bytes that went on without having been seen.
    pub fn count_received(&mut self, bytes: usize, now: Instant) {
        self.received += bytes as u64;
        self.last_move = Some(now);
        self.is_large = bytes >= READ_STEP;
    }

    /// True when so much comes in that a pipe, which takes more system calls, costs less than a copy.
    pub fn is_large(&self) -> bool {
        self.is_large
    }

    /// Counts bytes that came from another stream.
    pub fn count_sent(&mut self, bytes: usize, now: Instant) {
        self.sent += bytes as u64;
        self.last_move = Some(now);
    }

    pub fn received(&self) -> u64 {
        self.received
    }

    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// When bytes last moved, in either role.
    pub fn last_move(&self) -> Option<Instant> {
        self.last_move
    }
}

/// What one step of relaying came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Moved {
    /// The target's kernel has taken all of these bytes.
    All(usize),
    /// Of `read` bytes in the buffer the first `sent` have gone; the rest is JavaScript's, and so is
    /// the failure that the target's next write must report.
    Part {
        read: usize,
        sent: usize,
        failure: Option<Errno>,
    },
    /// There was nothing to read.
    Nothing,
    /// The source has ended: `UV_EOF` or a negative errno.
    End(i32),
    /// The pipe between the two failed, and must not be used again.
    Lost(Errno),
}

/// Reads once from `source` into `buffer`, and writes it to `target`. As after any read, the source
/// is armed again.
pub fn relay_step(source: &Source, target: &Source, buffer: &mut [u8]) -> Moved {
    let read = match read_step(source, (&mut *buffer).into()) {
        ReadStep::Data(read) => read,
        ReadStep::Nothing => return Moved::Nothing,
        ReadStep::End(status) => return Moved::End(status),
    };
    let (sent, failure) = send(read, |sent| target.try_write_one(buffer[sent..read].into()));
    moved(read, sent, failure)
}

/// As [`relay_step`], by way of `pipe`, which is empty before and afterwards: what the target does
/// not take is put into `buffer`, where it has the place that a read would have given it.
pub fn splice_step(
    source: &Source,
    target: &Source,
    pipe: &SplicePipe,
    buffer: &mut [u8],
) -> Moved {
    let read = match source.try_fill(pipe, buffer.len()) {
        Attempt::Done(0) => return Moved::End(UV_EOF),
        Attempt::Done(read) => read,
        Attempt::Pending => return Moved::Nothing,
        Attempt::Failed(error) => return Moved::End(Errno::from(error).code()),
    };
    source.arm(Interest::Read);
    let (sent, failure) = send(read, |sent| target.try_pour(pipe, read - sent));
    let mut taken = sent;
    while taken < read {
        match pipe.take(&mut buffer[taken..read]) {
            Ok(more) => taken += more,
            Err(error) => return Moved::Lost(error.into()),
        }
    }
    moved(read, sent, failure)
}

/// Calls `attempt`, which is given what has been sent, until `length` bytes have. How many were
/// sent, and why no more.
fn send(length: usize, mut attempt: impl FnMut(usize) -> Attempt<usize>) -> (usize, Option<Errno>) {
    let mut sent = 0;
    while sent < length {
        match attempt(sent) {
            Attempt::Done(more) => sent += more,
            Attempt::Pending => break,
            Attempt::Failed(error) => return (sent, Some(error.into())),
        }
    }
    (sent, None)
}

fn moved(read: usize, sent: usize, failure: Option<Errno>) -> Moved {
    if sent == read {
        return Moved::All(read);
    }
    Moved::Part {
        read,
        sent,
        failure,
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::Reactor;
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    fn connected(reactor: &Reactor, index: u32) -> (Source, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let source = reactor.register(Key::new(index, 0), ours.into()).unwrap();
        reactor.poll();
        (source, theirs)
    }

    #[test]
    fn what_comes_in_at_one_end_leaves_at_the_other() {
        let reactor = Reactor::on_loop().unwrap();
        let (source, mut sender) = connected(&reactor, 0);
        let (target, mut receiver) = connected(&reactor, 1);
        let mut buffer = [0; 64];
        assert_eq!(relay_step(&source, &target, &mut buffer), Moved::Nothing);
        sender.write_all(b"through").unwrap();
        reactor.poll();
        assert_eq!(relay_step(&source, &target, &mut buffer), Moved::All(7));
        let mut read = [0; 7];
        receiver.read_exact(&mut read).unwrap();
        assert_eq!(&read, b"through");
        drop(sender);
        reactor.poll();
        assert_eq!(
            relay_step(&source, &target, &mut buffer),
            Moved::End(UV_EOF)
        );
    }

    #[test]
    fn what_the_target_does_not_take_stays_in_the_buffer() {
        let reactor = Reactor::on_loop().unwrap();
        let (source, mut sender) = connected(&reactor, 0);
        let (target, _receiver) = connected(&reactor, 1);
        let mut buffer = vec![0; 64 * 1024];
        let mut taken = 0;
        loop {
            sender.write_all(&[7; 40_000]).unwrap();
            reactor.poll();
            match relay_step(&source, &target, &mut buffer) {
                Moved::All(all) => taken += all,
                Moved::Part {
                    read,
                    sent,
                    failure,
                } => {
                    assert!(sent < read && failure.is_none());
                    assert!(buffer[..read].iter().all(|&byte| byte == 7));
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(taken > 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_pipe_between_them_is_empty_after_each_step() {
        let reactor = Reactor::on_loop().unwrap();
        let (source, mut sender) = connected(&reactor, 0);
        let (target, mut receiver) = connected(&reactor, 1);
        let pipe = SplicePipe::open().unwrap();
        let mut buffer = vec![0; 64 * 1024];
        let mut expected = Vec::new();
        let mut kept = Vec::new();
        for round in 0.. {
            let piece = vec![round; 30_000];
            sender.write_all(&piece).unwrap();
            expected.extend_from_slice(&piece);
            reactor.poll();
            match splice_step(&source, &target, &pipe, &mut buffer) {
                Moved::All(30_000) => {}
                Moved::Part {
                    read,
                    sent,
                    failure: None,
                } => {
                    kept.extend_from_slice(&buffer[sent..read]);
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
        let error = pipe.take(&mut buffer).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
        let mut arrived = vec![0; expected.len() - kept.len()];
        receiver.read_exact(&mut arrived).unwrap();
        arrived.extend_from_slice(&kept);
        assert!(arrived == expected);
        drop(sender);
        reactor.poll();
        let end = splice_step(&source, &target, &pipe, &mut buffer);
        assert_eq!(end, Moved::End(UV_EOF));
    }

    #[test]
    fn a_target_that_is_gone_is_a_failure_and_loses_nothing() {
        let reactor = Reactor::on_loop().unwrap();
        let (source, mut sender) = connected(&reactor, 0);
        let (target, receiver) = connected(&reactor, 1);
        drop(receiver);
        sender.write_all(b"late").unwrap();
        reactor.poll();
        let mut buffer = [0; 64];
        match relay_step(&source, &target, &mut buffer) {
            Moved::Part {
                read: 4,
                sent: 0,
                failure: Some(errno),
            } => assert_eq!(errno.code(), -libc::EPIPE),
            other => panic!("{other:?}"),
        }
        assert_eq!(&buffer[..4], b"late");
    }
}
