//! The driver that polls on a thread of its own.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Handle};
use tokio::sync::Notify;

use super::Driver;
use crate::sys::poller::Registration;
use crate::sys::Descriptor;

/// A current-thread runtime on a thread named `rust-net-io`. Wakers run on that thread.
#[derive(Debug)]
pub struct Threaded {
    handle: Handle,
    stop: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
}

impl Threaded {
    /// Starts a runtime on its thread.
    ///
    /// # Errors
    /// Where the runtime or the thread cannot start.
    pub fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_io().build()?;
        let handle = runtime.handle().clone();
        let stop = Arc::new(Notify::new());
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("rust-net-io".to_owned())
            .spawn(move || runtime.block_on(stopped.notified()))?;
        Ok(Self {
            handle,
            stop,
            thread: Some(thread),
        })
    }
}

impl Driver for Threaded {
    fn name(&self) -> &'static str {
        "threaded"
    }

    fn register(&self, fd: Descriptor) -> io::Result<Registration> {
        let _context = self.handle.enter();
        Registration::new(fd)
    }

    fn poll_descriptor(&self) -> Option<i32> {
        None
    }

    fn poll(&self) -> bool {
        false
    }

    fn reports_late(&self) -> bool {
        true
    }

    /// Ends the thread and waits for it.
    fn stop(&mut self) {
        self.stop.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed; the sockets are gone either way.
            let _ = thread.join();
        }
    }
}

impl Drop for Threaded {
    fn drop(&mut self) {
        self.stop();
    }
}
