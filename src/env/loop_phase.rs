//! When rust-net runs in a loop iteration, and whether the loop may sleep: a state machine without
//! libuv.
//!
//! rust-net runs at most once per loop iteration: at the start of one that does not sleep, otherwise in
//! its poll phase. If it ran twice, what comes in late would overtake the closing phase.

/// What an environment does on its loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoopPhase {
    state: State,
    delay: Delay,
    /// Iterations that a connect puts off.
    connect_delay: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The loop may sleep; the driver's signal wakes it.
    Asleep,
    /// The loop does not sleep: events or ready sockets are left.
    Spinning,
    /// The loop does not sleep, and rust-net looks once more before it may.
    Looking,
    /// rust-net runs, and JavaScript with it.
    Serving {
        /// [`State::Looking`] follows.
        look_again: bool,
    },
    /// The environment has ended; nothing runs any more.
    Ended,
}

/// The iterations that rust-net leaves out after a connect has begun.
///
/// Both ends of a connection may be on this loop. The connecting end then becomes ready a moment before
/// the listener. Node reports the listener first, because it watches a new connect only from the next
/// poll phase on. rust-net imitates that: a 'connect' handler that ran first could close a listener
/// that has not accepted yet. The iterations left out here are for listeners of node's own;
/// `Acceptor` takes care of rust-net's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delay {
    /// No connect has begun.
    None,
    /// So many iterations are to be left out.
    Due(u8),
    /// The last iteration was left out, and so many are to follow. A connect adds none, so that a
    /// storm of them starves nobody.
    Passing(u8),
}

/// What happens to the environment of a [`LoopPhase`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The driver has found something, in the loop's poll phase.
    Signal,
    /// An iteration starts that does not sleep.
    Start,
    /// The loop is in its closing phase, and handles have been closed.
    ClosePhase,
    /// A connect has begun.
    Connect,
    /// What [`Action::Serve`] asked for is done. `look_again` keeps the loop awake for another look.
    Served { look_again: bool },
    /// A verb or an iteration is over. `has_work` when events or ready sockets are left.
    Settle { has_work: bool },
    /// The environment ends.
    End,
}

/// What to do about an [`Event`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Nothing,
    /// Run, then report [`Event::Served`].
    Serve,
    /// Have the signal come again in the next iteration.
    SignalAgain,
}

impl LoopPhase {
    /// Begins asleep. A connect will put off `connect_delay` iterations.
    pub fn new(connect_delay: u8) -> Self {
        Self {
            state: State::Asleep,
            delay: Delay::None,
            connect_delay,
        }
    }

    /// Returns the phase after an event, and what to do about the event.
    #[must_use]
    pub fn on(self, event: Event) -> (Self, Action) {
        match event {
            Event::Signal => self.on_signal(),
            Event::Start => self.on_start(),
            Event::ClosePhase => self.on_close_phase(),
            Event::Connect => (self.on_connect(), Action::Nothing),
            Event::Served { look_again } => (self.on_served(look_again), Action::Nothing),
            Event::Settle { has_work } => (self.on_settle(has_work), Action::Nothing),
            Event::End => (self.to(State::Ended), Action::Nothing),
        }
    }

    /// True when a verb may settle the loop: rust-net does not run and has not ended.
    pub fn is_at_rest(self) -> bool {
        !matches!(self.state, State::Serving { .. } | State::Ended)
    }

    /// True when the loop must not sleep.
    pub fn spins(self) -> bool {
        matches!(self.state, State::Spinning | State::Looking)
    }

    /// True when the environment has ended.
    pub fn has_ended(self) -> bool {
        self.state == State::Ended
    }

    /// True when the next iteration will be left out, as a connect has begun.
    pub fn is_delayed(self) -> bool {
        matches!(self.delay, Delay::Due(_) | Delay::Passing(1..))
    }

    fn to(self, state: State) -> Self {
        Self { state, ..self }
    }

    fn on_signal(self) -> (Self, Action) {
        match self.state {
            State::Asleep => {
                let (phase, is_left_out) = self.next_iteration();
                if is_left_out {
                    return (phase, Action::SignalAgain);
                }
                phase.serve(false)
            }
            // rust-net runs at the start of each iteration now, not in the poll phase. The signal
            // waits for that run: looking once more keeps the loop from sleeping before it. The
            // thread does not signal again until then.
            State::Spinning | State::Looking => (self.to(State::Looking), Action::Nothing),
            // From a loop within the loop.
            State::Serving { .. } => {
                let state = State::Serving { look_again: true };
                (self.to(state), Action::Nothing)
            }
            State::Ended => (self, Action::Nothing),
        }
    }

    fn on_start(self) -> (Self, Action) {
        match self.state {
            State::Asleep | State::Spinning | State::Looking => {
                let (phase, is_left_out) = self.next_iteration();
                if is_left_out {
                    return (phase, Action::Nothing);
                }
                phase.serve(false)
            }
            State::Serving { .. } | State::Ended => (self, Action::Nothing),
        }
    }

    fn on_close_phase(self) -> (Self, Action) {
        match self.state {
            State::Asleep | State::Spinning => self.serve(false),
            // Nothing is looked for in this phase: that is still to be done.
            State::Looking => self.serve(true),
            State::Serving { .. } | State::Ended => (self, Action::Nothing),
        }
    }

    fn serve(self, look_again: bool) -> (Self, Action) {
        (self.to(State::Serving { look_again }), Action::Serve)
    }

    fn on_connect(self) -> Self {
        let delay = match self.delay {
            Delay::None | Delay::Due(_) => Delay::Due(self.connect_delay),
            Delay::Passing(_) => self.delay,
        };
        Self { delay, ..self }
    }

    fn on_served(self, found: bool) -> Self {
        match self.state {
            State::Serving { look_again } if look_again || found => self.to(State::Looking),
            State::Serving { .. } => self.to(State::Spinning),
            _ => self,
        }
    }

    fn on_settle(self, has_work: bool) -> Self {
        match self.state {
            State::Asleep | State::Spinning if has_work => self.to(State::Spinning),
            State::Asleep | State::Spinning => self.to(State::Asleep),
            State::Looking | State::Serving { .. } | State::Ended => self,
        }
    }

    /// Passes to the next iteration. Returns true with it when that is to be left out.
    fn next_iteration(self) -> (Self, bool) {
        let (delay, is_left_out) = match self.delay {
            Delay::None | Delay::Passing(0) => (Delay::None, false),
            Delay::Due(left) | Delay::Passing(left) => (Delay::Passing(left - 1), true),
        };
        (Self { delay, ..self }, is_left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Action::{Nothing, Serve, SignalAgain};
    use State::{Asleep, Ended, Looking, Spinning};

    const SERVING: State = State::Serving { look_again: false };
    const SERVING_AND_LOOKING: State = State::Serving { look_again: true };
    const STATES: [State; 6] = [
        Asleep,
        Spinning,
        Looking,
        SERVING,
        SERVING_AND_LOOKING,
        Ended,
    ];
    const DELAYS: [Delay; 5] = [
        Delay::None,
        Delay::Due(2),
        Delay::Due(1),
        Delay::Passing(1),
        Delay::Passing(0),
    ];

    fn phase(state: State, delay: Delay) -> LoopPhase {
        LoopPhase {
            state,
            delay,
            connect_delay: 2,
        }
    }

    /// Without a connect: for each event, what follows from each of [`STATES`].
    const TABLE: [(Event, [(State, Action); 6]); 9] = [
        (
            Event::Signal,
            [
                (SERVING, Serve),
                (Looking, Nothing),
                (Looking, Nothing),
                (SERVING_AND_LOOKING, Nothing),
                (SERVING_AND_LOOKING, Nothing),
                (Ended, Nothing),
            ],
        ),
        (
            Event::Start,
            [
                (SERVING, Serve),
                (SERVING, Serve),
                (SERVING, Serve),
                (SERVING, Nothing),
                (SERVING_AND_LOOKING, Nothing),
                (Ended, Nothing),
            ],
        ),
        (
            Event::ClosePhase,
            [
                (SERVING, Serve),
                (SERVING, Serve),
                (SERVING_AND_LOOKING, Serve),
                (SERVING, Nothing),
                (SERVING_AND_LOOKING, Nothing),
                (Ended, Nothing),
            ],
        ),
        (Event::Connect, unchanged(STATES)),
        (
            Event::Served { look_again: false },
            [
                (Asleep, Nothing),
                (Spinning, Nothing),
                (Looking, Nothing),
                (Spinning, Nothing),
                (Looking, Nothing),
                (Ended, Nothing),
            ],
        ),
        (
            Event::Served { look_again: true },
            [
                (Asleep, Nothing),
                (Spinning, Nothing),
                (Looking, Nothing),
                (Looking, Nothing),
                (Looking, Nothing),
                (Ended, Nothing),
            ],
        ),
        (
            Event::Settle { has_work: false },
            [
                (Asleep, Nothing),
                (Asleep, Nothing),
                (Looking, Nothing),
                (SERVING, Nothing),
                (SERVING_AND_LOOKING, Nothing),
                (Ended, Nothing),
            ],
        ),
        (
            Event::Settle { has_work: true },
            [
                (Spinning, Nothing),
                (Spinning, Nothing),
                (Looking, Nothing),
                (SERVING, Nothing),
                (SERVING_AND_LOOKING, Nothing),
                (Ended, Nothing),
            ],
        ),
        (Event::End, [(Ended, Nothing); 6]),
    ];

    const fn unchanged(states: [State; 6]) -> [(State, Action); 6] {
        let [a, b, c, d, e, f] = states;
        [
            (a, Nothing),
            (b, Nothing),
            (c, Nothing),
            (d, Nothing),
            (e, Nothing),
            (f, Nothing),
        ]
    }

    #[test]
    fn every_event_in_every_state_without_a_connect() {
        for (event, row) in TABLE {
            for (from, (to, action)) in STATES.into_iter().zip(row) {
                let (next, done) = phase(from, Delay::None).on(event);
                assert_eq!((next.state, done), (to, action), "{event:?} in {from:?}");
                let connects = event == Event::Connect;
                let delay = if connects { Delay::Due(2) } else { Delay::None };
                assert_eq!(next.delay, delay, "{event:?} in {from:?}");
            }
        }
    }

    /// An iteration that is not left out goes on as if no connect had begun.
    #[test]
    fn every_event_in_every_state_after_a_connect() {
        for delay in DELAYS {
            for (event, row) in TABLE {
                for (from, (to, action)) in STATES.into_iter().zip(row) {
                    let begins = match event {
                        Event::Signal => from == Asleep,
                        Event::Start => [Asleep, Spinning, Looking].contains(&from),
                        _ => false,
                    };
                    let left_out = begins && phase(from, delay).is_delayed();
                    let (next, done) = phase(from, delay).on(event);
                    let expected = match event {
                        Event::Signal if left_out => (from, SignalAgain),
                        _ if left_out => (from, Nothing),
                        _ => (to, action),
                    };
                    let what = format!("{event:?} in {from:?}, {delay:?}");
                    assert_eq!((next.state, done), expected, "{what}");
                    assert_eq!(next.delay, next_delay(delay, event, begins), "{what}");
                }
            }
        }
    }

    fn next_delay(delay: Delay, event: Event, begins: bool) -> Delay {
        match (delay, event) {
            (Delay::None | Delay::Due(_), Event::Connect) => Delay::Due(2),
            (Delay::Due(2), _) if begins => Delay::Passing(1),
            (Delay::Due(1) | Delay::Passing(1), _) if begins => Delay::Passing(0),
            (_, _) if begins => Delay::None,
            (_, _) => delay,
        }
    }

    #[test]
    fn a_storm_of_connects_leaves_out_no_more_than_one_delay() {
        for connect_delay in [1, 2] {
            let mut phase = LoopPhase::new(connect_delay);
            let mut left_out = 0;
            loop {
                phase = phase.on(Event::Connect).0;
                let (next, action) = phase.on(Event::Signal);
                phase = next;
                if action == Serve {
                    break;
                }
                assert_eq!(action, SignalAgain);
                left_out += 1;
            }
            assert_eq!(left_out, connect_delay);
        }
    }

    #[test]
    fn the_loop_sleeps_only_after_a_look_at_its_start_that_found_nothing() {
        let idle = Event::Settle { has_work: false };
        let mut phase = LoopPhase::new(1);
        for event in [Event::Settle { has_work: true }, Event::Start] {
            phase = phase.on(event).0;
        }
        phase = phase.on(Event::Served { look_again: true }).0.on(idle).0;
        assert!(phase.spins());
        phase = phase.on(Event::Start).0;
        phase = phase.on(Event::Served { look_again: false }).0.on(idle).0;
        assert!(!phase.spins());
    }
}
