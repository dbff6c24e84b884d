//! The driver that the JavaScript thread polls from its own loop.

use std::io;

use tokio::runtime::{Builder, EnterGuard, Runtime};

use crate::sys::poller::{self, Registration};

/// A current-thread runtime without tasks.
#[derive(Debug)]
pub struct OnLoop {
    runtime: Runtime,
    poll_descriptor: i32,
}

impl OnLoop {
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

    pub fn poll_descriptor(&self) -> i32 {
        self.poll_descriptor
    }

    pub fn enter(&self) -> EnterGuard<'_> {
        self.runtime.enter()
    }

    /// A task that yields once makes the runtime poll its driver exactly once, without waiting.
    /// Wakers only write to the ready set, so nothing has to run before this returns.
    pub fn poll(&self) {
        self.runtime.block_on(tokio::task::yield_now());
    }
}

fn find_poll_descriptor(runtime: &Runtime) -> io::Result<i32> {
    let _context = runtime.enter();
    let marker = Registration::new(poller::marker()?)?;
    poller::find(&marker).ok_or_else(|| io::ErrorKind::Unsupported.into())
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_poll_descriptor_is_our_own_among_decoys() {
        let decoys: Vec<OnLoop> = (0..4).map(|_| OnLoop::start().unwrap()).collect();
        let mut seen: Vec<i32> = decoys.iter().map(OnLoop::poll_descriptor).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), decoys.len());
    }
}
