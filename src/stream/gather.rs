//! Small writes that wait for the end of the callback which makes them, so that many of them leave
//! in one system call. A watchdog bounds the wait while JavaScript blocks.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, Thread};
use std::time::Duration;

use crate::error::Errno;
use crate::event::Key;
use crate::sys::{socket, RawDescriptor};

/// The watchdog's beat: bytes wait for one to two of them in a callback that does not end.
const BEAT: Duration = Duration::from_millis(1);
/// Beats without a callback that gathered before the watchdog goes to sleep.
const IDLE_BEATS: u32 = 100;
/// Gathered bytes of one socket are sent once they are this many.
pub(super) const SOCKET_LIMIT: usize = 16 * 1024;
/// A write larger than this is not gathered: copying it would cost more than a system call.
const WRITE_LIMIT: usize = 4 * 1024;
/// Sockets with gathered bytes before all of them are sent without waiting.
pub(super) const SOCKETS_LIMIT: usize = 64;

/// What one socket has gathered.
#[derive(Debug)]
pub struct Gathered {
    pub key: Key,
    pub(super) fd: RawDescriptor,
    pub(super) bytes: Vec<u8>,
    pub(super) sent: usize,
    /// How often the watchdog has tried to send it.
    pub sends: u64,
    /// Why another thread could not send.
    pub failed: Option<Errno>,
}

impl Gathered {
    pub(super) fn new(key: Key, fd: RawDescriptor, bytes: Vec<u8>) -> Self {
        Self {
            key,
            fd,
            bytes,
            sent: 0,
            sends: 0,
            failed: None,
        }
    }

    /// What has not been sent yet.
    pub fn rest(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }
}

/// Gathers the writes of one environment. Used by its JavaScript thread; the watchdog is its own.
#[derive(Debug)]
pub struct Gatherer {
    shared: Arc<Shared>,
    watchdog: Option<(Thread, JoinHandle<()>)>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Odd while a callback runs: it goes up at the start and at the end of each.
    callback: AtomicU64,
    /// Something was gathered since the watchdog's last beat.
    used: AtomicBool,
    awake: AtomicBool,
    stopped: AtomicBool,
    /// System calls of the watchdog.
    sends: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Gathered>,
    /// Buffers to be used again.
    spare: Vec<Vec<u8>>,
}

impl Gatherer {
    pub fn new() -> Self {
        Self {
            shared: Arc::new(Shared::default()),
            watchdog: None,
        }
    }

    /// Marks the start or the end of a callback.
    pub fn callback_edge(&self) {
        self.shared.callback.fetch_add(1, Ordering::Release);
    }

    #[cfg(test)]
    pub fn is_in_callback(&self) -> bool {
        self.shared.callback.load(Ordering::Acquire) % 2 == 1
    }

    /// Whether a write of `length` bytes is small enough.
    pub fn accepts(length: usize) -> bool {
        length <= WRITE_LIMIT
    }

    /// Adds a write of the socket `key`, whose place is `slot` if it has gathered in this callback
    /// before. `fd` must stay open until the socket's bytes have been taken. The socket's place;
    /// `None` where its limit is reached and the write must be made in the ordinary way.
    pub fn add(
        &mut self,
        key: Key,
        slot: Option<usize>,
        fd: RawDescriptor,
        bytes: &[u8],
    ) -> Option<usize> {
        self.wake_watchdog();
        let mut state = self.shared.lock();
        if let Some(slot) = slot {
            let gathered = state.waiting.get_mut(slot).filter(|it| it.key == key)?;
            if gathered.bytes.len() + bytes.len() > SOCKET_LIMIT || gathered.failed.is_some() {
                return None;
            }
            gathered.bytes.extend_from_slice(bytes);
            return Some(slot);
        }
        let mut buffer = state.spare.pop().unwrap_or_default();
        buffer.extend_from_slice(bytes);
        state.waiting.push(Gathered::new(key, fd, buffer));
        Some(state.waiting.len() - 1)
    }

    /// Whether so many sockets wait that all of them should be sent.
    pub fn is_full(&self) -> bool {
        self.shared.lock().waiting.len() >= SOCKETS_LIMIT
    }

    /// Takes what one socket has gathered; its place stays, empty.
    pub fn take(&self, slot: usize, key: Key) -> Option<Gathered> {
        let mut state = self.shared.lock();
        let gathered = state.waiting.get_mut(slot).filter(|it| it.key == key)?;
        Some(Gathered {
            key,
            fd: gathered.fd,
            bytes: std::mem::take(&mut gathered.bytes),
            sent: std::mem::take(&mut gathered.sent),
            sends: std::mem::take(&mut gathered.sends),
            failed: gathered.failed.take(),
        })
    }

    /// Takes what all sockets have gathered; their places are gone.
    pub fn take_all(&self, into: &mut Vec<Gathered>) {
        into.append(&mut self.shared.lock().waiting);
    }

    /// Gives buffers back to be used again.
    pub fn recycle(&self, done: &mut Vec<Gathered>) {
        let mut state = self.shared.lock();
        for mut gathered in done.drain(..) {
            if state.spare.len() < SOCKETS_LIMIT {
                gathered.bytes.clear();
                state.spare.push(gathered.bytes);
            }
        }
    }

    /// How often the watchdog has sent.
    pub fn watchdog_sends(&self) -> u64 {
        self.shared.sends.load(Ordering::Relaxed)
    }

    fn wake_watchdog(&mut self) {
        self.shared.used.store(true, Ordering::SeqCst);
        if self.shared.awake.swap(true, Ordering::SeqCst) {
            return;
        }
        if let Some((thread, _)) = &self.watchdog {
            thread.unpark();
            return;
        }
        let shared = Arc::clone(&self.shared);
        let spawned = std::thread::Builder::new()
            .name("rust-net-flush".to_owned())
            .spawn(move || watch(&shared));
        // Without a thread the bytes leave at the end of the callback, however long it takes.
        self.watchdog = spawned.ok().map(|handle| (handle.thread().clone(), handle));
    }
}

impl Drop for Gatherer {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Release);
        if let Some((thread, handle)) = self.watchdog.take() {
            thread.unpark();
            // A panic there has been printed.
            let _ = handle.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends what it can, without waiting for anybody.
    fn send_waiting(&self) {
        for gathered in &mut self.lock().waiting {
            if gathered.failed.is_some() || gathered.rest().is_empty() {
                continue;
            }
            self.sends.fetch_add(1, Ordering::Relaxed);
            gathered.sends += 1;
            match socket::send_raw(gathered.fd, gathered.rest().into()) {
                Ok(sent) => gathered.sent += sent,
                Err(error) if socket::is_full(&error) => {}
                Err(error) => gathered.failed = Some(error.into()),
            }
        }
    }
}

/// The watchdog: sends what has waited in a callback that was running a beat ago already.
fn watch(shared: &Shared) {
    let mut last = 0;
    let mut idle = 0;
    while !shared.stopped.load(Ordering::Acquire) {
        if idle > IDLE_BEATS {
            idle = 0;
            shared.awake.store(false, Ordering::SeqCst);
            // Whoever gathered just before has seen us awake, and will not wake us.
            if !shared.used.load(Ordering::SeqCst) {
                std::thread::park();
            }
            shared.awake.store(true, Ordering::SeqCst);
            continue;
        }
        std::thread::sleep(BEAT);
        let current = shared.callback.load(Ordering::Acquire);
        let is_running = current % 2 == 1;
        if is_running && current == last {
            shared.send_waiting();
        }
        last = current;
        let used = shared.used.swap(false, Ordering::SeqCst);
        idle = if used || is_running { 0 } else { idle + 1 };
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    const KEY: Key = Key::new(3, 1);

    fn taken(gatherer: &Gatherer) -> Vec<Gathered> {
        let mut all = Vec::new();
        gatherer.take_all(&mut all);
        all
    }

    #[test]
    fn writes_of_one_socket_are_joined_in_order() {
        let (ours, _peer) = UnixStream::pair().unwrap();
        let mut gatherer = Gatherer::new();
        let slot = gatherer.add(KEY, None, ours.as_raw_fd(), b"one ");
        assert_eq!(gatherer.add(KEY, slot, ours.as_raw_fd(), b"two"), slot);
        let all = taken(&gatherer);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].rest(), b"one two");
        assert!(taken(&gatherer).is_empty());
    }

    #[test]
    fn a_full_socket_refuses_more() {
        let (ours, _peer) = UnixStream::pair().unwrap();
        let mut gatherer = Gatherer::new();
        let piece = vec![b'x'; WRITE_LIMIT];
        let slot = gatherer.add(KEY, None, ours.as_raw_fd(), &piece);
        for _ in 1..SOCKET_LIMIT / WRITE_LIMIT {
            assert_eq!(gatherer.add(KEY, slot, ours.as_raw_fd(), &piece), slot);
        }
        assert_eq!(gatherer.add(KEY, slot, ours.as_raw_fd(), b"y"), None);
        let own = gatherer.take(slot.unwrap(), KEY).unwrap();
        assert_eq!(own.rest().len(), SOCKET_LIMIT);
    }

    #[test]
    fn another_socket_never_gets_the_place() {
        let (ours, _peer) = UnixStream::pair().unwrap();
        let mut gatherer = Gatherer::new();
        let slot = gatherer.add(KEY, None, ours.as_raw_fd(), b"secret");
        let other = Key::new(4, 0);
        assert!(gatherer.take(slot.unwrap(), other).is_none());
        assert_eq!(gatherer.add(other, slot, ours.as_raw_fd(), b"x"), None);
    }

    // The callback never ends here: only the watchdog can have sent what the peer reads.
    #[test]
    fn the_watchdog_sends_while_a_callback_blocks() {
        let (ours, mut peer) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        peer.set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let mut gatherer = Gatherer::new();
        for round in 0..3 {
            gatherer.callback_edge();
            gatherer.add(KEY, None, ours.as_raw_fd(), b"late");
            let mut read = [0u8; 4];
            peer.read_exact(&mut read).unwrap();
            assert_eq!(&read, b"late", "round {round}");
            let all = taken(&gatherer);
            assert!(all[0].rest().is_empty());
            gatherer.callback_edge();
        }
    }
}
