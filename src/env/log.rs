//! The log of the native side on standard error, for `RUST_NET_DEBUG=1`.

use std::cell::Cell;
use std::io::{self, Write};
use std::time::Instant;

use super::counters::Totals;

/// Writes one line for the driver, and one for each loop iteration in which something was ready. Times
/// are seconds since the environment was opened. A standard error that takes no more is ignored.
#[derive(Debug)]
pub struct Log {
    opened: Instant,
    iterations: Cell<u64>,
    last: Cell<Totals>,
}

impl Log {
    /// Begins a log with the driver's name, and why the first choice failed.
    pub fn new(driver: &str, fallback: Option<&str>) -> Self {
        let log = Self {
            opened: Instant::now(),
            iterations: Cell::new(0),
            last: Cell::new(Totals::default()),
        };
        match fallback {
            Some(reason) => log.write(&format!("driver {driver}, because {reason}")),
            None => log.write(&format!("driver {driver}")),
        }
        log
    }

    /// Ends an iteration: writes what was done since the last line.
    pub fn end_iteration(&self, now: Totals) {
        self.iterations.set(self.iterations.get() + 1);
        let last = self.last.replace(now);
        if now != last {
            let number = self.iterations.get();
            self.write(&format!("iteration {number}: {}", now.since(last)));
        }
    }

    fn write(&self, text: &str) {
        let seconds = self.opened.elapsed().as_secs_f64();
        let _ = writeln!(io::stderr(), "rust-net {seconds:.6} {text}");
    }
}
