//! When rust-net runs in a loop iteration, and whether the loop may sleep: a state machine without
//! libuv.
//!
//! rust-net runs at most once per loop iteration: at the start of one that does not sleep, otherwise in
//! its poll phase, or just behind that after a connect. If it ran twice, what comes in late would
//! overtake the closing phase.

/// What an environment does on its loop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoopPhase {
    state: State,
    delay: Delay,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// The loop may sleep; the driver's signal wakes it.
    #[default]
    Asleep,
    /// The loop does not sleep: events or ready sockets are left.
    Spinning,
    /// The loop does not sleep, and rust-net looks once more before it may.
    Looking,
    /// rust-net runs, and JavaScript with it.
    Serving {
        /// [`State::Looking`] follows.
        look_again: bool,
        /// The poll phase of this iteration is still to come.
        at_start: bool,
    },
    /// The environment has ended; nothing runs any more.
    Ended,
}

/// How long a run waits because a connect has begun.
///
/// Both ends of a connection may be on this loop. Node watches a new connect from the next poll phase
/// on. By then the listener has been ready for longer, and libuv reports it first. rust-net's signal
/// may come before that listener, even in the poll phase in which the connect was made. A 'connect'
/// handler could then close a listener that has not accepted yet.
///
/// rust-net therefore runs in the check phase that follows that poll phase: after the listeners of
/// node's own, and before the callbacks of `setImmediate`. `Acceptor` sees to rust-net's own listeners.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Delay {
    /// So many poll phases begin until the one that follows the connect has begun.
    due: u8,
    /// That poll phase goes on. Connects that are made in it wait for the one after.
    is_passing: bool,
}

/// What happens to the environment of a [`LoopPhase`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The driver has found something, in the loop's poll phase.
    Signal,
    /// An iteration starts that does not sleep.
    Start,
    /// The loop's poll phase is about to begin.
    Prepare,
    /// The loop's poll phase is over.
    Check,
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
}

impl LoopPhase {
    /// Returns the phase after an event, and what to do about the event.
    #[must_use]
    pub fn on(self, event: Event) -> (Self, Action) {
        match event {
            Event::Signal => self.on_signal(),
            Event::Start => self.on_start(),
            Event::Prepare => (self.on_prepare(), Action::Nothing),
            Event::Check => self.on_check(),
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

    /// True when the next run waits for the end of a poll phase, as a connect has begun.
    /// [`Event::Prepare`] and [`Event::Check`] are needed only then.
    pub fn is_delayed(self) -> bool {
        self.delay != Delay::default()
    }

    fn to(self, state: State) -> Self {
        Self { state, ..self }
    }

    fn on_signal(self) -> (Self, Action) {
        match self.state {
            State::Asleep if self.is_delayed() => (self.to(State::Looking), Action::Nothing),
            State::Asleep => self.serve(false, false),
            // rust-net runs elsewhere in each iteration now, not in the poll phase. The signal
            // waits for that run: looking once more keeps the loop from sleeping before it. The
            // thread does not signal again until then.
            State::Spinning | State::Looking => (self.to(State::Looking), Action::Nothing),
            State::Serving { .. } => (self.look_again(), Action::Nothing),
            State::Ended => (self, Action::Nothing),
        }
    }

    fn on_start(self) -> (Self, Action) {
        match self.state {
            State::Asleep | State::Spinning | State::Looking if !self.is_delayed() => {
                self.serve(false, true)
            }
            _ => (self, Action::Nothing),
        }
    }

    fn on_prepare(self) -> Self {
        let due = self.delay.due.saturating_sub(1);
        let is_passing = self.delay.due == 1 || self.delay.is_passing;
        let delay = Delay { due, is_passing };
        Self { delay, ..self }
    }

    fn on_check(self) -> (Self, Action) {
        if !self.delay.is_passing {
            return (self, Action::Nothing);
        }
        let delay = Delay {
            is_passing: false,
            ..self.delay
        };
        let phase = Self { delay, ..self };
        match self.state {
            State::Spinning | State::Looking => phase.serve(false, false),
            State::Serving { .. } => (phase.look_again(), Action::Nothing),
            // Without a signal there is nothing to serve.
            State::Asleep | State::Ended => (phase, Action::Nothing),
        }
    }

    fn on_close_phase(self) -> (Self, Action) {
        match self.state {
            State::Asleep | State::Spinning => self.serve(false, false),
            // Nothing is looked for in this phase: that is still to be done.
            State::Looking => self.serve(true, false),
            State::Serving { .. } | State::Ended => (self, Action::Nothing),
        }
    }

    fn serve(self, look_again: bool, at_start: bool) -> (Self, Action) {
        let serving = State::Serving {
            look_again,
            at_start,
        };
        (self.to(serving), Action::Serve)
    }

    /// Has another look follow the run that goes on, as a loop within the loop may have missed
    /// something.
    fn look_again(self) -> Self {
        match self.state {
            State::Serving { at_start, .. } => self.to(State::Serving {
                look_again: true,
                at_start,
            }),
            _ => self,
        }
    }

    fn on_connect(self) -> Self {
        // A run at the start takes the place of one in the poll phase, which has not begun yet.
        let is_early = matches!(self.state, State::Serving { at_start: true, .. });
        let due = self.delay.due.max(if is_early { 2 } else { 1 });
        let delay = Delay { due, ..self.delay };
        Self { delay, ..self }
    }

    fn on_served(self, found: bool) -> Self {
        match self.state {
            State::Serving { look_again, .. } if look_again || found => self.to(State::Looking),
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use Action::{Nothing, Serve};
    use State::{Asleep, Ended, Looking, Spinning};

    const fn serving(look_again: bool, at_start: bool) -> State {
        State::Serving {
            look_again,
            at_start,
        }
    }

    const SERVING: State = serving(false, false);
    const SERVING_AND_LOOKING: State = serving(true, false);
    const SERVING_EARLY: State = serving(false, true);
    const STATES: [State; 7] = [
        Asleep,
        Spinning,
        Looking,
        SERVING,
        SERVING_AND_LOOKING,
        SERVING_EARLY,
        Ended,
    ];
    const NO_DELAY: Delay = delay(0, false);
    const DELAYS: [Delay; 4] = [
        delay(1, false),
        delay(2, false),
        delay(0, true),
        delay(1, true),
    ];

    const fn delay(due: u8, is_passing: bool) -> Delay {
        Delay { due, is_passing }
    }

    /// For each event, what follows from each of [`STATES`].
    type Table<const N: usize> = [(Event, [(State, Action); 7]); N];

    /// What follows whether a connect has begun or not.
    const ALWAYS: Table<7> = [
        (
            Event::ClosePhase,
            [
                (SERVING, Serve),
                (SERVING, Serve),
                (SERVING_AND_LOOKING, Serve),
                (SERVING, Nothing),
                (SERVING_AND_LOOKING, Nothing),
                (SERVING_EARLY, Nothing),
                (Ended, Nothing),
            ],
        ),
        (Event::Prepare, unchanged()),
        (Event::Connect, unchanged()),
        (
            Event::Served { look_again: false },
            [
                (Asleep, Nothing),
                (Spinning, Nothing),
                (Looking, Nothing),
                (Spinning, Nothing),
                (Looking, Nothing),
                (Spinning, Nothing),
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
                (SERVING_EARLY, Nothing),
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
                (SERVING_EARLY, Nothing),
                (Ended, Nothing),
            ],
        ),
    ];

    /// What follows where no connect has begun.
    const WITHOUT_CONNECT: Table<3> = [
        (
            Event::Signal,
            [
                (SERVING, Serve),
                (Looking, Nothing),
                (Looking, Nothing),
                (SERVING_AND_LOOKING, Nothing),
                (SERVING_AND_LOOKING, Nothing),
                (serving(true, true), Nothing),
                (Ended, Nothing),
            ],
        ),
        (
            Event::Start,
            [
                (SERVING_EARLY, Serve),
                (SERVING_EARLY, Serve),
                (SERVING_EARLY, Serve),
                (SERVING, Nothing),
                (SERVING_AND_LOOKING, Nothing),
                (SERVING_EARLY, Nothing),
                (Ended, Nothing),
            ],
        ),
        (Event::Check, unchanged()),
    ];

    /// What follows while a run waits for the end of a poll phase.
    const AFTER_CONNECT: Table<2> = [
        (
            Event::Signal,
            [
                (Looking, Nothing),
                (Looking, Nothing),
                (Looking, Nothing),
                (SERVING_AND_LOOKING, Nothing),
                (SERVING_AND_LOOKING, Nothing),
                (serving(true, true), Nothing),
                (Ended, Nothing),
            ],
        ),
        (Event::Start, unchanged()),
    ];

    /// What follows at the end of the poll phase that a run waited for.
    const BEHIND_THE_POLL_PHASE: Table<1> = [(
        Event::Check,
        [
            (Asleep, Nothing),
            (SERVING, Serve),
            (SERVING, Serve),
            (SERVING_AND_LOOKING, Nothing),
            (SERVING_AND_LOOKING, Nothing),
            (serving(true, true), Nothing),
            (Ended, Nothing),
        ],
    )];

    const fn unchanged() -> [(State, Action); 7] {
        let mut row = [(Ended, Nothing); 7];
        let mut at = 0;
        while at < row.len() {
            row[at].0 = STATES[at];
            at += 1;
        }
        row
    }

    fn check(table: &[(Event, [(State, Action); 7])], delay: Delay) {
        for &(event, row) in table {
            for (state, expected) in STATES.into_iter().zip(row) {
                let (next, action) = LoopPhase { state, delay }.on(event);
                let what = format!("{event:?} in {state:?}, {delay:?}");
                assert_eq!((next.state, action), expected, "{what}");
                assert_eq!(next.delay, next_delay(delay, event, state), "{what}");
            }
        }
    }

    fn next_delay(from: Delay, event: Event, state: State) -> Delay {
        let Delay { due, is_passing } = from;
        let is_early = matches!(state, State::Serving { at_start: true, .. });
        match (event, due) {
            (Event::Connect, _) if is_early => delay(2, is_passing),
            (Event::Connect, 0) => delay(1, is_passing),
            (Event::Prepare, 1) => delay(0, true),
            (Event::Prepare, 2) => delay(1, is_passing),
            (Event::Check, _) => delay(due, false),
            _ => from,
        }
    }

    #[test]
    fn every_event_in_every_state_without_a_connect() {
        check(&ALWAYS, NO_DELAY);
        check(&WITHOUT_CONNECT, NO_DELAY);
        let end = LoopPhase::default().on(Event::End).0;
        assert!(end.has_ended() && !end.is_delayed());
    }

    #[test]
    fn every_event_in_every_state_after_a_connect() {
        for delay in DELAYS {
            check(&ALWAYS, delay);
            check(&AFTER_CONNECT, delay);
            if delay.is_passing {
                check(&BEHIND_THE_POLL_PHASE, delay);
            } else {
                check(&WITHOUT_CONNECT[2..], delay);
            }
        }
    }

    /// Runs an iteration's events, and returns those that rust-net runs at. Each run finds nothing.
    fn runs(phase: &mut LoopPhase, events: &[Event]) -> Vec<Event> {
        let mut runs = Vec::new();
        for &event in events {
            let (next, action) = phase.on(event);
            *phase = next;
            if action == Serve {
                runs.push(event);
                *phase = phase.on(Event::Served { look_again: false }).0;
                *phase = phase.on(Event::Settle { has_work: false }).0;
            }
        }
        runs
    }

    #[test]
    fn a_connect_is_reported_at_the_end_of_the_next_poll_phase() {
        use Event::{Check, Connect, Prepare, Signal};
        let mut phase = LoopPhase::default();
        // Before the poll phase: by a timer.
        let events = [Connect, Prepare, Signal, Check, Prepare, Signal, Check];
        assert_eq!(runs(&mut phase, &events), [Check, Signal]);
        // In the poll phase, where a signal may follow at once.
        let events = [Prepare, Connect, Signal, Check, Prepare];
        assert_eq!(runs(&mut phase, &events), []);
        assert!(phase.spins());
        assert_eq!(runs(&mut phase, &[Signal, Check]), [Check]);
        assert!(!phase.spins() && !phase.is_delayed());
    }

    #[test]
    fn a_connect_of_a_run_at_the_start_waits_for_the_next_iteration() {
        let mut phase = LoopPhase::default();
        for event in [Event::Settle { has_work: true }, Event::Start] {
            phase = phase.on(event).0;
        }
        let served = [Event::Connect, Event::Served { look_again: true }];
        let rest = [Event::Prepare, Event::Signal, Event::Check];
        assert_eq!(runs(&mut phase, &served), []);
        assert_eq!(runs(&mut phase, &rest), []);
        assert_eq!(runs(&mut phase, &[Event::Start]), []);
        assert_eq!(runs(&mut phase, &rest), [Event::Check]);
    }

    #[test]
    fn a_storm_of_connects_leaves_out_no_iteration() {
        use Event::{Check, Connect, Prepare, Signal, Start};
        let mut phase = LoopPhase::default().on(Connect).0;
        let storm = [
            Connect, Start, Connect, Prepare, Connect, Signal, Connect, Check, Connect,
        ];
        for _ in 0..5 {
            assert_eq!(runs(&mut phase, &storm), [Check]);
        }
    }

    #[test]
    fn the_loop_sleeps_only_after_a_look_at_its_start_that_found_nothing() {
        let idle = Event::Settle { has_work: false };
        let mut phase = LoopPhase::default();
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
