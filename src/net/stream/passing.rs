//! Descriptors that are passed over a stream, in both directions.

use std::collections::VecDeque;

use super::Stream;
use crate::error::Result;
use crate::event::Key;
use crate::runtime::Reactor;
use crate::sys::{passing, Bytes, Descriptor};

/// The descriptors of one message.
type Group = Vec<Descriptor>;

/// The descriptors that a stream owns. They are closed with it.
#[derive(Debug, Default)]
pub(super) struct Passing {
    /// Read, and not taken by JavaScript: the oldest first.
    arrived: VecDeque<Group>,
    /// Waiting for the write that they belong to, by its ticket: the oldest first.
    held: VecDeque<(i32, Group)>,
    last_ticket: i32,
}

impl Passing {
    /// Finds what a ticket names. What is older belongs to writes that were never made.
    fn held(&mut self, ticket: i32) -> Option<&mut Group> {
        let place = self.held.iter().position(|(its, _)| *its == ticket)?;
        self.held.drain(..place);
        self.held.front_mut().map(|(_, group)| group)
    }
}

impl Stream {
    fn passing_state(&mut self) -> &mut Passing {
        self.passing.get_or_insert_default()
    }

    /// Keeps what has arrived with one read until JavaScript takes it.
    pub(super) fn keep_arrived(&mut self, arrived: Group) {
        if !arrived.is_empty() {
            self.passing_state().arrived.push_back(arrived);
        }
    }

    /// Returns true when descriptors wait for [`Self::take_arrived`].
    pub fn has_arrived(&self) -> bool {
        let passing = self.passing.as_ref();
        passing.is_some_and(|passing| !passing.arrived.is_empty())
    }

    /// Takes the descriptors that came with the oldest read that brought some; empty where none did.
    pub fn take_arrived(&mut self) -> Group {
        let passing = self.passing.as_mut();
        let oldest = passing.and_then(|passing| passing.arrived.pop_front());
        oldest.unwrap_or_default()
    }

    /// Duplicates descriptors for a later [`Self::pass`]. Returns the ticket that names them.
    ///
    /// # Errors
    /// As for [`passing::hold`].
    pub fn hold(&mut self, numbers: &[i32]) -> Result<i32> {
        let group = passing::hold(numbers)?;
        let passing = self.passing_state();
        passing.last_ticket = passing.last_ticket.checked_add(1).unwrap_or(1);
        passing.held.push_back((passing.last_ticket, group));
        Ok(passing.last_ticket)
    }

    /// Writes bytes, with what a ticket names if that has not left: see [`Self::write`]. Returns how
    /// many bytes have left, and how many descriptors.
    ///
    /// # Errors
    /// As for [`Self::write`].
    pub fn pass(
        &mut self,
        key: Key,
        reactor: &Reactor,
        bytes: Bytes<'_>,
        ticket: i32,
    ) -> Result<(usize, usize)> {
        self.check_writable()?;
        self.check_flushed()?;
        self.awaits_answer = false;
        let source = self.socket.register(key, reactor)?;
        let mut none = Group::new();
        let passing = self.passing.as_mut();
        let group = passing
            .and_then(|passing| passing.held(ticket))
            .unwrap_or(&mut none);
        let before = group.len();
        let sent = self.writing.pass(source, bytes, group)?;
        Ok((sent, before - group.len()))
    }
}
