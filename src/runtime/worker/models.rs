use super::*;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{model, Condvar};
use std::future::poll_fn;

/// What a thread has seen, and others wait for.
#[derive(Default)]
struct Seen {
    fact: Mutex<usize>,
    changed: Condvar,
}

impl Seen {
    fn set(&self, fact: usize) {
        *sync::lock(&self.fact) = fact;
        self.changed.notify_all();
    }

    fn wait_for(&self, fact: usize) {
        let mut seen = sync::lock(&self.fact);
        while *seen < fact {
            seen = sync::wait(&self.changed, seen);
        }
    }
}

/// A thread that runs `look` at the start and after each wake.
fn looking(control: &Arc<Control>, mut look: impl FnMut() + Send + 'static) -> Worker {
    let own = Arc::clone(control);
    let run = move || {
        loom::future::block_on(poll_fn(|context| own.poll_look(context, &mut look)));
    };
    Worker::start("looks", Arc::clone(control), run).unwrap()
}

#[test]
fn a_wake_is_followed_by_a_look_that_sees_what_it_was_for() {
    model::check("worker: wake", Some(3), || {
        let control = Arc::<Control>::default();
        let fact = Arc::new(AtomicUsize::new(0));
        let seen = Arc::<Seen>::default();
        let _worker = looking(&control, {
            let (fact, seen) = (Arc::clone(&fact), Arc::clone(&seen));
            move || seen.set(fact.load(Ordering::Relaxed))
        });
        for next in 1..=2 {
            fact.store(next, Ordering::Relaxed);
            control.wake();
            seen.wait_for(next);
        }
    });
}

#[test]
fn wakes_of_two_threads_are_both_followed_by_a_look() {
    model::check("worker: two wake", Some(2), || {
        let control = Arc::<Control>::default();
        let facts = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
        let seen = Arc::<Seen>::default();
        let _worker = looking(&control, {
            let (facts, seen) = (Arc::clone(&facts), Arc::clone(&seen));
            move || seen.set(facts.iter().map(|fact| fact.load(Ordering::Relaxed)).sum())
        });
        let other = thread::spawn({
            let (control, facts) = (Arc::clone(&control), Arc::clone(&facts));
            move || {
                facts[1].store(1, Ordering::Relaxed);
                control.wake();
            }
        });
        facts[0].store(1, Ordering::Relaxed);
        control.wake();
        seen.wait_for(2);
        other.join().unwrap();
    });
}

#[test]
fn a_thread_ends_when_it_is_told_and_looks_no_more() {
    model::check("worker: end", Some(3), || {
        let control = Arc::<Control>::default();
        let is_over = Arc::new(AtomicUsize::new(0));
        let mut worker = looking(&control, {
            let is_over = Arc::clone(&is_over);
            move || assert_eq!(is_over.load(Ordering::Relaxed), 0, "a look after the end")
        });
        let other = thread::spawn({
            let control = Arc::clone(&control);
            move || control.wake()
        });
        worker.end();
        is_over.store(1, Ordering::Relaxed);
        other.join().unwrap();
        control.wake();
    });
}
