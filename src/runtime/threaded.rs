//! The driver that polls on a thread of its own.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;

use tokio::runtime::{Builder, Handle};

use super::worker::{Control, Worker};
use super::Driver;
use crate::sys::poller::Registration;
use crate::sys::Descriptor;

/// A current-thread runtime on a thread named `rust-net-io`. Wakers run on that thread.
#[derive(Debug)]
pub struct Threaded {
    handle: Handle,
    worker: Worker,
}

impl Threaded {
    /// Starts a runtime on its thread.
    ///
    /// # Errors
    /// Where the runtime or the thread cannot start.
    pub fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_io().build()?;
        let handle = runtime.handle().clone();
        let control = Arc::<Control>::default();
        let own = Arc::clone(&control);
        // There is nothing to look at: the runtime itself serves what is registered.
        let drive = move || runtime.block_on(poll_fn(|context| own.poll_look(context, || ())));
        let worker = Worker::start("rust-net-io", control, drive)?;
        Ok(Self { handle, worker })
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

    fn stop(&mut self) {
        self.worker.end();
    }
}
