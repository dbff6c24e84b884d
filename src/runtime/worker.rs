//! A thread that is woken and ended from others.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::sync::thread::{self, JoinHandle};
use crate::sync::{self, Mutex};

/// Wakes a thread, or ends it, from any other.
#[derive(Debug, Default)]
pub struct Control {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    is_over: bool,
    waker: Option<Waker>,
}

impl Control {
    /// Has the thread look once more at what it works on.
    pub fn wake(&self) {
        let waker = sync::lock(&self.state).waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn end(&self) {
        sync::lock(&self.state).is_over = true;
        self.wake();
    }

    /// Polls what the thread waits for: looks once, with the waker kept, or is ready when the thread
    /// must end.
    pub fn poll_look(&self, context: &mut Context<'_>, look: impl FnOnce()) -> Poll<()> {
        // Kept before the look, so that a wake during it is followed by another.
        if !self.keep(context.waker()) {
            return Poll::Ready(());
        }
        look();
        Poll::Pending
    }

    /// Keeps `waker` for the next [`Self::wake`]. Returns false when the thread must end.
    fn keep(&self, waker: &Waker) -> bool {
        let mut state = sync::lock(&self.state);
        state.waker = Some(waker.clone());
        !state.is_over
    }
}

/// The thread. It has ended when this has been dropped.
#[derive(Debug)]
pub struct Worker {
    control: Arc<Control>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts a thread. What it runs returns when [`Control::poll_look`] is ready.
    ///
    /// # Errors
    /// Where there is no thread to be had.
    pub fn start(
        name: &str,
        control: Arc<Control>,
        run: impl FnOnce() + Send + 'static,
    ) -> io::Result<Self> {
        let builder = thread::Builder::new().name(name.to_owned());
        let thread = Some(builder.spawn(run)?);
        Ok(Self { control, thread })
    }

    /// Ends the thread and waits for it.
    pub fn end(&mut self) {
        self.control.end();
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed; what it worked on is gone either way.
            let _ = thread.join();
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(loom)]
#[cfg(test)]
mod models;
