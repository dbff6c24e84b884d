//! A thread that accepts from one listening socket, for whatever takes the connections.

use std::fmt;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::time::Sleep;

use super::worker::{Control, Worker};
use crate::sys::descriptor::{self, Reserve};
use crate::sys::poller::Registration;
use crate::sys::{socket, Descriptor, Interest, Tried};

/// The most connections that are accepted before the intake is tended to.
const STEP: usize = 64;

/// How long accepting rests after it has failed.
const REST: Duration = Duration::from_millis(100);

/// Takes what the thread accepts. All functions are called on that thread.
pub trait Intake: Send + Sync {
    /// True while there is room for another connection.
    fn has_room(&self) -> bool;

    /// Takes a connection, or why none could be accepted.
    fn add(&self, accepted: io::Result<Descriptor>);

    /// Does what is due, and returns when it must be called again.
    fn tend(&self) -> Option<Instant>;
}

/// The thread, named `rust-net-accept`. Ends when dropped, and has closed its descriptor then.
#[derive(Debug)]
pub struct AcceptThread {
    _worker: Worker,
}

impl AcceptThread {
    /// Starts to accept from `listening`, which must be non-blocking.
    ///
    /// # Errors
    /// Where Tokio or the thread cannot start.
    pub fn start(
        listening: Descriptor,
        intake: Arc<dyn Intake>,
        control: Arc<Control>,
    ) -> io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let accepting = Accepting::new(&runtime, listening, intake, Arc::clone(&control))?;
        let accept = move || runtime.block_on(accepting);
        let _worker = Worker::start("rust-net-accept", control, accept)?;
        Ok(Self { _worker })
    }
}

struct Accepting {
    registration: Registration,
    intake: Arc<dyn Intake>,
    control: Arc<Control>,
    reserve: Reserve,
    timer: Pin<Box<Sleep>>,
    /// Accepting rests until then.
    rests_until: Option<Instant>,
}

impl fmt::Debug for Accepting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Accepting")
    }
}

impl Accepting {
    fn new(
        runtime: &Runtime,
        listening: Descriptor,
        intake: Arc<dyn Intake>,
        control: Arc<Control>,
    ) -> io::Result<Self> {
        let _context = runtime.enter();
        Ok(Self {
            registration: Registration::new(listening)?,
            intake,
            control,
            reserve: Reserve::new(),
            timer: Box::pin(tokio::time::sleep(Duration::ZERO)),
            rests_until: None,
        })
    }

    /// Accepts what waits and has room. Where it stops before, it is polled again.
    fn accept(&mut self, waker: &Waker) {
        if self.rests() {
            return;
        }
        for _ in 0..STEP {
            if !self.intake.has_room() || !self.is_ready(waker) {
                return;
            }
            match self.try_accept(waker) {
                Tried::Done(fd) => self.intake.add(Ok(fd)),
                Tried::Failed(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                Tried::Failed(error) => {
                    if descriptor::is_exhausted(&error) && self.shed_load(waker) {
                        return;
                    }
                    self.intake.add(Err(error));
                    self.rests_until = Some(Instant::now() + REST);
                    return;
                }
                Tried::Pending | Tried::Stale => {}
            }
        }
        waker.wake_by_ref();
    }

    /// Accepts, tends to the intake, and has the thread look again when that is due.
    fn look(&mut self, waker: &Waker) {
        self.accept(waker);
        let due = self.intake.tend().into_iter().chain(self.rests_until).min();
        if let Some(due) = due {
            self.timer.as_mut().reset(due.into());
            let mut context = Context::from_waker(waker);
            if self.timer.as_mut().poll(&mut context).is_ready() {
                waker.wake_by_ref();
            }
        }
    }

    /// True while accepting rests.
    fn rests(&mut self) -> bool {
        if self
            .rests_until
            .is_some_and(|until| until <= Instant::now())
        {
            self.rests_until = None;
            self.reserve.refill();
        }
        self.rests_until.is_some()
    }

    /// True when a connection is known to wait. Otherwise the waker runs when one does.
    fn is_ready(&self, waker: &Waker) -> bool {
        self.registration
            .poll_ready(Interest::Read, waker)
            .is_ready()
    }

    fn try_accept(&self, waker: &Waker) -> Tried<Descriptor> {
        self.registration
            .attempt(Interest::Read, waker, socket::accept, |_| false)
    }

    /// Closes every connection that waits, as the process is out of descriptors. Returns false where
    /// the reserve was of no use.
    fn shed_load(&mut self, waker: &Waker) -> bool {
        let had_reserve = self.reserve.release();
        let is_empty = had_reserve
            && loop {
                match self.try_accept(waker) {
                    Tried::Done(fd) => drop(fd),
                    Tried::Pending | Tried::Stale => break true,
                    Tried::Failed(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                    Tried::Failed(_) => break false,
                }
            };
        self.reserve.refill();
        if is_empty {
            // A stale readiness has left no waker.
            waker.wake_by_ref();
        }
        is_empty
    }
}

impl Future for Accepting {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let waker = context.waker().clone();
        let control = Arc::clone(&this.control);
        control.poll_look(context, || this.look(&waker))
    }
}

#[cfg(all(unix, not(loom)))]
#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, TcpListener, TcpStream};
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::mpsc::{channel, Receiver, Sender};
    use std::sync::Mutex;

    struct Taken {
        room: AtomicUsize,
        is_due: AtomicBool,
        sender: Mutex<Sender<&'static str>>,
    }

    impl Taken {
        fn tell(&self, what: &'static str) {
            let _ = self.sender.lock().unwrap().send(what);
        }
    }

    impl Intake for Taken {
        fn has_room(&self) -> bool {
            self.room.load(Ordering::SeqCst) > 0
        }

        fn add(&self, accepted: io::Result<Descriptor>) {
            accepted.unwrap();
            self.room.fetch_sub(1, Ordering::SeqCst);
            self.tell("connection");
        }

        fn tend(&self) -> Option<Instant> {
            if self.is_due.swap(false, Ordering::SeqCst) {
                return Some(Instant::now() + Duration::from_millis(20));
            }
            self.tell("tended");
            None
        }
    }

    struct Started {
        listener: TcpListener,
        taken: Arc<Taken>,
        control: Arc<Control>,
        told: Receiver<&'static str>,
        thread: AcceptThread,
    }

    fn start(room: usize) -> Started {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let (sender, told) = channel();
        let taken = Arc::new(Taken {
            room: AtomicUsize::new(room),
            is_due: AtomicBool::new(false),
            sender: Mutex::new(sender),
        });
        let control = Arc::<Control>::default();
        let copy = listener.try_clone().unwrap().into();
        let intake = Arc::clone(&taken) as Arc<dyn Intake>;
        let thread = AcceptThread::start(copy, intake, Arc::clone(&control)).unwrap();
        Started {
            listener,
            taken,
            control,
            told,
            thread,
        }
    }

    impl Started {
        fn connect(&self) -> TcpStream {
            TcpStream::connect(self.listener.local_addr().unwrap()).unwrap()
        }

        fn wait_for(&self, what: &str) {
            let limit = Duration::from_secs(10);
            while self.told.recv_timeout(limit).unwrap() != what {}
        }
    }

    #[test]
    fn connections_are_accepted_while_there_is_room() {
        let started = start(2);
        let _peers = [started.connect(), started.connect(), started.connect()];
        started.wait_for("connection");
        started.wait_for("connection");
        started.wait_for("tended");
        assert!(started.told.try_iter().all(|what| what == "tended"));
        started.taken.room.store(1, Ordering::SeqCst);
        started.control.wake();
        started.wait_for("connection");
    }

    #[test]
    fn the_intake_is_tended_when_it_is_due() {
        let started = start(0);
        started.wait_for("tended");
        started.taken.is_due.store(true, Ordering::SeqCst);
        let began = Instant::now();
        started.control.wake();
        started.wait_for("tended");
        assert!(began.elapsed() >= Duration::from_millis(20));
    }

    #[test]
    fn a_thread_that_has_ended_has_closed_its_descriptor() {
        let Started {
            listener, thread, ..
        } = start(1);
        let address = listener.local_addr().unwrap();
        drop(listener);
        TcpStream::connect(address).unwrap();
        drop(thread);
        assert!(TcpStream::connect(address).is_err());
    }
}
