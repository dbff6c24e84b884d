//! What an environment has seen and done since it was opened: plain integers, always counted.

use crate::event::{Event, Kind};
use crate::runtime::Calls;

/// What is counted as it happens. What can be found out when somebody asks is not in here.
#[derive(Debug, Default)]
pub struct Counters {
    pub accepted: u64,
    pub connected: u64,
    pub bytes_read: u64,
    /// Taken by the kernel, or coalesced.
    pub bytes_written: u64,
    /// Calls from the loop.
    pub wakes: u64,
    /// Calls into JavaScript, and the events that they brought.
    pub batches: u64,
    pub events: u64,
}

impl Counters {
    /// Counts an event on its way to JavaScript.
    pub fn note(&mut self, event: &Event) {
        self.events += 1;
        match event.kind {
            Kind::Read => self.bytes_read += u64::from(event.a.unsigned_abs()),
            Kind::Connection => self.accepted += 1,
            Kind::Connected if event.a == 0 => self.connected += 1,
            _ => {}
        }
    }

    /// Counts bytes that went from one handle to another without an event.
    pub fn note_relayed(&mut self, bytes: usize) {
        self.bytes_read += bytes as u64;
        self.bytes_written += bytes as u64;
    }

    /// The numbers in the order in which `lib/stats/stats.js` names them, behind the numbers of open
    /// `sockets` and `servers`.
    pub fn list(&self, sockets: u64, servers: u64, calls: &Calls) -> [u64; 13] {
        [
            sockets,
            servers,
            self.accepted,
            self.connected,
            self.bytes_read,
            self.bytes_written,
            self.wakes,
            self.batches,
            self.events,
            calls.polls.get(),
            calls.accepts.get(),
            calls.reads.get(),
            calls.writes.get(),
        ]
    }
}
