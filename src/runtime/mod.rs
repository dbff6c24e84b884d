//! The reactor: it registers descriptors, and knows which of them are ready. It runs no task per
//! socket: each registration is polled with a waker that adds the handle's key to the ready set.
//!
//! I/O is done on the JavaScript thread, which therefore owns every buffer; only wakers cross threads.
//! (Deferred writes that another thread sends are the affair of `stream::Sender`.)
//!
//! # What a driver must supply
//!
//! A driver finds out what is ready. There are two, both on Tokio's I/O driver: [`OnLoop`] is polled by
//! the JavaScript thread whenever libuv says that Tokio's own poll descriptor is readable; [`Threaded`]
//! polls on a thread of its own and wakes the loop. A new driver is a file here that
//! implements [`Driver`], and a way to make a [`Reactor`] of it. `env/driver.rs` starts the one that is
//! chosen, by a name that `binding/mod.rs` and `lib/common/settings.js` know.
//!
//! What a driver registers is a [`Registration`], of `sys::poller`. The one that is there belongs to the
//! Tokio runtime in whose context it was made. A driver that is not Tokio's needs one of its own, with
//! the same functions and promises:
//!
//! - `descriptor` lends the descriptor, and `into_descriptor` gives it back unregistered.
//! - `poll_ready` returns whether readiness of one direction is known. Where it is not, it keeps the
//!   waker for that direction, in the place of the one before.
//! - `attempt` runs an operation even if no readiness is known yet, as for a new registration. It reads
//!   the readiness *before* the operation. If the operation would block, it clears only that readiness,
//!   so that an edge that arrives during the operation is not lost, and keeps the waker.
//! - `poll_shutdown` ends the writing side.
//!
//! What is above relies on this:
//!
//! 1. Readiness is edge-triggered. It is known until an attempt has found it wrong, or has found that
//!    nothing is left. What was there when a descriptor was registered counts as an edge.
//! 2. Each edge wakes the waker that was kept for its direction, at least once. A wake may be spurious.
//! 3. Wakers may run on any thread. They write to the inbox of the [`ReadySet`] and take no other lock,
//!    and the inbox wakes the loop once an iteration.
//! 4. A driver without a thread calls wakers within [`Driver::poll`] alone, and all of them that are due.
//! 5. No waker runs after [`Driver::stop`] has returned.

mod accept_thread;
mod calls;
mod on_loop;
mod ready;
mod source;
mod threaded;
mod worker;

use std::fmt;
use std::io;
use std::rc::Rc;

pub use accept_thread::{AcceptThread, Intake};
pub use calls::{Calls, Count};
pub use on_loop::OnLoop;
pub use ready::{First, LoopWaker, Ready, ReadySet};
pub use source::{is_heavy, Attempt, Source, Waiting};
pub use threaded::Threaded;
pub use worker::Control;
#[cfg(all(test, loom))]
pub use worker::Worker;

pub use crate::sys::Interest;

use crate::event::Key;
use crate::sys::poller::Registration;
use crate::sys::Descriptor;

/// What finds out which registrations are ready.
pub trait Driver: fmt::Debug {
    /// Returns the name by which users choose it.
    fn name(&self) -> &'static str;

    /// Registers a descriptor, for reading and writing. The registration closes it when it is dropped.
    ///
    /// # Errors
    /// What the system says (`EPERM` for a regular file). The descriptor is then closed.
    fn register(&self, fd: Descriptor) -> io::Result<Registration>;

    /// Returns the descriptor that becomes readable when [`Self::poll`] has something to do; `None` for
    /// a driver that wakes the loop by itself.
    fn poll_descriptor(&self) -> Option<i32>;

    /// Looks once, without waiting, for what is ready, and wakes its wakers. Returns false for a driver
    /// whose thread does that all the time.
    fn poll(&self) -> bool;

    /// True when what is ready may be reported some milliseconds late, as by a thread on a busy machine.
    fn reports_late(&self) -> bool;

    /// Ends everything that could run a waker. All registrations must be gone.
    fn stop(&mut self);
}

/// The reactor of one environment.
#[derive(Debug)]
pub struct Reactor {
    driver: Box<dyn Driver>,
    ready: Rc<ReadySet>,
    calls: Rc<Calls>,
}

impl Reactor {
    /// Starts a reactor that the calling thread polls.
    ///
    /// # Errors
    /// Where Tokio cannot start, or its poll descriptor cannot be found (`ENOTSUP`).
    pub fn on_loop() -> io::Result<Self> {
        Ok(Self::new(Box::new(OnLoop::start()?), ReadySet::silent()))
    }

    /// Starts a reactor on a thread of its own, which calls `waker` when something is ready.
    ///
    /// # Errors
    /// Where Tokio or the thread cannot start.
    pub fn threaded(waker: Box<dyn LoopWaker>) -> io::Result<Self> {
        let driver = Box::new(Threaded::start()?);
        Ok(Self::new(driver, ReadySet::with_waker(waker)))
    }

    fn new(driver: Box<dyn Driver>, ready: ReadySet) -> Self {
        Self {
            driver,
            ready: Rc::new(ready),
            calls: Rc::default(),
        }
    }

    /// Returns the driver's name, as users choose it.
    pub fn name(&self) -> &'static str {
        self.driver.name()
    }

    /// Stops the driver: no waker runs after this. All sources must be gone.
    pub fn stop(&mut self) {
        self.driver.stop();
    }

    /// Returns the descriptor that becomes readable when [`Self::poll`] has something to do; `None` for
    /// a driver that wakes the loop by itself.
    pub fn poll_descriptor(&self) -> Option<i32> {
        self.driver.poll_descriptor()
    }

    /// Begins a loop iteration: adds to the ready set what the driver has found, polled once, without
    /// waiting, or by its thread.
    pub fn poll(&self) {
        if self.driver.poll() {
            self.calls.polls.add(1);
        }
        self.ready.begin_iteration();
    }

    /// Registers `fd` on behalf of the handle `key`. The reactor owns the descriptor from here on and
    /// closes it when the source is dropped.
    ///
    /// # Errors
    /// The driver's. The descriptor is then closed.
    pub fn register(&self, key: Key, fd: Descriptor) -> io::Result<Source> {
        let registration = self.driver.register(fd)?;
        let (ready, calls) = (Rc::clone(&self.ready), Rc::clone(&self.calls));
        Ok(Source::new(key, registration, ready, calls))
    }

    /// Returns how often the kernel was asked on this thread.
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    /// Returns what is ready.
    pub fn ready(&self) -> &ReadySet {
        &self.ready
    }

    /// True when the driver may report some milliseconds late.
    pub fn reports_late(&self) -> bool {
        self.driver.reports_late()
    }

    /// Has a handle without a source served in the next loop iteration.
    pub fn serve_later(&self, key: Key, interest: Interest) {
        let member = self.ready.member(Ready { key, interest });
        self.ready.add_later(&member);
    }

    /// Has a handle without a source served in the next batch, after those that take little.
    pub fn serve_heavy(&self, key: Key, interest: Interest) {
        let member = self.ready.member(Ready { key, interest });
        member.set_heavy(true);
        self.ready.add(&member);
    }
}
#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::UnixStream;

    fn pair() -> (UnixStream, Descriptor) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        (theirs, ours.into())
    }

    fn taken(reactor: &Reactor) -> Vec<Ready> {
        reactor.ready().begin_batch();
        std::iter::from_fn(|| reactor.ready().pop(First::Light)).collect()
    }

    #[test]
    fn one_poll_brings_what_became_readable() {
        let reactor = Reactor::on_loop().unwrap();
        let (mut peer, fd) = pair();
        let source = reactor.register(Key::new(1, 0), fd).unwrap();
        source.arm(Interest::Read);
        reactor.poll();
        assert!(taken(&reactor).is_empty());
        peer.write_all(b"x").unwrap();
        reactor.poll();
        assert_eq!(
            taken(&reactor),
            [Ready {
                key: Key::new(1, 0),
                interest: Interest::Read
            }]
        );
    }

    // A pump made of two yields, with a task for each socket, lost wake-ups: the second yield
    // polled the driver and returned before the woken task ran, and an edge-triggered poll does
    // not tell twice. Here no task is involved: what one poll saw is on the list when it returns.
    #[test]
    fn no_wake_up_is_lost_between_polls() {
        let reactor = Reactor::on_loop().unwrap();
        let mut sockets = Vec::new();
        for index in 0..32 {
            let (peer, fd) = pair();
            let source = reactor.register(Key::new(index, 0), fd).unwrap();
            source.arm(Interest::Read);
            sockets.push((peer, source));
        }
        for round in 0..50 {
            for (peer, _) in &mut sockets {
                peer.write_all(b"ping").unwrap();
            }
            reactor.poll();
            let keys = taken(&reactor);
            assert_eq!(keys.len(), sockets.len(), "round {round}");
            for (_, source) in &sockets {
                let mut buffer = [0u8; 64];
                match source.try_read((&mut buffer[..]).into()) {
                    Attempt::Done(read) => assert_eq!(read, 4),
                    other => panic!("{other:?}"),
                }
                source.arm(Interest::Read);
            }
        }
    }

    #[test]
    fn the_kernel_says_once_that_there_is_no_more() {
        let reactor = Reactor::on_loop().unwrap();
        let (mut peer, fd) = pair();
        let source = reactor.register(Key::new(1, 0), fd).unwrap();
        let mut buffer = [0u8; 4];
        peer.write_all(b"ping").unwrap();
        reactor.poll();
        let full = source.try_read((&mut buffer[..]).into());
        assert!(matches!(full, Attempt::Done(4)), "{full:?}");
        let empty = source.try_read((&mut buffer[..]).into());
        assert!(matches!(empty, Attempt::Pending), "{empty:?}");
        assert_eq!(reactor.calls().reads.get(), 2);
        peer.write_all(b"pong").unwrap();
        reactor.poll();
        assert_eq!(taken(&reactor).len(), 1);
    }

    // A reset makes the read fail. It stands for a kernel without memory, which a test cannot have.
    #[test]
    fn wakes_are_looked_for_again_after_a_read_that_fails() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (peer, _) = listener.accept().unwrap();
        // Bytes that nobody reads make the kernel reset the connection.
        (&ours).write_all(b"unread").unwrap();
        ours.set_nonblocking(true).unwrap();
        let reactor = Reactor::on_loop().unwrap();
        let source = reactor.register(Key::new(1, 0), ours.into()).unwrap();
        source.arm(Interest::Read);
        drop(peer);
        reactor.poll();
        assert_eq!(taken(&reactor).len(), 1);
        source.take_wakes();
        reactor.poll();
        assert_eq!(taken(&reactor).len(), 1);
    }

    #[test]
    fn a_threaded_reactor_wakes_once_for_a_batch() {
        struct Wakes(std::sync::mpsc::Sender<()>);
        impl LoopWaker for Wakes {
            fn wake(&self) {
                let _ = self.0.send(());
            }
        }
        let (sender, receiver) = std::sync::mpsc::channel();
        let reactor = Reactor::threaded(Box::new(Wakes(sender))).unwrap();
        let (mut peer, fd) = pair();
        let source = reactor.register(Key::new(9, 0), fd).unwrap();
        source.arm(Interest::Read);
        peer.write_all(b"x").unwrap();
        receiver
            .recv_timeout(std::time::Duration::from_secs(10))
            .unwrap();
        assert!(taken(&reactor).is_empty());
        reactor.poll();
        assert_eq!(taken(&reactor).len(), 1);
    }
}
