//! The ready set: which handles are ready and have not been served, each in it once a direction.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::sync::Arc;
use std::task::Wake;

use crate::event::Key;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{self, Mutex, MutexGuard};
use crate::sys::Interest;

/// What is ready: a handle, and one of its directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    pub key: Key,
    pub interest: Interest,
}

/// Wakes the JavaScript thread's loop, from any thread.
pub trait LoopWaker: Send + Sync {
    fn wake(&self);
}

/// Which of the two queues is asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    Light,
    Heavy,
}

/// What is ready and has not been served, in two queues that are first in, first out. Light is a
/// member that its last service left empty-handed or nearly so, heavy is one that took much: the
/// light go first, so that they never wait for more than each other.
///
/// Belongs to the JavaScript thread; only the inbox is shared with the driver.
pub struct ReadySet {
    queues: RefCell<Queues>,
    inbox: Arc<Inbox>,
}

#[derive(Default)]
struct Queues {
    light: VecDeque<Arc<Member>>,
    heavy: VecDeque<Arc<Member>>,
    /// Not to be served before the next batch.
    next: Vec<Arc<Member>>,
    /// Not to be served before the next loop iteration.
    later: Vec<Arc<Member>>,
}

impl Queues {
    fn add(&mut self, member: Arc<Member>) {
        if member.heavy.load(Ordering::Relaxed) {
            self.heavy.push_back(member);
        } else {
            self.light.push_back(member);
        }
    }
}

impl ReadySet {
    /// Makes a set for a driver that is polled by the thread that owns the set.
    pub fn silent() -> Self {
        Self::with(None)
    }

    /// Makes a set that calls `waker` when the driver finds something, once between two calls of
    /// [`Self::begin_iteration`].
    pub fn with_waker(waker: Box<dyn LoopWaker>) -> Self {
        Self::with(Some(waker))
    }

    fn with(waker: Option<Box<dyn LoopWaker>>) -> Self {
        Self {
            queues: RefCell::default(),
            inbox: Arc::new(Inbox {
                state: Mutex::default(),
                waker,
            }),
        }
    }

    /// Makes a member for one direction of one handle, not in the set yet.
    pub(super) fn member(&self, ready: Ready) -> Arc<Member> {
        Arc::new(Member {
            ready,
            listed: AtomicBool::new(false),
            heavy: AtomicBool::new(false),
            inbox: Arc::clone(&self.inbox),
        })
    }

    /// Adds a member for the next batch, unless it is in the set.
    ///
    /// Within one batch a socket is read once: JavaScript may write before it learns of the next
    /// read, and a failure that this read took from the kernel would be missing from that write.
    pub(super) fn add(&self, member: &Arc<Member>) {
        if member.enter() {
            self.queues.borrow_mut().next.push(Arc::clone(member));
        }
    }

    /// Adds a member for the next loop iteration, unless it is in the set.
    pub(super) fn add_later(&self, member: &Arc<Member>) {
        if member.enter() {
            self.queues.borrow_mut().later.push(Arc::clone(member));
        }
    }

    /// Begins a loop iteration: adds what was kept for it and what the driver has found since the last
    /// one. What is found within an iteration waits for the next: an answer of the peer would otherwise
    /// overtake the closing phase, in which node reports what this iteration has closed.
    pub fn begin_iteration(&self) {
        self.begin_batch();
        let mut queues = self.queues.borrow_mut();
        let mut later = mem::take(&mut queues.later);
        for member in later.drain(..) {
            queues.add(member);
        }
        queues.later = later;
        self.inbox.empty_into(&mut queues);
    }

    /// Begins a batch: what was added since the last one may be served.
    pub fn begin_batch(&self) {
        let mut queues = self.queues.borrow_mut();
        let mut next = mem::take(&mut queues.next);
        for member in next.drain(..) {
            queues.add(member);
        }
        queues.next = next;
    }

    /// Takes out the member that has waited longest in the queue that is asked first, or else in
    /// the other. What happens to it from here on adds it again.
    pub fn pop(&self, first: First) -> Option<Ready> {
        let queues = &mut *self.queues.borrow_mut();
        let (one, other) = match first {
            First::Light => (&mut queues.light, &mut queues.heavy),
            First::Heavy => (&mut queues.heavy, &mut queues.light),
        };
        let member = one.pop_front().or_else(|| other.pop_front())?;
        member.leave();
        Some(member.ready)
    }

    /// True when nothing waits, for this iteration or the next. What the driver finds after this wakes
    /// the loop.
    pub fn is_empty(&self) -> bool {
        let queues = self.queues.borrow();
        queues.light.is_empty()
            && queues.heavy.is_empty()
            && queues.next.is_empty()
            && queues.later.is_empty()
    }
}

// A member that was found and never taken would keep the inbox alive, and the inbox the member.
impl Drop for ReadySet {
    fn drop(&mut self) {
        self.inbox.lock().found.clear();
    }
}

impl fmt::Debug for ReadySet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let queues = self.queues.borrow();
        formatter
            .debug_struct("ReadySet")
            .field("light", &queues.light.len())
            .field("heavy", &queues.heavy.len())
            .field("next", &queues.next.len())
            .field("later", &queues.later.len())
            .finish_non_exhaustive()
    }
}

/// What the driver has found since the last iteration began. Its thread adds, where it has one.
struct Inbox {
    state: Mutex<Found>,
    waker: Option<Box<dyn LoopWaker>>,
}

#[derive(Default)]
struct Found {
    found: Vec<Arc<Member>>,
    has_woken: bool,
}

impl Inbox {
    // The loop is woken outside the lock: that may take a lock of its own that a taker holds.
    fn add(&self, member: Arc<Member>) {
        let mut state = self.lock();
        state.found.push(member);
        let Some(waker) = &self.waker else {
            return;
        };
        let is_first = !mem::replace(&mut state.has_woken, true);
        drop(state);
        if is_first {
            waker.wake();
        }
    }

    fn empty_into(&self, queues: &mut Queues) {
        let mut state = self.lock();
        state.has_woken = false;
        for member in state.found.drain(..) {
            queues.add(member);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Found> {
        sync::lock(&self.state)
    }
}

/// One direction of one handle, as the set knows it, and the waker of that direction.
pub(super) struct Member {
    ready: Ready,
    /// In one of the queues or in the inbox.
    listed: AtomicBool,
    /// The last service took much.
    heavy: AtomicBool,
    inbox: Arc<Inbox>,
}

impl Member {
    pub(super) fn is_listed(&self) -> bool {
        self.listed.load(Ordering::Relaxed)
    }

    pub(super) fn is_heavy(&self) -> bool {
        self.heavy.load(Ordering::Relaxed)
    }

    /// Notes whether a service took much. Only the JavaScript thread calls this.
    pub(super) fn set_heavy(&self, heavy: bool) {
        self.heavy.store(heavy, Ordering::Relaxed);
    }

    /// Returns false if it is listed already.
    fn enter(&self) -> bool {
        !self.listed.swap(true, Ordering::AcqRel)
    }

    // Called by the loop's thread before it reads the readiness. A waker on another thread notes
    // the readiness first and then calls `enter`. If `enter` finds the member still listed, it adds
    // nothing: this swap comes after it, and acquires the readiness that it has released.
    fn leave(&self) {
        self.listed.swap(false, Ordering::AcqRel);
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ready.fmt(formatter)
    }
}

impl Wake for Member {
    fn wake(self: Arc<Self>) {
        if self.enter() {
            let inbox = Arc::clone(&self.inbox);
            inbox.add(self);
        }
    }

    fn wake_by_ref(self: &Arc<Self>) {
        Arc::clone(self).wake();
    }
}

#[cfg(loom)]
#[cfg(test)]
mod models;

#[cfg(not(loom))]
#[cfg(test)]
mod tests {
    use super::*;

    fn member(set: &ReadySet, index: u32) -> Arc<Member> {
        set.member(Ready {
            key: Key::new(index, 0),
            interest: Interest::Read,
        })
    }

    fn members<const N: usize>(set: &ReadySet) -> [Arc<Member>; N] {
        std::array::from_fn(|index| member(set, u32::try_from(index).unwrap()))
    }

    fn served(set: &ReadySet, first: First) -> Vec<usize> {
        std::iter::from_fn(|| set.pop(first))
            .map(|ready| ready.key.index())
            .collect()
    }

    #[test]
    fn a_member_is_in_the_set_once_however_it_came_in() {
        let set = ReadySet::silent();
        let [added, found, kept] = members(&set);
        for _ in 0..3 {
            set.add(&added);
            found.wake_by_ref();
            set.add_later(&kept);
        }
        added.wake_by_ref();
        set.add(&found);
        kept.wake_by_ref();
        set.begin_iteration();
        assert_eq!(served(&set, First::Light), [0, 2, 1]);
        assert!(set.is_empty());
    }

    #[test]
    fn both_directions_of_a_handle_are_members() {
        let set = ReadySet::silent();
        let reading = member(&set, 0);
        let writing = set.member(Ready {
            interest: Interest::Write,
            ..reading.ready
        });
        set.add(&reading);
        set.add(&writing);
        set.begin_batch();
        assert_eq!(served(&set, First::Light), [0, 0]);
    }

    #[test]
    fn the_light_are_served_before_the_heavy_and_each_by_age() {
        let set = ReadySet::silent();
        let [one, two, three, four] = members(&set);
        one.set_heavy(true);
        three.set_heavy(true);
        for member in [&one, &two, &three, &four] {
            member.wake_by_ref();
        }
        set.begin_iteration();
        assert_eq!(served(&set, First::Light), [1, 3, 0, 2]);
        for member in [&one, &two, &three, &four] {
            set.add(member);
        }
        set.begin_batch();
        assert_eq!(served(&set, First::Heavy), [0, 2, 1, 3]);
    }

    #[test]
    fn what_is_added_within_a_batch_waits_for_the_next_at_the_end() {
        let set = ReadySet::silent();
        let [one, two] = members(&set);
        set.add(&one);
        set.add(&two);
        assert_eq!(set.pop(First::Light), None);
        set.begin_batch();
        assert_eq!(set.pop(First::Light), Some(one.ready));
        set.add(&one);
        assert_eq!(served(&set, First::Light), [1]);
        assert!(!set.is_empty());
        set.begin_batch();
        assert_eq!(served(&set, First::Light), [0]);
        assert!(set.is_empty());
    }

    #[test]
    fn what_comes_within_an_iteration_waits_for_the_next() {
        let set = ReadySet::silent();
        let [found, kept] = members(&set);
        set.begin_iteration();
        found.wake_by_ref();
        set.add_later(&kept);
        assert_eq!(set.pop(First::Light), None);
        assert!(!set.is_empty());
        set.begin_iteration();
        assert_eq!(served(&set, First::Light), [1, 0]);
    }

    #[test]
    fn a_wake_during_the_service_lists_again() {
        let set = ReadySet::silent();
        let waking = member(&set, 0);
        waking.wake_by_ref();
        set.begin_iteration();
        assert_eq!(set.pop(First::Light), Some(waking.ready));
        waking.wake_by_ref();
        assert_eq!(set.pop(First::Light), None);
        set.begin_iteration();
        assert_eq!(served(&set, First::Light), [0]);
    }

    // Each wake is preceded by a fact. Whoever serves after the wake must see that fact, however
    // the two threads interleave.
    #[test]
    fn no_wake_of_another_thread_is_lost() {
        use std::sync::atomic::AtomicUsize;
        const WAKES: usize = if cfg!(miri) { 200 } else { 100_000 };
        let set = ReadySet::silent();
        let waking = member(&set, 0);
        let facts = Arc::new(AtomicUsize::new(0));
        let thread = std::thread::spawn({
            let (waking, facts) = (Arc::clone(&waking), Arc::clone(&facts));
            move || {
                for fact in 1..=WAKES {
                    facts.store(fact, Ordering::Relaxed);
                    waking.wake_by_ref();
                }
            }
        });
        let mut seen = 0;
        let mut is_over = false;
        while !is_over {
            is_over = thread.is_finished();
            set.begin_iteration();
            while set.pop(First::Light).is_some() {
                seen = facts.load(Ordering::Relaxed);
            }
        }
        thread.join().unwrap();
        assert_eq!(seen, WAKES);
    }

    #[test]
    fn the_loop_is_woken_once_an_iteration() {
        struct Wakes(std::sync::mpsc::Sender<()>);
        impl LoopWaker for Wakes {
            fn wake(&self) {
                let _ = self.0.send(());
            }
        }
        let (sender, wakes) = std::sync::mpsc::channel();
        let set = ReadySet::with_waker(Box::new(Wakes(sender)));
        let [one, two] = members(&set);
        one.wake_by_ref();
        two.wake_by_ref();
        assert_eq!(wakes.try_iter().count(), 1);
        set.begin_iteration();
        assert_eq!(served(&set, First::Light), [0, 1]);
        one.wake_by_ref();
        assert_eq!(wakes.try_iter().count(), 1);
    }
}
