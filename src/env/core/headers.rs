//! Connections that wait for their PROXY header. JavaScript knows nothing of them.

use std::collections::BTreeSet;
use std::time::Instant;

use super::handles::Handles;
use crate::event::{Event, Key, Kind};
use crate::net::{Arrival, Handle, Look, Refusal};

/// The connections that wait, by the time at which each has waited long enough.
#[derive(Debug, Default)]
pub struct Headers {
    waiting: BTreeSet<(Instant, Key)>,
}

impl Headers {
    /// Returns the time at which the first has waited long enough.
    pub fn deadline(&self) -> Option<Instant> {
        self.waiting.first().map(|&(deadline, _)| deadline)
    }

    /// Looks at a connection, which may be new. Returns true when it is to be reported.
    pub fn look(&mut self, handles: &mut Handles, key: Key) -> bool {
        self.advance(handles, key, false)
    }

    /// Gives up the connections that have waited long enough. Returns true when one is to be reported.
    pub fn expire(&mut self, handles: &mut Handles, now: Instant) -> bool {
        let mut has_arrived = false;
        while let Some(&(deadline, key)) = self.waiting.first() {
            if deadline > now {
                break;
            }
            self.waiting.pop_first();
            has_arrived |= self.advance(handles, key, true);
        }
        has_arrived
    }

    /// Resets the connections that wait, of a listener that is about to close.
    pub fn discard_of(&mut self, handles: &mut Handles, listener: Key) {
        let is_of = |key| {
            let awaited = handles.get(key).and_then(Handle::awaited);
            awaited.is_none_or(|(other, _)| other == listener)
        };
        let (gone, kept) = self.waiting.iter().partition(|&&(_, key)| is_of(key));
        self.waiting = kept;
        let gone: BTreeSet<(Instant, Key)> = gone;
        for (_, key) in gone {
            handles.discard(key);
        }
    }

    fn advance(&mut self, handles: &mut Handles, key: Key, is_late: bool) -> bool {
        let awaited = handles.get(key).and_then(Handle::awaited);
        let Some((listener, deadline)) = awaited else {
            return false;
        };
        let look = handles.with(key, |handle, reactor, _| {
            handle.look_for_header(reactor, is_late)
        });
        match look {
            None => false,
            Some(Look::Later) => {
                self.waiting.insert((deadline, key));
                false
            }
            Some(Look::Refused(refusal)) => {
                self.waiting.remove(&(deadline, key));
                refuse(handles, listener, key, refusal);
                false
            }
            Some(Look::Arrived(arrival)) => {
                self.waiting.remove(&(deadline, key));
                admit(handles, listener, key, &arrival)
            }
        }
    }
}

fn refuse(handles: &mut Handles, listener: Key, key: Key, refusal: Refusal) {
    if let Some(handle) = handles.get(listener) {
        handle.count_header(true);
    }
    handles.queue.push(Event {
        key: listener,
        kind: Kind::Refused,
        a: key.slot(),
        b: refusal.number(),
    });
}

/// Reports a connection, unless the listener rejects its client.
fn admit(handles: &mut Handles, listener: Key, key: Key, arrival: &Arrival) -> bool {
    let has_header = handles.get(key).is_some_and(Handle::has_header);
    if let (true, Some(handle)) = (has_header, handles.get(listener)) {
        handle.count_header(false);
    }
    if let Some(client) = arrival.client {
        // First, as it may be the place of the client itself.
        handles.with(key, |handle, _, _| handle.set_seat(None));
        let seat = handles.get(listener).and_then(|it| it.admit(client));
        let Some(seat) = seat else {
            handles.discard(key);
            return false;
        };
        handles.with(key, |handle, _, _| handle.set_seat(seat));
    }
    let event = Event::new(listener, Kind::Connection, key.slot());
    handles.queue.push(event);
    true
}
