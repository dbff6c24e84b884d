//! The end of a pipe's writing side. A pipe cannot be closed for one direction, so its end comes in two
//! steps, as in libuv: once the peer has read everything the shutdown is over; and once nothing has
//! come in for a while after that, reading is over as well, so that the pipe is closed and the peer
//! hears of it.

use std::io;
use std::os::windows::io::OwnedHandle;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Poll, Waker};
use std::time::Duration;

use windows_sys::Win32::Storage::FileSystem::FlushFileBuffers;

use super::name::raw;

/// Silence after which nothing more is expected from a peer that has read everything.
const SILENCE: Duration = Duration::from_millis(50);

/// The end of one pipe.
#[derive(Debug, Default)]
pub struct Ending {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The peer has read everything, or is gone.
    flushed: bool,
    /// Nothing has come in for a while since.
    silent: bool,
    /// Something has come in since somebody last looked.
    heard: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Ending {
    /// `reader` waits for something to read.
    ///
    /// # Errors
    /// Where there is no thread to be had.
    pub fn start(flusher: Flusher, reader: Option<Waker>) -> io::Result<Arc<Self>> {
        let ending = Arc::new(Self::default());
        ending.lock().reader = reader;
        let own = Arc::downgrade(&ending);
        std::thread::Builder::new()
            .name("rust-net-end".to_owned())
            .spawn(move || see_to(flusher, &own))?;
        Ok(ending)
    }

    /// Whether the peer has read everything; if not, `waker` is told when it has.
    pub fn poll_flushed(&self, waker: &Waker) -> Poll<io::Result<()>> {
        let mut state = self.lock();
        if state.flushed {
            return Poll::Ready(Ok(()));
        }
        state.writer = Some(waker.clone());
        Poll::Pending
    }

    /// Whether reading is over; if not, `waker` is told when it is.
    pub fn poll_silent(&self, waker: &Waker) -> Poll<()> {
        let mut state = self.lock();
        if state.silent {
            return Poll::Ready(());
        }
        state.reader = Some(waker.clone());
        Poll::Pending
    }

    pub fn is_silent(&self) -> bool {
        self.lock().silent
    }

    /// Something has come in.
    pub fn hear(&self) {
        self.lock().heard = true;
    }

    fn mark_flushed(&self) {
        let mut state = self.lock();
        state.flushed = true;
        wake(state.writer.take(), state);
    }

    /// Whether it has been silent since the last look: then reading is over.
    fn look(&self) -> bool {
        let mut state = self.lock();
        if std::mem::take(&mut state.heard) {
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

/// A handle of its own, by which a thread waits until the peer has read everything.
#[derive(Debug)]
pub struct Flusher(pub OwnedHandle);

impl Flusher {
    /// Waits. A peer that has gone reads nothing more, so that a failure is an end, too.
    pub fn flush(&self) {
        // SAFETY: the handle is open until the flusher is dropped.
        unsafe { FlushFileBuffers(raw(&self.0)) };
    }
}

/// Wakes outside the lock: the woken may ask at once.
fn wake(waker: Option<Waker>, state: MutexGuard<'_, State>) {
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// The thread. It ends early where the pipe has been closed.
fn see_to(flusher: Flusher, ending: &Weak<Ending>) {
    flusher.flush();
    // With the flusher's own handle open the peer would not hear of a close.
    drop(flusher);
    let Some(first) = ending.upgrade() else {
        return;
    };
    first.mark_flushed();
    drop(first);
    loop {
        std::thread::sleep(SILENCE);
        match ending.upgrade() {
            Some(ending) if !ending.look() => {}
            _ => return,
        }
    }
}
