use super::*;
use crate::runtime::worker::{Control, Worker};
use crate::sync::atomic::AtomicUsize;
use crate::sync::{model, thread, Condvar};
use std::future::poll_fn;

fn member(set: &ReadySet, index: u32) -> Arc<Member> {
    set.member(Ready {
        key: Key::new(index, 0),
        interest: Interest::Read,
    })
}

/// Serves what is ready, and returns how many members that were.
fn serve(set: &ReadySet, mut each: impl FnMut(usize)) -> usize {
    set.begin_iteration();
    let ready = std::iter::from_fn(|| set.pop(First::Light));
    ready.map(|ready| each(ready.key.index())).count()
}

/// What wakes a loop that sleeps.
#[derive(Default)]
struct Bell {
    state: Mutex<(usize, bool)>,
    rung: Condvar,
}

impl Bell {
    /// Waits for a wake since the last one.
    fn wait(&self) {
        let mut state = sync::lock(&self.state);
        while state.0 == 0 {
            state = sync::wait(&self.rung, state);
        }
        state.0 = 0;
    }

    /// Nothing may wake from here on: what does it is freed.
    fn close(&self) {
        sync::lock(&self.state).1 = true;
    }
}

impl LoopWaker for Arc<Bell> {
    fn wake(&self) {
        let mut state = sync::lock(&self.state);
        assert!(!state.1, "woken after the driver was stopped");
        state.0 += 1;
        self.rung.notify_one();
    }
}

#[test]
fn what_was_a_fact_before_a_wake_is_seen_by_the_service_after_it() {
    model::check("ready set: facts", None, || {
        let set = ReadySet::silent();
        let waking = member(&set, 0);
        let facts = Arc::new(AtomicUsize::new(0));
        let driver = thread::spawn({
            let (waking, facts) = (Arc::clone(&waking), Arc::clone(&facts));
            move || {
                for fact in 1..=2 {
                    facts.store(fact, Ordering::Relaxed);
                    waking.wake_by_ref();
                }
            }
        });
        let mut seen = 0;
        for _ in 0..2 {
            serve(&set, |_| seen = facts.load(Ordering::Relaxed));
        }
        driver.join().unwrap();
        serve(&set, |_| seen = facts.load(Ordering::Relaxed));
        assert_eq!(seen, 2);
        assert!(set.is_empty());
    });
}

#[test]
fn a_loop_that_sleeps_is_woken_for_each_member() {
    model::check("ready set: wakes", None, || {
        let bell = Arc::<Bell>::default();
        let set = ReadySet::with_waker(Box::new(Arc::clone(&bell)));
        let members = [member(&set, 0), member(&set, 1)];
        let driver = thread::spawn(move || {
            for member in members {
                member.wake_by_ref();
            }
        });
        let mut served = [false; 2];
        while served != [true; 2] {
            bell.wait();
            serve(&set, |index| served[index] = true);
        }
        driver.join().unwrap();
    });
}

#[test]
fn a_member_that_both_threads_add_is_in_the_set_once() {
    model::check("ready set: both add", None, || {
        let set = ReadySet::silent();
        let both = member(&set, 0);
        let driver = thread::spawn({
            let both = Arc::clone(&both);
            move || both.wake_by_ref()
        });
        set.add(&both);
        let before = serve(&set, |_| {});
        assert!(before <= 1);
        driver.join().unwrap();
        let after = serve(&set, |_| {});
        assert!(after <= 1 && before + after >= 1, "{before}, {after}");
        assert!(!both.is_listed());
    });
}

#[test]
fn a_driver_that_was_stopped_wakes_nobody_and_the_set_is_freed() {
    model::check("ready set: stop", None, || {
        let bell = Arc::<Bell>::default();
        let set = ReadySet::with_waker(Box::new(Arc::clone(&bell)));
        let waking = member(&set, 0);
        let inbox = Arc::downgrade(&set.inbox);
        let control = Arc::<Control>::default();
        let own = Arc::clone(&control);
        let drive = move || {
            loom::future::block_on(poll_fn(|context| {
                own.poll_look(context, || waking.wake_by_ref())
            }));
        };
        let mut driver = Worker::start("driver", Arc::clone(&control), drive).unwrap();
        control.wake();
        serve(&set, |_| {});
        driver.end();
        bell.close();
        drop(set);
        assert!(inbox.upgrade().is_none(), "a member keeps the inbox");
    });
}
