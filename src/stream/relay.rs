//! Moves bytes from one stream to another without handing them to JavaScript.

use std::time::Instant;

use super::reader::{read_step, Inbox, ReadStep, READ_STEP};
use crate::error::{Errno, UV_EOF};
use crate::event::Key;
use crate::runtime::{Attempt, Interest, Source};
use crate::sys::splice::SplicePipe;

/// The relay state of one stream, both as source and as target.
#[derive(Clone, Copy, Debug, Default)]
pub struct Relay {
    /// The stream that receives what this one reads; `None` where JavaScript does.
    target: Option<Key>,
    received: u64,
    sent: u64,
    last_move: Option<Instant>,
    /// True when the last step filled a whole read.
    is_large: bool,
}

impl Relay {
    pub fn target(&self) -> Option<Key> {
        self.target
    }

    pub fn set_target(&mut self, target: Option<Key>) {
        self.target = target;
    }

    /// Counts bytes read from this stream and relayed.
    pub fn count_received(&mut self, bytes: usize, now: Instant) {
        self.received += bytes as u64;
        self.last_move = Some(now);
        self.is_large = bytes >= READ_STEP;
    }

    /// True when so much comes in that a pipe, which takes more system calls, costs less than a copy.
    pub fn is_large(&self) -> bool {
        self.is_large
    }

    /// Counts bytes relayed to this stream.
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

    /// Returns when bytes last moved, as source or as target; `None` if they never did.
    pub fn last_move(&self) -> Option<Instant> {
        self.last_move
    }
}

/// The outcome of one relay step.
#[derive(Debug, PartialEq, Eq)]
pub enum Moved {
    /// The target's socket took all of these bytes.
    All(usize),
    /// The first `sent` of `read` bytes in the buffer were sent. JavaScript must write the rest,
    /// and must report `failure`, if any, from the target's next write.
    Part {
        read: usize,
        sent: usize,
        failure: Option<Errno>,
    },
    /// No data was available.
    Nothing,
    /// Reading from the source is over: `UV_EOF` or a negative errno.
    End(i32),
    /// The pipe between the two failed and must not be used again.
    Lost(Errno),
}

/// Reads once from `source` into `buffer` and writes the bytes to `target`. After data the source
/// is re-armed, as after any read. Nobody looks at what comes, so that no descriptors are taken.
pub fn relay_step(source: &Source, inbox: Inbox<'_>, target: &Source, buffer: &mut [u8]) -> Moved {
    let read = match read_step(source, (&mut *buffer).into(), inbox) {
        ReadStep::Data(read) => read,
        ReadStep::Nothing => return Moved::Nothing,
        ReadStep::End(status) => return Moved::End(status),
    };
    let (sent, failure) = send(read, |sent| target.try_write_one(buffer[sent..read].into()));
    outcome(read, sent, failure)
}

/// Relays as [`relay_step`] does, but by `splice` through `pipe`, unless the system refuses that. The
/// pipe is empty before and afterwards. Bytes that the target does not take are put into `buffer` at
/// the offset that a read would have given them.
pub fn splice_step(
    source: &Source,
    inbox: Inbox<'_>,
    target: &Source,
    pipe: &SplicePipe,
    buffer: &mut [u8],
) -> Moved {
    let read = match source.try_fill(pipe, buffer.len()) {
        Attempt::Done(Some(0)) => return Moved::End(UV_EOF),
        Attempt::Done(Some(read)) => read,
        Attempt::Done(None) => {
            return relay_step(source, inbox, target, &mut buffer[..READ_STEP]);
        }
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
    outcome(read, sent, failure)
}

/// Calls `attempt` with the number of bytes sent so far, until `length` bytes are sent. Returns how
/// many were sent, and the error that stopped it, if any.
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

fn outcome(read: usize, sent: usize, failure: Option<Errno>) -> Moved {
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
        assert_eq!(
            relay_step(&source, Inbox::Closed, &target, &mut buffer),
            Moved::Nothing
        );
        sender.write_all(b"through").unwrap();
        reactor.poll();
        assert_eq!(
            relay_step(&source, Inbox::Closed, &target, &mut buffer),
            Moved::All(7)
        );
        let mut read = [0; 7];
        receiver.read_exact(&mut read).unwrap();
        assert_eq!(&read, b"through");
        drop(sender);
        reactor.poll();
        assert_eq!(
            relay_step(&source, Inbox::Closed, &target, &mut buffer),
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
            match relay_step(&source, Inbox::Closed, &target, &mut buffer) {
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
            match splice_step(&source, Inbox::Closed, &target, &pipe, &mut buffer) {
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
        let end = splice_step(&source, Inbox::Closed, &target, &pipe, &mut buffer);
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
        match relay_step(&source, Inbox::Closed, &target, &mut buffer) {
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
