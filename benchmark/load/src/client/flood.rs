//! One connection that asks for little, beside others that ask for all they
//! can: the first of `--connections` sends `--size` bytes and waits for them,
//! each of the others keeps `--window` bytes under way in messages of
//! `--message`.
//!
//! The latencies are those of the one, the bytes those of the others. The one
//! has a thread of its own, or it would wait for the load instead of the
//! server. It asks once a millisecond at most: otherwise the moments in which
//! the flood ebbs, when a thousand answers come, would outvote the others.

use std::io::{ErrorKind, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use socket2::Socket;

use crate::args::Args;
use crate::histogram::Histogram;
use crate::net::{self, Address};
use crate::sys::Poller;
use crate::{pattern, Result};

use super::exchange::{Echo, Exchange};
use super::{Load, Outcome, PATIENCE};

const SCRATCH: usize = 256 * 1024;
const PACE: Duration = Duration::from_millis(1);

/// The connection that asks for little.
struct One {
    socket: Socket,
    echo: Echo,
}

impl One {
    fn run(&mut self, time: Duration) -> Result<Histogram> {
        let mut latencies = Histogram::new();
        let end = Instant::now() + time;
        while Instant::now() < end {
            let since = Instant::now();
            self.ask()?;
            let took = since.elapsed();
            latencies.record(took);
            std::thread::sleep(PACE.saturating_sub(took));
        }
        Ok(latencies)
    }

    fn ask(&mut self) -> Result<()> {
        let mut scratch = [0; 4096];
        self.echo.next();
        self.socket.write_all(self.echo.request())?;
        loop {
            let length = self.socket.read(&mut scratch)?;
            if length == 0 {
                return Err("the server closed a connection".into());
            }
            if self.echo.accept(&scratch[..length])? {
                return Ok(());
            }
        }
    }
}

/// A stream of the pattern that comes back.
struct Stream {
    socket: Socket,
    sent: u64,
    received: u64,
}

impl Stream {
    fn open(address: &Address) -> Result<Self> {
        let socket = net::connect(address)?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            sent: 0,
            received: 0,
        })
    }

    /// Takes and checks what came back.
    fn receive(&mut self, scratch: &mut [u8]) -> Result<()> {
        loop {
            let length = match self.socket.read(scratch) {
                Ok(0) => return Err("the server closed a connection".into()),
                Ok(length) => length,
                Err(error) if net::is_later(&error) => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            let end = self.received + length as u64;
            if end > self.sent || !pattern::matches(self.received, &scratch[..length]) {
                return Err(format!("wrong bytes after {}", self.received).into());
            }
            self.received = end;
        }
    }

    /// Sends messages until `window` bytes are under way.
    fn send(&mut self, window: u64, message: usize) -> Result<()> {
        while self.sent - self.received + message as u64 <= window {
            match self.socket.write(pattern::at(self.sent, message)) {
                Ok(sent) => self.sent += sent as u64,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.received == self.sent
    }
}

pub struct Flood {
    one: One,
    others: Vec<Stream>,
    window: u64,
    message: usize,
}

impl Flood {
    pub fn new(args: &Args) -> Result<Self> {
        let address = args.address()?;
        let count: usize = args.get("connections", 64)?;
        let message = args.get("message", 16 * 1024)?;
        let window = args.get("window", 64 * 1024)?;
        if !(1..=pattern::LONGEST).contains(&message) || (message as u64) > window {
            return Err(format!(
                "--message must be 1 to --window and {} at most",
                pattern::LONGEST
            )
            .into());
        }
        let socket = net::connect(&address)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let echo = Echo::new(0, args.get("size", 64)?);
        let others: Result<_> = (1..count).map(|_| Stream::open(&address)).collect();
        Ok(Self {
            one: One { socket, echo },
            others: others?,
            window,
            message,
        })
    }
}

/// Keeps the streams full until `done`, and then until all has come back.
/// Returns how many bytes did before `done`.
fn flood(streams: &mut [Stream], window: u64, message: usize, done: &AtomicBool) -> Result<u64> {
    let mut poller = Poller::new()?;
    let mut scratch = vec![0; SCRATCH];
    let received = |streams: &[Stream]| streams.iter().map(|one| one.received).sum::<u64>();
    let before = received(streams);
    for (index, stream) in streams.iter_mut().enumerate() {
        poller.add(&stream.socket, index as u64)?;
        stream.send(window, message)?;
    }
    let mut while_asked = None;
    while while_asked.is_none() || !streams.iter().all(Stream::is_over) {
        let mut silent = true;
        for ready in poller.wait(PATIENCE)? {
            silent = false;
            let stream = &mut streams[usize::try_from(ready.token)?];
            stream.receive(&mut scratch)?;
            if while_asked.is_none() {
                stream.send(window, message)?;
            }
        }
        if silent {
            return Err("no answer on any connection".into());
        }
        if while_asked.is_none() && done.load(Ordering::Relaxed) {
            while_asked = Some(received(streams) - before);
        }
    }
    Ok(while_asked.unwrap_or(0))
}

impl Load for Flood {
    fn run(&mut self, time: Duration) -> Result<Outcome> {
        let Self {
            one,
            others,
            window,
            message,
        } = self;
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let flooding = scope.spawn(|| flood(others, *window, *message, &done));
            let latencies = one.run(time);
            done.store(true, Ordering::Relaxed);
            let bytes = flooding.join().map_err(|_| "a thread panicked")??;
            Ok(Outcome::Flooded(bytes, latencies?))
        })
    }
}
