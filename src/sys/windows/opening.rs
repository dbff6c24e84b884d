//! Opening a pipe all of whose instances are taken: a thread waits for one, as nothing else can.

use std::io;
use std::os::windows::io::OwnedHandle;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use super::name::{open, wait_for_instance, Name};

/// An attempt that is under way.
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
    /// # Errors
    /// Where there is no thread to be had.
    pub fn start(name: Name) -> io::Result<Arc<Self>> {
        let opening = Arc::new(Self::default());
        let own = Arc::clone(&opening);
        std::thread::Builder::new()
            .name("rust-net-open".to_owned())
            .spawn(move || own.finish(open_patiently(&name)))?;
        Ok(opening)
    }

    /// Whether there is an outcome; if not, `waker` is told when there is.
    pub fn poll(&self, waker: &Waker) -> Poll<()> {
        let mut state = self.lock();
        if state.outcome.is_some() {
            return Poll::Ready(());
        }
        state.waker = Some(waker.clone());
        Poll::Pending
    }

    /// The outcome, once.
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

/// Another client may be faster each time that an instance is free.
fn open_patiently(name: &Name) -> io::Result<OwnedHandle> {
    loop {
        wait_for_instance(name)?;
        if let Some(handle) = open(name)? {
            return Ok(handle);
        }
    }
}
