//! Gathered writes that a thread of their own sends, so that JavaScript does not pay for the
//! system calls.
//!
//! A socket's bytes belong to exactly one of: the waiting list, the thread, the returned list, the
//! socket's own writer, in this order of age from youngest to oldest. The JavaScript thread takes
//! them all back before it does anything to the socket that must come after them.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::gather::{Gathered, SOCKETS_LIMIT, SOCKET_LIMIT};
use crate::event::Key;
use crate::sys::waker::{self, Waker};
use crate::sys::{socket, Descriptor, RawDescriptor};

/// Bytes wait no longer than this in a callback that does not end.
const BEAT: Duration = Duration::from_millis(1);
/// Beats with nothing to send before the thread sleeps until it is called.
const IDLE_BEATS: u32 = 100;
/// Released sockets that are worth a call to wake the thread.
const WORTH_WAKING: u64 = 4;

/// Hands gathered writes of one environment to a thread. Used by its JavaScript thread.
#[derive(Debug)]
pub struct Offloader {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// There is something for the thread to do.
    work: Condvar,
    /// The thread has ended a system call that somebody waits for.
    sent: Condvar,
    /// Readable at its other end when something was returned.
    waker: Waker,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Gathered>,
    /// The place of the first that waits. Places only grow.
    first: u64,
    /// Places before this one may be sent.
    released: u64,
    sending: Option<Key>,
    /// System calls of the thread.
    sends: u64,
    /// What the kernel did not take.
    returned: Vec<Gathered>,
    spare: Vec<Vec<u8>>,
    sleep: Sleep,
    somebody_waits: bool,
    stopped: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sleep {
    #[default]
    Awake,
    /// For a beat.
    Light,
    /// Until called.
    Deep,
}

impl Offloader {
    /// Starts the thread. Returns also the descriptor that becomes readable when there is
    /// something for [`Self::take_returned`].
    ///
    /// # Errors
    /// Where there is no descriptor or no thread to be had.
    pub fn start() -> io::Result<(Self, Descriptor)> {
        let (waker, heard) = waker::pair()?;
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            work: Condvar::new(),
            sent: Condvar::new(),
            waker,
        });
        let own = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("rust-net-write".to_owned())
            .spawn(move || own.run())?;
        let offloader = Self {
            shared,
            thread: Some(thread),
        };
        Ok((offloader, heard))
    }

    /// Adds a write of the socket `key`, which was last given `place`. `fd` must stay open until
    /// the socket's bytes were taken back. The socket's place; `None` where a limit is reached or
    /// the kernel takes no more, and the write must be made in the ordinary way.
    pub fn add(
        &self,
        key: Key,
        place: Option<u64>,
        fd: RawDescriptor,
        bytes: &[u8],
    ) -> Option<u64> {
        let mut state = self.shared.lock();
        let added = state.add(key, place, fd, bytes);
        self.shared.wake_if_worth(&mut state);
        added
    }

    /// The callbacks of a batch are over: everything may be sent.
    pub fn release(&self) {
        let mut state = self.shared.lock();
        state.release_all();
        if state.released > state.first && state.sleep != Sleep::Awake {
            state.sleep = Sleep::Awake;
            drop(state);
            self.shared.work.notify_one();
        }
    }

    /// How many system calls the thread has made.
    pub fn sends(&self) -> u64 {
        self.shared.lock().sends
    }

    /// Takes what the kernel did not take.
    pub fn take_returned(&self, into: &mut Vec<Gathered>) {
        into.append(&mut self.shared.lock().returned);
    }

    /// Takes back what one socket has waiting, after what was returned of all sockets. The thread
    /// does not use the socket's descriptor from here on until [`Self::add`].
    pub fn take(&self, key: Key, into: &mut Vec<Gathered>) {
        let mut state = self.shared.lock();
        let own = state.take_waiting(key);
        while state.sending == Some(key) {
            state = self.shared.wait_sent(state);
        }
        into.append(&mut state.returned);
        into.extend(own);
    }

    /// Takes back everything, in order. The thread uses no descriptor from here on until
    /// [`Self::add`].
    pub fn take_all(&self, into: &mut Vec<Gathered>) {
        let mut state = self.shared.lock();
        state.first += state.waiting.len() as u64;
        state.released = state.first;
        let waiting = std::mem::take(&mut state.waiting);
        while state.sending.is_some() {
            state = self.shared.wait_sent(state);
        }
        into.append(&mut state.returned);
        into.extend(waiting);
    }
}

impl Drop for Offloader {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.work.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed.
            let _ = thread.join();
        }
    }
}

impl State {
    fn add(
        &mut self,
        key: Key,
        place: Option<u64>,
        fd: RawDescriptor,
        bytes: &[u8],
    ) -> Option<u64> {
        if !self.returned.is_empty() {
            return None;
        }
        if let Some(waiting) = self.at(place, key) {
            if waiting.bytes.len() + bytes.len() > SOCKET_LIMIT {
                return None;
            }
            waiting.bytes.extend_from_slice(bytes);
            return place;
        }
        if self.waiting.len() >= SOCKETS_LIMIT {
            return None;
        }
        // Whoever waits already has most likely ended its callback.
        self.release_all();
        let mut buffer = self.spare.pop().unwrap_or_default();
        buffer.extend_from_slice(bytes);
        self.waiting.push_back(Gathered::new(key, fd, buffer));
        Some(self.first + self.waiting.len() as u64 - 1)
    }

    fn at(&mut self, place: Option<u64>, key: Key) -> Option<&mut Gathered> {
        let index = place?.checked_sub(self.first)?;
        let waiting = self.waiting.get_mut(usize::try_from(index).ok()?)?;
        (waiting.key == key).then_some(waiting)
    }

    fn release_all(&mut self) {
        self.released = self.first + self.waiting.len() as u64;
    }

    /// What a socket has waiting; its place stays, empty.
    fn take_waiting(&mut self, key: Key) -> Option<Gathered> {
        let waiting = self.waiting.iter_mut().find(|it| it.key == key)?;
        let bytes = std::mem::take(&mut waiting.bytes);
        (!bytes.is_empty()).then(|| Gathered::new(key, waiting.fd, bytes))
    }

    /// The next that may be sent.
    fn next(&mut self) -> Option<Gathered> {
        while self.first < self.released {
            let next = self.waiting.pop_front()?;
            self.first += 1;
            if !next.bytes.is_empty() {
                return Some(next);
            }
            self.recycle(next);
        }
        None
    }

    /// Notes what became of a send. True where something was returned.
    fn finish(&mut self, mut job: Gathered, result: io::Result<usize>) -> bool {
        match result {
            Ok(sent) => job.sent += sent,
            Err(error) if socket::is_full(&error) => {}
            Err(error) => job.failed = Some(error.into()),
        }
        if job.failed.is_none() && job.rest().is_empty() {
            self.recycle(job);
            return false;
        }
        // What the socket has gathered meanwhile must not overtake this.
        if let Some(younger) = self.take_waiting(job.key) {
            job.bytes.extend_from_slice(&younger.bytes);
        }
        self.returned.push(job);
        true
    }

    fn recycle(&mut self, mut done: Gathered) {
        if self.spare.len() < SOCKETS_LIMIT {
            done.bytes.clear();
            self.spare.push(done.bytes);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_sent<'state>(&self, mut state: MutexGuard<'state, State>) -> MutexGuard<'state, State> {
        state.somebody_waits = true;
        self.sent
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_if_worth(&self, state: &mut State) {
        let is_worth = match state.sleep {
            Sleep::Awake => false,
            Sleep::Light => state.released - state.first >= WORTH_WAKING,
            Sleep::Deep => true,
        };
        if is_worth {
            state.sleep = Sleep::Awake;
            self.work.notify_one();
        }
    }

    /// The thread. The lock is not held during a system call.
    fn run(&self) {
        let mut idle = 0;
        let mut state = self.lock();
        while !state.stopped {
            let Some(job) = state.next() else {
                state = self.sleep(state, &mut idle);
                continue;
            };
            idle = 0;
            state.sending = Some(job.key);
            state.sends += 1;
            drop(state);
            let result = socket::send_raw(job.fd, job.rest().into());
            state = self.lock();
            state.sending = None;
            if state.finish(job, result) {
                self.waker.wake();
            }
            if std::mem::take(&mut state.somebody_waits) {
                self.sent.notify_all();
            }
        }
    }

    fn sleep<'state>(
        &self,
        mut state: MutexGuard<'state, State>,
        idle: &mut u32,
    ) -> MutexGuard<'state, State> {
        if *idle >= IDLE_BEATS && state.waiting.is_empty() {
            *idle = 0;
            state.sleep = Sleep::Deep;
            state = self
                .work
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        } else {
            state.sleep = Sleep::Light;
            let (woken, beat) = self
                .work
                .wait_timeout(state, BEAT)
                .unwrap_or_else(PoisonError::into_inner);
            state = woken;
            if beat.timed_out() {
                *idle += 1;
                state.release_all();
            }
        }
        state.sleep = Sleep::Awake;
        state
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{ErrorKind, Read};
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    const KEY: Key = Key::new(3, 1);
    const OTHER: Key = Key::new(4, 1);

    fn pair() -> (UnixStream, UnixStream) {
        let (ours, peer) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        peer.set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        (ours, peer)
    }

    fn read(peer: &mut UnixStream, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        peer.read_exact(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn released_bytes_are_sent_in_order() {
        let (offloader, _heard) = Offloader::start().unwrap();
        let (ours, mut peer) = pair();
        let mut place = None;
        for round in 0..1000u32 {
            place = offloader.add(KEY, place, ours.as_raw_fd(), &round.to_be_bytes());
            assert!(place.is_some());
            offloader.release();
            assert_eq!(read(&mut peer, 4), round.to_be_bytes());
        }
    }

    #[test]
    fn a_callback_that_does_not_end_delays_no_longer_than_a_beat() {
        let (offloader, _heard) = Offloader::start().unwrap();
        let (ours, mut peer) = pair();
        offloader.add(KEY, None, ours.as_raw_fd(), b"late");
        assert_eq!(read(&mut peer, 4), b"late");
    }

    #[test]
    fn what_the_kernel_refuses_comes_back_once_and_in_order() {
        let (offloader, heard) = Offloader::start().unwrap();
        let (ours, mut peer) = pair();
        let piece: Vec<u8> = (0..=255u8).cycle().take(4096).collect();
        let mut place = None;
        let mut added = 0;
        loop {
            let next = offloader.add(KEY, place, ours.as_raw_fd(), &piece);
            offloader.release();
            if next.is_some() {
                place = next;
                added += piece.len();
            } else if !offloader.shared.lock().returned.is_empty() {
                break;
            }
        }
        let mut rung = [0; 1];
        let mut heard = UnixStream::from(heard);
        heard.set_nonblocking(false).unwrap();
        heard.read_exact(&mut rung).unwrap();
        let mut back = Vec::new();
        offloader.take(KEY, &mut back);
        drop(ours);
        let mut received = Vec::new();
        peer.read_to_end(&mut received).unwrap();
        back.iter()
            .for_each(|it| received.extend_from_slice(it.rest()));
        assert_eq!(received.len(), added);
        assert!(received.chunks(4096).all(|chunk| chunk == piece));
    }

    #[test]
    fn a_socket_that_was_taken_back_is_not_sent_to() {
        let (ours, mut peer) = pair();
        for _ in 0..200 {
            let (offloader, _heard) = Offloader::start().unwrap();
            offloader.add(KEY, None, ours.as_raw_fd(), b"x");
            let mut back = Vec::new();
            offloader.take(KEY, &mut back);
            // Either it was sent or it is back, and never both.
            if back.is_empty() {
                assert_eq!(read(&mut peer, 1), b"x");
            }
        }
        peer.set_nonblocking(true).unwrap();
        let error = peer.read(&mut [0; 1]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    }

    #[test]
    fn a_failure_comes_back() {
        let (offloader, _heard) = Offloader::start().unwrap();
        let (ours, peer) = pair();
        drop(peer);
        let mut back = Vec::new();
        offloader.add(KEY, None, ours.as_raw_fd(), b"lost");
        while back.is_empty() {
            offloader.take_returned(&mut back);
            std::thread::yield_now();
        }
        assert_eq!(
            back[0].failed.map(crate::error::Errno::code),
            Some(-libc::EPIPE)
        );
    }

    #[test]
    fn another_socket_never_gets_the_place_and_limits_hold() {
        let mut state = State::default();
        let place = state.add(KEY, None, 0, b"secret");
        let other = state.add(OTHER, place, 0, b"x");
        assert_ne!(other, place);
        assert_eq!(state.released, 1, "the last one may still be written to");
        assert_eq!(state.add(OTHER, other, 0, &[0; SOCKET_LIMIT]), None);
        for index in 2..u32::try_from(SOCKETS_LIMIT).unwrap() {
            assert!(state.add(Key::new(100 + index, 0), None, 0, b"y").is_some());
        }
        assert_eq!(state.add(Key::new(9, 0), None, 0, b"z"), None);
        assert_eq!(state.take_waiting(KEY).unwrap().rest(), b"secret");
        assert!(state.take_waiting(KEY).is_none());
        assert_eq!(state.next().unwrap().key, OTHER);
    }
}
