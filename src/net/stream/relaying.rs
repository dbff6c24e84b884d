//! What a stream receives goes to another stream, while nobody in JavaScript looks at it.

use std::time::Instant;

use super::reading::report_data;
use super::Stream;
use crate::event::Key;
use crate::net::common::Transport;
use crate::queue::EventQueue;
use crate::stream::{relay_step, splice_step, Inbox, Moved, Relay, READ_STEP};
use crate::sys::splice::SplicePipe;

impl Stream {
    /// Sends what comes in to `target` from here on, or to JavaScript again. The caller knows that
    /// nobody looks at the bytes.
    pub fn relay_to(&mut self, target: Option<Key>) {
        if target.is_some() || self.relay.is_some() {
            self.relay_state().set_target(target);
        }
    }

    /// Returns what gets the bytes that come in, if that is not JavaScript.
    pub fn relay_target(&self) -> Option<Key> {
        self.relay.as_ref().and_then(|relay| relay.target())
    }

    /// Returns what has been relayed, from this stream and to it.
    pub fn relayed(&self) -> Relay {
        self.relay.as_deref().copied().unwrap_or_default()
    }

    fn relay_state(&mut self) -> &mut Relay {
        self.relay.get_or_insert_default()
    }

    /// True when so much comes in that a pipe in between would serve a relay.
    pub fn relays_much(&self) -> bool {
        self.relay.as_ref().is_some_and(|relay| relay.is_large())
    }

    /// Moves one step of what has come in to `target`, through `pipe` if there is one, or else
    /// through `buffer`, which has room for a read. `None` where that must be done by way of
    /// JavaScript.
    pub fn relay_step(
        &self,
        target: &Self,
        pipe: Option<&SplicePipe>,
        buffer: &mut [u8],
    ) -> Option<Moved> {
        let (from, to) = (self.socket.source()?, target.socket.source()?);
        let is_open = self.reading.is_on() && target.access.writable && target.writing.is_free();
        let inbox = match self.transport {
            Transport::Tcp => Inbox::Absent,
            Transport::Pipe => Inbox::Closed,
        };
        is_open.then(|| match pipe {
            Some(pipe) => splice_step(from, inbox, to, pipe, buffer),
            None => relay_step(from, inbox, to, &mut buffer[..READ_STEP]),
        })
    }

    /// Takes note of a step in which this stream was the source. What the target did not take goes
    /// to JavaScript, as does everything after it. Returns the number of bytes used up of the
    /// buffer, which begins at `offset` of the read slab.
    pub fn after_relay(
        &mut self,
        key: Key,
        moved: &Moved,
        offset: u32,
        now: Instant,
        queue: &mut EventQueue,
    ) -> usize {
        match *moved {
            Moved::All(read) => {
                self.note_relayed_from(key);
                self.relay_state().count_received(read, now);
                0
            }
            Moved::Part { read, sent, .. } => {
                self.note_relayed_from(key);
                self.relay_state().count_received(sent, now);
                self.relay_to(None);
                for start in (sent..read).step_by(READ_STEP) {
                    let length = READ_STEP.min(read - start);
                    report_data(
                        key,
                        length,
                        offset + u32::try_from(start).unwrap_or(0),
                        queue,
                    );
                }
                read
            }
            Moved::Nothing => 0,
            Moved::End(status) => {
                self.relay_to(None);
                self.report_end(key, status, queue);
                0
            }
            Moved::Lost(errno) => {
                self.relay_to(None);
                self.report_end(key, errno.code(), queue);
                0
            }
        }
    }

    /// Notes that bytes came in, which an echo has sent back already.
    fn note_relayed_from(&mut self, key: Key) {
        self.awaits_answer = self.relay_target() != Some(key);
    }

    /// Takes note of a step in which this stream was the target.
    pub fn after_relayed_write(
        &mut self,
        key: Key,
        moved: &Moved,
        now: Instant,
        queue: &mut EventQueue,
    ) {
        match *moved {
            Moved::All(sent) => {
                self.awaits_answer = false;
                self.relay_state().count_sent(sent, now);
            }
            Moved::Part { sent, failure, .. } => {
                self.awaits_answer = false;
                self.relay_state().count_sent(sent, now);
                if let Some(errno) = failure {
                    self.fail_writes(errno);
                }
            }
            // What was in the pipe is missing from the stream. No write may follow it, so this is
            // reported at once.
            Moved::Lost(errno) => self.report_lost(key, errno, queue),
            Moved::Nothing | Moved::End(_) => {}
        }
    }
}
