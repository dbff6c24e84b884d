//! What an environment has seen and done since it was opened: plain integers, always counted.

use std::fmt;

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
    /// Handed to JavaScript.
    pub descriptors_received: u64,
    pub descriptors_sent: u64,
    /// Members of the ready set that were served.
    pub ready: u64,
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
            Kind::Read | Kind::ReadDescriptors => {
                self.bytes_read += u64::from(event.a.unsigned_abs())
            }
            Kind::Connection => self.accepted += 1,
            Kind::Connected if event.a == 0 => self.connected += 1,
            _ => {}
        }
    }

    /// Returns what the log reports.
    pub fn totals(&self, calls: &Calls) -> Totals {
        Totals {
            ready: self.ready,
            events: self.events,
            polls: calls.polls.get(),
            accepts: calls.accepts.get(),
            reads: calls.reads.get(),
            sends: calls.writes.get(),
        }
    }

    /// Counts bytes that went from one handle to another without an event.
    pub fn note_relayed(&mut self, bytes: usize) {
        self.bytes_read += bytes as u64;
        self.bytes_written += bytes as u64;
    }

    /// The numbers in the order in which `lib/stats/stats.js` names them, behind the numbers of open
    /// `sockets` and `servers`.
    pub fn list(&self, sockets: u64, servers: u64, calls: &Calls) -> [u64; 15] {
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
            self.descriptors_received,
            self.descriptors_sent,
            calls.polls.get(),
            calls.accepts.get(),
            calls.reads.get(),
            calls.writes.get(),
        ]
    }
}

/// Counts that the log compares from line to line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    ready: u64,
    events: u64,
    polls: u64,
    accepts: u64,
    reads: u64,
    sends: u64,
}

impl Totals {
    /// Returns what was added after `earlier`.
    pub fn since(self, earlier: Self) -> Self {
        Self {
            ready: self.ready - earlier.ready,
            events: self.events - earlier.events,
            polls: self.polls - earlier.polls,
            accepts: self.accepts - earlier.accepts,
            reads: self.reads - earlier.reads,
            sends: self.sends - earlier.sends,
        }
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            ready,
            events,
            polls,
            accepts,
            reads,
            sends,
        } = self;
        write!(
            formatter,
            "{ready} ready, {events} events; system calls: {polls} polls, {accepts} accepts, \
             {reads} reads, {sends} sends"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_what_was_added_since_the_last() {
        let earlier = Totals {
            ready: 1,
            reads: 5,
            ..Totals::default()
        };
        let now = Totals {
            ready: 3,
            reads: 6,
            sends: 2,
            ..Totals::default()
        };
        let text = "2 ready, 0 events; system calls: 0 polls, 0 accepts, 1 reads, 2 sends";
        assert_eq!(now.since(earlier).to_string(), text);
    }
}
