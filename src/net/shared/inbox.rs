//! What was accepted for several threads, and which of them gets it: plain data, without a lock.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::sync::atomic::{AtomicUsize, Ordering};

/// A connection waits so long for a thread that has few. Then any may take it.
const PATIENCE: Duration = Duration::from_millis(5);

/// A thread that was woken has so long to answer, before another is woken for the same connection.
const ANSWER: Duration = Duration::from_millis(1);

/// The most connections that wait here; more wait in the kernel.
const ROOM: usize = if cfg!(loom) { 1 } else { 128 };

/// Counts the open connections of one member. Each connection holds a [`Place`].
#[derive(Debug, Default)]
pub struct Tally(AtomicUsize);

impl Tally {
    fn open(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// One of the open connections of a member. Given back when dropped, on any thread.
#[derive(Debug)]
pub struct Place(Arc<Tally>);

impl Place {
    fn of(tally: &Arc<Tally>) -> Self {
        tally.0.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(tally))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0 .0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a member is known to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Activity {
    /// It has found nothing to take, and looks again when it is woken.
    Idle,
    /// It was woken, and has not looked since.
    Woken(Instant),
    /// It has taken something, and looks again by itself.
    Working(Instant),
}

/// One server of one thread.
#[derive(Debug)]
struct Member<W> {
    id: u64,
    thread: u32,
    waker: W,
    activity: Activity,
    is_paused: bool,
    tally: Arc<Tally>,
}

impl<W> Member<W> {
    /// True when it has not answered for so long that nobody waits for it.
    fn is_absent(&self, now: Instant) -> bool {
        match self.activity {
            Activity::Idle => false,
            Activity::Woken(since) | Activity::Working(since) => since + PATIENCE <= now,
        }
    }

    /// Returns until when it is expected to answer a wake.
    fn answers_until(&self) -> Option<Instant> {
        match self.activity {
            Activity::Woken(since) if !self.is_paused => Some(since + ANSWER),
            _ => None,
        }
    }

    fn can_be_woken(&self) -> bool {
        self.activity == Activity::Idle && !self.is_paused
    }
}

#[derive(Debug)]
struct Arrival<T> {
    item: T,
    since: Instant,
}

/// What one look at the inbox found.
#[derive(Debug)]
pub struct Look<T, W> {
    /// The item, with its place among the member's connections.
    pub taken: Option<(T, Place)>,
    /// Members to wake.
    pub wakes: Vec<W>,
    /// There is room again, or time must be kept for what is left.
    pub changes_accepting: bool,
}

/// Items of type `T` for members that are woken with a `W`.
#[derive(Debug)]
pub struct Inbox<T, W> {
    waiting: VecDeque<Arrival<T>>,
    members: Vec<Member<W>>,
    last_id: u64,
}

impl<T, W> Default for Inbox<T, W> {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            members: Vec::new(),
            last_id: 0,
        }
    }
}

impl<T, W: Clone> Inbox<T, W> {
    /// Adds a member. Returns its id, which is never used again, and which members to wake: what
    /// others leave is for it.
    pub fn join(&mut self, thread: u32, waker: W, now: Instant) -> (u64, Vec<W>) {
        self.last_id += 1;
        self.members.push(Member {
            id: self.last_id,
            thread,
            waker,
            activity: Activity::Idle,
            is_paused: false,
            tally: Arc::default(),
        });
        (self.last_id, self.wake(now))
    }

    /// Removes a member. Returns which others to wake: what it was woken for is theirs.
    pub fn leave(&mut self, id: u64, now: Instant) -> Vec<W> {
        self.members.retain(|member| member.id != id);
        self.wake(now)
    }

    /// True when no member is left.
    pub fn is_deserted(&self) -> bool {
        self.members.is_empty()
    }

    /// True when another item may be added.
    pub fn has_room(&self) -> bool {
        self.waiting.len() < ROOM && self.members.iter().any(|member| !member.is_paused)
    }

    /// Adds an item, and returns which members to wake.
    pub fn add(&mut self, item: T, now: Instant) -> Vec<W> {
        self.waiting.push_back(Arrival { item, since: now });
        self.wake(now)
    }

    /// Takes everything out.
    pub fn empty(&mut self) -> Vec<T> {
        self.waiting.drain(..).map(|arrival| arrival.item).collect()
    }

    /// Has a member take nothing, or take part again. Returns which members to wake.
    pub fn set_paused(&mut self, id: u64, is_paused: bool, now: Instant) -> Vec<W> {
        if let Some(member) = self.member_mut(id) {
            member.is_paused = is_paused;
            member.activity = Activity::Idle;
        }
        self.wake(now)
    }

    /// Has a member wait for a wake, which has taken something and does not look again by itself.
    pub fn set_idle(&mut self, id: u64) {
        if let Some(member) = self.member_mut(id) {
            member.activity = Activity::Idle;
        }
    }

    /// Gives a member the oldest item, where it may take one.
    pub fn take(&mut self, id: u64, now: Instant) -> Look<T, W> {
        let was_full = self.waiting.len() >= ROOM;
        let taken = self.take_oldest(id, now);
        let has_rest = !self.waiting.is_empty();
        Look {
            changes_accepting: if taken.is_some() { was_full } else { has_rest },
            taken,
            wakes: self.wake(now),
        }
    }

    fn take_oldest(&mut self, id: u64, now: Instant) -> Option<(T, Place)> {
        let Some(oldest) = self.waiting.front().map(|arrival| arrival.since) else {
            self.set_idle(id);
            return None;
        };
        // It answers, so its own connections count for what is the fewest.
        self.member_mut(id)?.activity = Activity::Working(now);
        let may_take = self.limit(oldest, now);
        let member = self.member_mut(id)?;
        if member.tally.open() > may_take {
            member.activity = Activity::Idle;
            return None;
        }
        let place = Place::of(&member.tally);
        let arrival = self.waiting.pop_front()?;
        Some((arrival.item, place))
    }

    /// Returns with how many open connections a member may take what has come in at `since`.
    fn limit(&self, since: Instant, now: Instant) -> usize {
        if since + PATIENCE <= now {
            return usize::MAX;
        }
        let present = |member: &&Member<W>| !member.is_paused && !member.is_absent(now);
        let open = |member: &Member<W>| member.tally.open();
        let fewest = self.members.iter().filter(present).map(open).min();
        fewest.map_or(usize::MAX, |fewest| fewest + (fewest / 20).max(1))
    }

    /// Chooses the members to wake: one for each item, in the order of their open connections.
    fn wake(&mut self, now: Instant) -> Vec<W> {
        let Some(oldest) = self.waiting.front() else {
            return Vec::new();
        };
        let limit = self.limit(oldest.since, now);
        let answers = |member: &&Member<W>| member.answers_until().is_some_and(|until| until > now);
        let expected = self.members.iter().filter(answers).count();
        let missing = self.waiting.len().saturating_sub(expected);
        let mut wakes = Vec::new();
        while wakes.len() < missing {
            let can_take =
                |member: &&mut Member<W>| member.can_be_woken() && member.tally.open() <= limit;
            let free = self.members.iter_mut().filter(can_take);
            let Some(member) = free.min_by_key(|member| member.tally.open()) else {
                break;
            };
            member.activity = Activity::Woken(now);
            wakes.push(member.waker.clone());
        }
        wakes
    }

    /// Returns which members to wake by now, and when to ask again.
    pub fn tend(&mut self, now: Instant) -> (Vec<W>, Option<Instant>) {
        let wakes = self.wake(now);
        let Some(oldest) = self.waiting.front() else {
            return (wakes, None);
        };
        if !self.members.iter().any(Member::can_be_woken) {
            // All others look by themselves.
            return (wakes, None);
        }
        let answers = self.members.iter().filter_map(Member::answers_until);
        let dues = answers.chain([oldest.since + PATIENCE]);
        let due = dues.filter(|&due| due > now).min();
        (wakes, due)
    }

    /// Returns how many items wait, and of each member its thread and its open connections.
    pub fn counts(&self) -> (usize, Vec<(u32, usize)>) {
        let members = self.members.iter();
        let counts = members.map(|member| (member.thread, member.tally.open()));
        (self.waiting.len(), counts.collect())
    }

    fn member_mut(&mut self, id: u64) -> Option<&mut Member<W>> {
        self.members.iter_mut().find(|member| member.id == id)
    }
}

#[cfg(not(loom))]
#[cfg(test)]
mod tests {
    use super::*;

    /// An inbox of numbers, with members that are woken by theirs, and the time.
    struct Bench {
        inbox: Inbox<u32, u32>,
        ids: Vec<u64>,
        now: Instant,
        places: Vec<(u32, Place)>,
        next: u32,
    }

    impl Bench {
        fn new(members: u32) -> Self {
            let mut inbox = Inbox::default();
            let now = Instant::now();
            let ids = (0..members).map(|number| inbox.join(number, number, now).0);
            Self {
                ids: ids.collect(),
                inbox,
                now,
                places: Vec::new(),
                next: 0,
            }
        }

        fn pass(&mut self, milliseconds: u64) {
            self.now += Duration::from_millis(milliseconds);
        }

        fn add(&mut self) -> Vec<u32> {
            self.next += 1;
            self.inbox.add(self.next, self.now)
        }

        fn id(&self, member: u32) -> u64 {
            self.ids[usize::try_from(member).unwrap()]
        }

        fn take(&mut self, member: u32) -> Option<u32> {
            let id = self.id(member);
            let (item, place) = self.inbox.take(id, self.now).taken?;
            self.places.push((member, place));
            Some(item)
        }

        fn tend(&mut self) -> (Vec<u32>, Option<Duration>) {
            let (wakes, due) = self.inbox.tend(self.now);
            (wakes, due.map(|due| due - self.now))
        }

        fn open(&self) -> Vec<usize> {
            self.inbox.counts().1.iter().map(|count| count.1).collect()
        }

        /// Has a member answer until it may take no more.
        fn drain(&mut self, member: u32) {
            while self.take(member).is_some() {}
        }
    }

    #[test]
    fn one_is_woken_for_one_and_the_fewest_first() {
        let mut bench = Bench::new(3);
        assert_eq!(bench.add(), [0]);
        assert_eq!(bench.take(0), Some(1));
        bench.drain(0);
        assert_eq!(bench.add(), [1]);
        assert_eq!(bench.add(), [2]);
        assert_eq!(bench.add(), [0]);
        assert_eq!(bench.add(), []);
    }

    #[test]
    fn whoever_answers_takes_one_while_it_has_few() {
        let mut bench = Bench::new(2);
        for _ in 0..10 {
            bench.add();
        }
        bench.drain(0);
        assert_eq!(bench.open(), [2, 0]);
        bench.drain(1);
        assert_eq!(bench.open(), [2, 4]);
        bench.drain(0);
        assert_eq!(bench.open(), [6, 4]);
    }

    #[test]
    fn five_percent_more_are_few() {
        let mut bench = Bench::new(2);
        for _ in 0..50 {
            for member in [0, 1] {
                bench.add();
                bench.take(member).unwrap();
            }
        }
        for _ in 0..10 {
            bench.add();
        }
        bench.drain(0);
        assert_eq!(bench.open(), [53, 50]);
    }

    #[test]
    fn another_is_woken_for_one_that_does_not_answer() {
        let mut bench = Bench::new(3);
        assert_eq!(bench.add(), [0]);
        assert_eq!(bench.tend(), (vec![], Some(ANSWER)));
        bench.pass(1);
        assert_eq!(bench.tend(), (vec![1], Some(ANSWER)));
        assert_eq!(bench.take(1), Some(1));
        bench.drain(1);
        // The first is not woken again: it looks by itself.
        assert_eq!(bench.add(), [2]);
        assert_eq!(bench.tend(), (vec![], Some(ANSWER)));
    }

    #[test]
    fn what_has_waited_goes_to_any() {
        let mut bench = Bench::new(2);
        for _ in 0..6 {
            bench.add();
        }
        for member in [0, 1, 0] {
            bench.drain(member);
        }
        bench.places.retain(|(member, _)| *member == 0);
        assert_eq!(bench.open(), [2, 0]);
        assert_eq!(bench.add(), [1]);
        assert_eq!(bench.take(0), None);
        bench.pass(5);
        assert_eq!(bench.tend().0, [0]);
        assert_eq!(bench.take(0), Some(7));
    }

    #[test]
    fn nobody_waits_for_one_that_has_not_answered_for_long() {
        let mut bench = Bench::new(2);
        bench.add();
        bench.pass(1);
        bench.tend();
        assert_eq!(bench.take(1), Some(1));
        bench.drain(1);
        bench.pass(4);
        for next in 2..10 {
            assert_eq!(bench.add(), [1]);
            assert_eq!(bench.take(1), Some(next));
            bench.drain(1);
        }
        assert_eq!(bench.open(), [0, 9]);
        // It answers: it has the fewest, and the other waits.
        bench.add();
        assert_eq!(bench.take(0), Some(10));
        bench.add();
        assert_eq!(bench.take(1), None);
    }

    #[test]
    fn a_member_that_leaves_gives_back_what_it_was_woken_for() {
        let mut bench = Bench::new(2);
        assert_eq!(bench.add(), [0]);
        let first = bench.id(0);
        assert_eq!(bench.inbox.leave(first, bench.now), [1]);
        assert_eq!(bench.take(0), None);
        assert_eq!(bench.take(1), Some(1));
        let second = bench.id(1);
        bench.inbox.leave(second, bench.now);
        assert!(bench.inbox.is_deserted());
    }

    #[test]
    fn a_member_that_joins_is_woken_for_what_others_leave() {
        let mut bench = Bench::new(1);
        bench.add();
        let first = bench.id(0);
        assert_eq!(bench.inbox.set_paused(first, true, bench.now), []);
        let (joined, wakes) = bench.inbox.join(1, 1, bench.now);
        assert_eq!(wakes, [1]);
        assert!(bench.inbox.has_room());
        bench.ids.push(joined);
        assert_eq!(bench.take(1), Some(1));
    }

    #[test]
    fn one_that_is_paused_takes_nothing_and_keeps_nobody_waiting() {
        let mut bench = Bench::new(2);
        let (first, second) = (bench.id(0), bench.id(1));
        bench.inbox.set_paused(first, true, bench.now);
        for _ in 0..5 {
            bench.add();
        }
        bench.drain(1);
        assert_eq!(bench.open(), [0, 5]);
        bench.inbox.set_paused(second, true, bench.now);
        assert!(!bench.inbox.has_room());
        assert_eq!(bench.add(), []);
        assert_eq!(bench.tend(), (vec![], None));
        assert_eq!(bench.inbox.set_paused(first, false, bench.now), [0]);
    }

    #[test]
    fn a_full_inbox_has_no_room_until_something_is_taken() {
        let mut bench = Bench::new(1);
        while bench.inbox.has_room() {
            bench.add();
        }
        assert_eq!(bench.inbox.counts().0, ROOM);
        let id = bench.id(0);
        assert!(bench.inbox.take(id, bench.now).changes_accepting);
        assert!(bench.inbox.has_room());
        assert!(!bench.inbox.take(id, bench.now).changes_accepting);
    }

    #[test]
    fn time_is_kept_for_what_a_member_may_not_take_yet() {
        let mut bench = Bench::new(2);
        for _ in 0..3 {
            bench.add();
        }
        bench.take(0);
        bench.take(0);
        let id = bench.id(0);
        let look = bench.inbox.take(id, bench.now);
        assert!(look.taken.is_none() && look.changes_accepting);
        assert_eq!(bench.tend(), (vec![], Some(ANSWER)));
    }
}
