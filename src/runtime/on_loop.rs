//! The driver that the JavaScript thread polls from its own loop.

use std::io;

use tokio::runtime::{Builder, Runtime};

use super::Driver;
use crate::sys::poller::{self, Registration};
use crate::sys::Descriptor;

/// A current-thread runtime without tasks.
#[derive(Debug)]
pub struct OnLoop {
    runtime: Runtime,
    poll_descriptor: i32,
}

impl OnLoop {
    /// Starts a runtime, and finds what it polls with.
    ///
    /// # Errors
    /// Where the runtime cannot start or its poll descriptor is not to be found.
    pub fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_io().build()?;
        let poll_descriptor = find_poll_descriptor(&runtime)?;
        Ok(Self {
            runtime,
            poll_descriptor,
        })
    }
}

impl Driver for OnLoop {
    fn name(&self) -> &'static str {
        "on-loop"
    }

    fn register(&self, fd: Descriptor) -> io::Result<Registration> {
        let _context = self.runtime.enter();
        Registration::new(fd)
    }

    fn poll_descriptor(&self) -> Option<i32> {
        Some(self.poll_descriptor)
    }

    /// A task that yields once makes the runtime poll its driver exactly once, without waiting.
    /// Wakers only write to the ready set, so nothing has to run before this returns.
    fn poll(&self) -> bool {
        self.runtime.block_on(tokio::task::yield_now());
        true
    }

    fn reports_late(&self) -> bool {
        false
    }

    fn stop(&mut self) {}
}

fn find_poll_descriptor(runtime: &Runtime) -> io::Result<i32> {
    let _context = runtime.enter();
    let marker = Registration::new(poller::marker()?)?;
    poller::find(&marker)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_poll_descriptor_is_our_own_among_decoys() {
        let decoys: Vec<OnLoop> = (0..4).map(|_| OnLoop::start().unwrap()).collect();
        let descriptors = decoys.iter().filter_map(OnLoop::poll_descriptor);
        let mut seen: Vec<i32> = descriptors.collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), decoys.len());
    }
}
