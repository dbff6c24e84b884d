//! The half-close of a pipe. Windows cannot shut down one direction of a pipe, so this takes two
//! steps, as in libuv. The shutdown completes once the peer has read everything. After that,
//! reading ends as soon as nothing has arrived for a while. The pipe is then closed, and the peer
//! sees that.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Poll, Waker};
use std::time::Duration;

use super::pipe::Flusher;

/// How long a peer that has read everything must stay silent before reading ends.
const SILENCE: Duration = Duration::from_millis(50);

/// The half-close of one pipe.
#[derive(Debug, Default)]
pub struct HalfClose {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// True when the peer has read everything, or is gone.
    flushed: bool,
    /// True when nothing has arrived for [`SILENCE`] since.
    silent: bool,
    /// True when data has arrived since the last check.
    has_received: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl HalfClose {
    /// Starts the half-close. `reader` is woken when reading ends.
    ///
    /// # Errors
    /// The system's error where it cannot start a thread.
    pub fn start(flusher: Flusher, reader: Option<Waker>) -> io::Result<Arc<Self>> {
        let half_close = Arc::new(Self::default());
        half_close.lock().reader = reader;
        let own = Arc::downgrade(&half_close);
        std::thread::Builder::new()
            .name("rust-net-end".to_owned())
            .spawn(move || run(flusher, &own))?;
        Ok(half_close)
    }

    /// Returns `Ready` when the peer has read everything; otherwise registers `waker` for it.
    pub fn poll_flushed(&self, waker: &Waker) -> Poll<io::Result<()>> {
        let mut state = self.lock();
        if state.flushed {
            return Poll::Ready(Ok(()));
        }
        state.writer = Some(waker.clone());
        Poll::Pending
    }

    /// Returns `Ready` when reading has ended; otherwise registers `waker` for it.
    pub fn poll_silent(&self, waker: &Waker) -> Poll<()> {
        let mut state = self.lock();
        if state.silent {
            return Poll::Ready(());
        }
        state.reader = Some(waker.clone());
        Poll::Pending
    }

    /// True when reading has ended.
    pub fn is_silent(&self) -> bool {
        self.lock().silent
    }

    /// Records that data has arrived.
    pub fn mark_received(&self) {
        self.lock().has_received = true;
    }

    fn mark_flushed(&self) {
        let mut state = self.lock();
        state.flushed = true;
        wake(state.writer.take(), state);
    }

    /// Returns true, and ends reading, if no data has arrived since the last check.
    fn check_silence(&self) -> bool {
        let mut state = self.lock();
        if std::mem::take(&mut state.has_received) {
            return false;
        }
        state.silent = true;
        wake(state.reader.take(), state);
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes outside the lock, as the waker's thread may poll at once.
fn wake(waker: Option<Waker>, state: MutexGuard<'_, State>) {
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// Runs the half-close on its own thread. Returns early if the pipe is closed meanwhile.
fn run(flusher: Flusher, half_close: &Weak<HalfClose>) {
    flusher.flush();
    // While the flusher holds its handle open, the peer would not see a close.
    drop(flusher);
    let Some(first) = half_close.upgrade() else {
        return;
    };
    first.mark_flushed();
    drop(first);
    loop {
        std::thread::sleep(SILENCE);
        match half_close.upgrade() {
            Some(half_close) if !half_close.check_silence() => {}
            _ => return,
        }
    }
}
