//! Tokio as the reactor: it watches descriptors and wakes; it runs no task per socket.
//!
//! Every registration is polled with a waker of ours that adds the handle's key to the ready set.
//! Who polls Tokio's driver is the difference between the two ways of running it:
//!
//! - [`OnLoop`]: the JavaScript thread itself, whenever libuv says that Tokio's own poll
//!   descriptor is readable.
//! - [`Threaded`]: a thread of our own; a waker then calls the JavaScript thread.
//!
//! In both, I/O is done on the JavaScript thread, which therefore owns every buffer; only wakers
//! cross threads. (Gathered writes that another thread sends are `stream::offload`'s affair.)

mod calls;
mod on_loop;
mod ready;
mod source;
mod threaded;

use std::io;
use std::rc::Rc;

pub use calls::{Calls, Count};
pub use on_loop::OnLoop;
pub use ready::{First, LoopWaker, Ready, ReadySet};
pub use source::{is_heavy, Attempt, Source};
pub use threaded::Threaded;

pub use crate::sys::Interest;

use crate::event::Key;
use crate::sys::Descriptor;

/// The reactor of one environment.
#[derive(Debug)]
pub struct Reactor {
    driver: Driver,
    ready: Rc<ReadySet>,
    calls: Rc<Calls>,
}

/// Who polls Tokio's I/O driver.
#[derive(Debug)]
pub enum Driver {
    OnLoop(OnLoop),
    Threaded(Threaded),
}

impl Reactor {
    /// A reactor that the calling thread drives.
    ///
    /// # Errors
    /// Where Tokio cannot start, or its poll descriptor cannot be found (`ENOTSUP`).
    pub fn on_loop() -> io::Result<Self> {
        Ok(Self {
            driver: Driver::OnLoop(OnLoop::start()?),
            ready: Rc::new(ReadySet::silent()),
            calls: Rc::default(),
        })
    }

    /// A reactor on a thread of its own, which calls `waker` when something is ready.
    ///
    /// # Errors
    /// Where Tokio or the thread cannot start.
    pub fn threaded(waker: Box<dyn LoopWaker>) -> io::Result<Self> {
        Ok(Self {
            driver: Driver::Threaded(Threaded::start()?),
            ready: Rc::new(ReadySet::with_waker(waker)),
            calls: Rc::default(),
        })
    }

    /// The driver's name, as users choose it.
    pub fn name(&self) -> &'static str {
        match self.driver {
            Driver::OnLoop(_) => "on-loop",
            Driver::Threaded(_) => "threaded",
        }
    }

    /// Stops a threaded driver: no wake follows this. All sources must be gone.
    pub fn stop(&mut self) {
        if let Driver::Threaded(driver) = &mut self.driver {
            driver.stop();
        }
    }

    /// The descriptor that becomes readable when [`Self::poll`] has something to do; `None` for a
    /// reactor that needs no polling.
    pub fn poll_descriptor(&self) -> Option<i32> {
        match &self.driver {
            Driver::OnLoop(driver) => Some(driver.poll_descriptor()),
            Driver::Threaded(_) => None,
        }
    }

    /// Begins a turn: adds to the ready set what the driver has found, polled once, without waiting,
    /// or by its thread.
    pub fn poll(&self) {
        if let Driver::OnLoop(driver) = &self.driver {
            self.calls.polls.add(1);
            driver.poll();
        }
        self.ready.begin_turn();
    }

    /// Watches `fd` on behalf of the handle `key`. The reactor owns the descriptor from here on and
    /// closes it when the source is dropped.
    ///
    /// # Errors
    /// What `epoll_ctl` says (`EPERM` for a regular file). The descriptor is then closed.
    pub fn register(&self, key: Key, fd: Descriptor) -> io::Result<Source> {
        let _context = match &self.driver {
            Driver::OnLoop(driver) => driver.enter(),
            Driver::Threaded(driver) => driver.enter(),
        };
        Source::new(key, fd, Rc::clone(&self.ready), Rc::clone(&self.calls))
    }

    /// How often the kernel was asked on this thread.
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    /// What is ready.
    pub fn ready(&self) -> &ReadySet {
        &self.ready
    }

    /// True when the driver has a thread of its own: on a busy machine it tells late.
    pub fn tells_late(&self) -> bool {
        matches!(self.driver, Driver::Threaded(_))
    }

    /// Has a handle without a source served in the next turn.
    pub fn serve_later(&self, key: Key, interest: Interest) {
        let member = self.ready.member(Ready { key, interest });
        self.ready.add_later(&member);
    }

    /// Has a handle without a source served in the next batch, behind those that take little.
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
    fn a_threaded_reactor_rings_once_for_a_batch() {
        struct TestWaker(std::sync::mpsc::Sender<()>);
        impl LoopWaker for TestWaker {
            fn wake(&self) {
                let _ = self.0.send(());
            }
        }
        let (sender, receiver) = std::sync::mpsc::channel();
        let reactor = Reactor::threaded(Box::new(TestWaker(sender))).unwrap();
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
