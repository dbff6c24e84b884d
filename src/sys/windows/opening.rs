//! Opens a pipe whose instances are all taken. A thread waits for a free one, as Windows has no
//! other way to wait.

use std::io;
use std::os::windows::io::OwnedHandle;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use super::path::{open, Name};
use super::pipe::wait_for_instance;

/// An open in progress.
#[derive(Debug, Default)]
pub struct Opening {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    outcome: Option<io::Result<OwnedHandle>>,
    waker: Option<Waker>,
}

impl Opening {
    /// Starts to open the pipe `name` on a new thread.
    ///
    /// # Errors
    /// The system's error where it cannot start a thread.
    pub fn start(name: Name) -> io::Result<Arc<Self>> {
        let opening = Arc::new(Self::default());
        let own = Arc::clone(&opening);
        std::thread::Builder::new()
            .name("rust-net-open".to_owned())
            .spawn(move || own.finish(open_when_free(&name)))?;
        Ok(opening)
    }

    /// Returns `Ready` when there is an outcome; otherwise registers `waker` for it.
    pub fn poll(&self, waker: &Waker) -> Poll<()> {
        let mut state = self.lock();
        if state.outcome.is_some() {
            return Poll::Ready(());
        }
        state.waker = Some(waker.clone());
        Poll::Pending
    }

    /// Takes the outcome; `None` while there is none, and after the first call.
    pub fn take(&self) -> Option<io::Result<OwnedHandle>> {
        self.lock().outcome.take()
    }

    fn finish(&self, outcome: io::Result<OwnedHandle>) {
        let mut state = self.lock();
        state.outcome = Some(outcome);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Retries because another client may take each instance that becomes free.
fn open_when_free(name: &Name) -> io::Result<OwnedHandle> {
    loop {
        wait_for_instance(name)?;
        if let Some(handle) = open(name)? {
            return Ok(handle);
        }
    }
}
