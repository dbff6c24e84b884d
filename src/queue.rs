//! The event queue between the sockets and the JavaScript dispatcher.

use std::collections::VecDeque;

use crate::event::{Event, Kind};

/// Events waiting for the next call into JavaScript, oldest first.
#[derive(Debug)]
pub struct EventQueue {
    events: VecDeque<Event>,
    batch: usize,
}

impl EventQueue {
    /// Creates a queue whose batches hold at most `batch` events.
    pub fn new(batch: usize) -> Self {
        Self {
            events: VecDeque::with_capacity(batch),
            batch,
        }
    }

    pub fn push(&mut self, event: Event) {
        self.events.push_back(event);
    }

    /// Adds an event, ahead of its handle's last one if that is of `kind`.
    pub fn push_ahead(&mut self, event: Event, kind: Kind) {
        let last = self.events.iter().rposition(|it| it.key == event.key);
        match last {
            Some(place) if self.events[place].kind == kind => self.events.insert(place, event),
            _ => self.push(event),
        }
    }

    /// True when a full batch is waiting. No readiness is served until that batch was delivered.
    pub fn is_full(&self) -> bool {
        self.events.len() >= self.batch
    }

    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Removes and returns the oldest events, at most one batch.
    pub fn take_batch(&mut self) -> impl Iterator<Item = Event> + '_ {
        let count = self.events.len().min(self.batch);
        self.events.drain(..count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Key;

    #[test]
    fn batches_are_bounded_and_in_order() {
        let mut queue = EventQueue::new(2);
        for status in 0..3 {
            queue.push(Event::new(Key::new(1, 0), Kind::Shutdown, status));
        }
        assert!(queue.is_full());
        let first: Vec<i32> = queue.take_batch().map(|event| event.a).collect();
        let second: Vec<i32> = queue.take_batch().map(|event| event.a).collect();
        assert_eq!((first, second), (vec![0, 1], vec![2]));
        assert!(queue.is_empty());
    }

    #[test]
    fn an_event_goes_ahead_of_the_last_one_of_its_handle_alone() {
        let (one, two) = (Key::new(1, 0), Key::new(2, 0));
        let writable = |key| Event::new(key, Kind::Writable, 0);
        let end = |key| Event::new(key, Kind::ReadEnd, -1);
        let mut queue = EventQueue::new(8);
        for event in [writable(one), writable(two), Event::new(two, Kind::Read, 1)] {
            queue.push(event);
        }
        queue.push_ahead(end(one), Kind::Writable);
        queue.push_ahead(end(two), Kind::Writable);
        let kinds: Vec<Kind> = queue.take_batch().map(|event| event.kind).collect();
        let (write, read, over) = (Kind::Writable, Kind::Read, Kind::ReadEnd);
        assert_eq!(kinds, [over, write, write, read, over]);
    }
}
