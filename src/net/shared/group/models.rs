use super::*;
use crate::runtime::{Control, Worker};
use crate::sync::{model, thread, Condvar};
use std::future::poll_fn;

/// What wakes a member that sleeps.
#[derive(Default)]
struct Bell {
    state: Mutex<Bells>,
    rung: Condvar,
}

#[derive(Default)]
struct Bells {
    is_rung: bool,
    is_over: bool,
}

impl Bell {
    /// Waits for a wake. Returns false at the end of the model.
    fn wait(&self) -> bool {
        let mut state = sync::lock(&self.state);
        while !state.is_rung && !state.is_over {
            state = sync::wait(&self.rung, state);
        }
        std::mem::take(&mut state.is_rung)
    }

    fn end(&self) {
        sync::lock(&self.state).is_over = true;
        self.rung.notify_all();
    }
}

impl Wake for Arc<Bell> {
    fn wake(&self) {
        sync::lock(&self.state).is_rung = true;
        self.rung.notify_all();
    }
}

type Shared = Group<usize, Arc<Bell>>;

/// The items that members have taken.
#[derive(Default)]
struct Taken {
    items: Mutex<Vec<usize>>,
    changed: Condvar,
}

impl Taken {
    fn add(&self, item: usize) {
        sync::lock(&self.items).push(item);
        self.changed.notify_all();
    }

    /// Waits until so many are taken, each once.
    fn wait_for(&self, count: usize) {
        let mut items = sync::lock(&self.items);
        while items.len() < count {
            items = sync::wait(&self.changed, items);
        }
        items.sort_unstable();
        assert!(items.iter().copied().eq(0..count), "{items:?}");
    }
}

struct Bench {
    group: Arc<Shared>,
    taken: Arc<Taken>,
    bells: [Arc<Bell>; 2],
    accepting: Worker,
}

/// Starts a thread that has so many items to add.
fn start(count: usize) -> Bench {
    let control = Arc::<Control>::default();
    let group = Arc::new(Shared::new(Arc::clone(&control)));
    let mut backlog = 0..count;
    let accept = {
        let (group, control) = (Arc::clone(&group), Arc::clone(&control));
        move || {
            loom::future::block_on(poll_fn(|context| {
                let waker = context.waker().clone();
                control.poll_look(context, || {
                    while group.has_room() {
                        let Some(item) = backlog.next() else { break };
                        group.add(item);
                    }
                    if let Some(due) = group.tend() {
                        model::pass(due - sync::now());
                        waker.wake();
                    }
                })
            }));
        }
    };
    Bench {
        group,
        taken: Arc::default(),
        bells: Default::default(),
        accepting: Worker::start("accepts", control, accept).unwrap(),
    }
}

impl Bench {
    fn join(&self, member: usize) -> u64 {
        let thread = u32::try_from(member).unwrap();
        self.group.join(thread, Arc::clone(&self.bells[member]))
    }

    /// Has a member take all that it may whenever it is woken, and keep it.
    fn serve(&self, member: usize, id: u64) -> thread::JoinHandle<()> {
        let (group, taken) = (Arc::clone(&self.group), Arc::clone(&self.taken));
        let bell = Arc::clone(&self.bells[member]);
        thread::spawn(move || {
            let mut places = Vec::new();
            while bell.wait() {
                while let Some((item, place)) = group.take(id) {
                    places.push(place);
                    taken.add(item);
                }
            }
        })
    }

    fn end(self, members: Vec<thread::JoinHandle<()>>) {
        self.bells.iter().for_each(|bell| bell.end());
        for member in members {
            member.join().unwrap();
        }
        drop(self.accepting);
    }
}

#[test]
fn one_member_takes_everything_although_there_is_room_for_one() {
    model::check("inbox: room", Some(2), || {
        let bench = start(2);
        let id = bench.join(0);
        let member = bench.serve(0, id);
        bench.taken.wait_for(2);
        bench.end(vec![member]);
    });
}

#[test]
fn each_item_is_taken_by_one_of_two() {
    model::check("inbox: two members", Some(1), || {
        let bench = start(2);
        let ids = [bench.join(0), bench.join(1)];
        let members = vec![bench.serve(0, ids[0]), bench.serve(1, ids[1])];
        bench.taken.wait_for(2);
        bench.end(members);
    });
}

#[test]
fn what_a_member_was_woken_for_is_taken_by_another_when_it_leaves() {
    model::check("inbox: leave", Some(2), || {
        let bench = start(2);
        let (leaving, staying) = (bench.join(0), bench.join(1));
        let member = bench.serve(1, staying);
        assert!(!bench.group.leave(leaving));
        bench.taken.wait_for(2);
        bench.end(vec![member]);
    });
}

#[test]
fn a_member_that_takes_part_again_gets_what_has_come_meanwhile() {
    model::check("inbox: pause", Some(2), || {
        let bench = start(1);
        let id = bench.join(0);
        let member = bench.serve(0, id);
        bench.group.set_paused(id, true);
        bench.group.set_paused(id, false);
        bench.taken.wait_for(1);
        bench.end(vec![member]);
    });
}

#[test]
fn a_member_that_joins_takes_what_others_leave() {
    model::check("inbox: join", Some(2), || {
        let bench = start(2);
        let paused = bench.join(0);
        bench.group.set_paused(paused, true);
        let id = bench.join(1);
        let member = bench.serve(1, id);
        bench.taken.wait_for(2);
        bench.end(vec![member]);
    });
}
