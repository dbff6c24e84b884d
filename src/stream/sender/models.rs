use super::*;
use crate::stream::deferred::Release;
use crate::sync::model;
use crate::sys::descriptor;
use std::collections::VecDeque;
use std::io::{ErrorKind, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

const KEY: Key = Key::new(3, 1);
const OTHER: Key = Key::new(4, 1);

/// What a system call of the thread comes to. After those that a model names, all is taken.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    Takes(usize),
    IsFull,
    Fails,
}

/// The kernel's side of two sockets. Bytes in lower case are for the one, others for the other.
#[derive(Default)]
struct Kernel {
    outcomes: VecDeque<Outcome>,
    received: Vec<u8>,
    closed: Option<bool>,
}

fn is_lower(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_lowercase)
}

impl Kernel {
    fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let is_closed = self.closed == Some(is_lower(bytes));
        assert!(!is_closed, "a send on a descriptor that is closed");
        let count = match self.outcomes.pop_front() {
            Some(Outcome::IsFull) => return Err(ErrorKind::WouldBlock.into()),
            Some(Outcome::Fails) => return Err(ErrorKind::BrokenPipe.into()),
            Some(Outcome::Takes(most)) => bytes.len().min(most),
            None => bytes.len(),
        };
        self.received.extend_from_slice(&bytes[..count]);
        Ok(count)
    }
}

/// The JavaScript thread, with its sender.
struct Bench {
    sender: Sender,
    places: [Option<Place>; 2],
    kernel: Arc<(Mutex<Kernel>, Condvar)>,
    woken: UnixStream,
}

fn start(outcomes: &[Outcome]) -> Bench {
    let kernel = Kernel {
        outcomes: outcomes.iter().copied().collect(),
        ..Kernel::default()
    };
    let kernel = Arc::new((Mutex::new(kernel), Condvar::new()));
    let of_thread = Arc::clone(&kernel);
    let send = move |_: Lent, bytes: &[u8]| {
        let sent = sync::lock(&of_thread.0).send(bytes);
        of_thread.1.notify_all();
        sent
    };
    let mut sender = Sender::new(Box::new(send));
    let woken = sender.start_offload(Ok).unwrap().into();
    Bench {
        sender,
        places: [None; 2],
        kernel,
        woken,
    }
}

impl Bench {
    fn add(&mut self, release: Release, bytes: &'static [u8]) -> bool {
        let socket = usize::from(!is_lower(bytes));
        let added = self.sender.add(&SmallWrite {
            key: [KEY, OTHER][socket],
            place: self.places[socket],
            fd: descriptor::lend(std::io::stdin().as_fd()).unwrap(),
            release,
            bytes,
        });
        let place = added.map(|added| added.place);
        self.places[socket] = place.or(self.places[socket]);
        place.is_some()
    }

    /// Writes as a handle does: in the ordinary way what cannot be deferred, after what is older.
    fn write(&mut self, bytes: &'static [u8]) {
        if !self.add(Release::Offload, bytes) {
            self.take_back();
            self.put(bytes);
        }
    }

    /// Takes back what waits of the first socket, and sends it.
    fn take_back(&mut self) {
        let mut back = Vec::new();
        let Some(place) = self.places[0] else { return };
        self.sender.take(place, KEY, &mut back);
        back.iter().for_each(|own| self.put(own.rest()));
    }

    /// Sends on the JavaScript thread.
    fn put(&self, bytes: &[u8]) {
        sync::lock(&self.kernel.0).received.extend_from_slice(bytes);
    }

    fn close(&self, is_first: bool) {
        sync::lock(&self.kernel.0).closed = Some(is_first);
    }

    /// Waits until the kernel has this. A thread that sleeps then is not woken by anything here.
    fn wait_for(&self, expected: &[u8]) {
        let mut kernel = sync::lock(&self.kernel.0);
        while kernel.received != expected {
            kernel = sync::wait(&self.kernel.1, kernel);
        }
    }

    /// Ends a wait of the thread, as after a beat.
    fn beat(&self) {
        let state = self.sender.shared.lock();
        model::end_waits(1);
        self.sender.shared.work.notify_one();
        drop(state);
    }

    /// Ends the thread, and returns what the kernel has.
    fn end(self) -> Vec<u8> {
        drop(self.sender);
        std::mem::take(&mut sync::lock(&self.kernel.0).received)
    }
}

fn each_byte_leaves_once(name: &str, outcomes: &'static [Outcome]) {
    model::check(name, None, move || {
        let mut bench = start(outcomes);
        bench.write(b"ab");
        bench.sender.release();
        bench.write(b"cd");
        bench.sender.release();
        bench.take_back();
        bench.close(true);
        assert_eq!(bench.end().escape_ascii().to_string(), "abcd");
    });
}

#[test]
fn each_byte_leaves_once_and_in_order_and_none_after_the_close() {
    each_byte_leaves_once("sender: take back", &[]);
    each_byte_leaves_once("sender: take back, short", &[Outcome::Takes(1)]);
    each_byte_leaves_once("sender: take back, full", &[Outcome::IsFull]);
    let twice = &[Outcome::Takes(1), Outcome::IsFull];
    each_byte_leaves_once("sender: take back, short and full", twice);
}

#[test]
fn one_socket_is_taken_back_and_the_other_goes_on() {
    model::check("sender: two sockets", None, || {
        let mut bench = start(&[Outcome::Takes(1)]);
        bench.write(b"ab");
        assert!(bench.add(Release::Offload, b"CD"));
        bench.take_back();
        bench.close(true);
        let mut back = Vec::new();
        bench.sender.take_all(&mut back);
        back.iter().for_each(|own| bench.put(own.rest()));
        bench.close(false);
        let mut received = bench.end();
        // The sockets have no order between them.
        received.sort_by_key(u8::is_ascii_uppercase);
        assert_eq!(received, b"abCD");
    });
}

#[test]
fn what_is_released_leaves_without_a_beat() {
    model::check("sender: release", None, || {
        let mut bench = start(&[]);
        assert!(bench.add(Release::Offload, b"ab"));
        bench.sender.release();
        bench.wait_for(b"ab");
        bench.end();
    });
}

#[test]
fn what_is_not_released_leaves_with_the_beat() {
    model::check("sender: beat", None, || {
        let mut bench = start(&[]);
        assert!(bench.add(Release::Offload, b"ab"));
        // The first may find the thread at work, and a thread that slept takes note of its use.
        bench.beat();
        bench.beat();
        bench.wait_for(b"ab");
        bench.end();
    });
}

#[test]
fn a_thread_that_sleeps_deeply_is_woken() {
    model::check("sender: deep sleep", None, || {
        let mut bench = start(&[]);
        bench.beat();
        assert!(bench.add(Release::Offload, b"ab"));
        bench.sender.release();
        bench.wait_for(b"ab");
        bench.end();
    });
}

#[test]
fn what_a_long_callback_has_coalesced_leaves_and_is_not_sent_again() {
    model::check("sender: overdue", None, || {
        let mut bench = start(&[Outcome::Takes(1)]);
        bench.sender.mark_callback_edge();
        assert!(bench.add(Release::Coalesce, b"ab"));
        for _ in 0..4 {
            bench.beat();
        }
        let mut all = Vec::new();
        bench.sender.take_coalesced(&mut all);
        all.iter().for_each(|own| bench.put(own.rest()));
        bench.close(true);
        bench.sender.mark_callback_edge();
        assert_eq!(bench.end(), b"ab");
    });
}

#[test]
fn a_long_callback_does_not_keep_its_bytes() {
    model::check("sender: long callback", None, || {
        let mut bench = start(&[]);
        bench.sender.mark_callback_edge();
        assert!(bench.add(Release::Coalesce, b"ab"));
        for _ in 0..4 {
            bench.beat();
        }
        bench.wait_for(b"ab");
        bench.end();
    });
}

fn what_comes_back_wakes_the_loop(name: &str, outcome: Outcome) {
    model::check(name, None, move || {
        let mut bench = start(&[outcome]);
        assert!(bench.add(Release::Offload, b"ab"));
        bench.sender.release();
        let mut back = Vec::new();
        bench.sender.take_returned(&mut back);
        bench.sender.take(bench.places[0].unwrap(), KEY, &mut back);
        let was_tried = bench.sender.sends() > 0;
        let is_woken = (&bench.woken).read(&mut [0; 8]).is_ok();
        assert_eq!(was_tried, is_woken, "{back:?}");
        let [own] = &back[..] else {
            panic!("{back:?}");
        };
        assert_eq!(own.rest(), b"ab");
        let fails = was_tried && matches!(outcome, Outcome::Fails);
        assert_eq!(own.failed.is_some(), fails);
        assert!(bench.end().is_empty());
    });
}

#[test]
fn what_the_kernel_does_not_take_comes_back_once_and_wakes_the_loop() {
    what_comes_back_wakes_the_loop("sender: returned", Outcome::IsFull);
    what_comes_back_wakes_the_loop("sender: failed", Outcome::Fails);
}
