//! Many connections on one thread, each with one request under way.

use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use socket2::Socket;

use crate::args::Args;
use crate::histogram::Histogram;
use crate::net::{self, Address};
use crate::sys::Poller;
use crate::Result;

use super::exchange::Exchange;
use super::{Load, Outcome, PATIENCE};

const SCRATCH: usize = 256 * 1024;

/// So many connections are opened at once: no server's backlog is shorter.
const OPENED_AT_ONCE: usize = 128;

struct Connection<E> {
    socket: Socket,
    exchange: E,
    sent: usize,
    since: Instant,
}

impl<E: Exchange> Connection<E> {
    fn open(address: &Address, exchange: E) -> Result<Self> {
        let socket = net::connect(address)?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            exchange,
            sent: 0,
            since: Instant::now(),
        })
    }

    /// The connection will end by a reset, which leaves no port waiting.
    fn reset_on_close(&self) -> Result<()> {
        Ok(self.socket.set_linger(Some(Duration::ZERO))?)
    }

    fn ask(&mut self, now: Instant) -> Result<()> {
        self.exchange.next();
        self.sent = 0;
        self.since = now;
        self.flush()
    }

    fn flush(&mut self) -> Result<()> {
        while self.sent < self.exchange.request().len() {
            match self.socket.write(&self.exchange.request()[self.sent..]) {
                Ok(sent) => self.sent += sent,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// One drive of all connections.
struct Drive {
    deadline: Instant,
    scratch: Vec<u8>,
    latencies: Histogram,
}

impl Drive {
    /// Serves what is ready; true where the connection's last answer came.
    fn serve<E: Exchange>(&mut self, connection: &mut Connection<E>, ended: bool) -> Result<bool> {
        loop {
            connection.flush()?;
            let length = match connection.socket.read(&mut self.scratch) {
                Ok(0) => return Err("the server closed a connection".into()),
                Ok(length) => length,
                Err(error) if net::is_later(&error) => return Ok(false),
                Err(error) => return Err(error.into()),
            };
            if connection.exchange.accept(&self.scratch[..length])? {
                let now = Instant::now();
                self.latencies.record(now - connection.since);
                if now >= self.deadline {
                    return Ok(true);
                }
                connection.ask(now)?;
            }
            if length < self.scratch.len() && !ended {
                return Ok(false);
            }
        }
    }
}

/// Lets every connection ask until the deadline, but at least once.
fn drive<E: Exchange>(connections: &mut [Connection<E>], deadline: Instant) -> Result<Histogram> {
    let mut poller = Poller::new()?;
    let mut drive = Drive {
        deadline,
        scratch: vec![0; SCRATCH],
        latencies: Histogram::new(),
    };
    for (index, connection) in connections.iter_mut().enumerate() {
        poller.add(&connection.socket, index as u64)?;
        connection.ask(Instant::now())?;
    }
    let mut open = connections.len();
    while open > 0 {
        let mut silent = true;
        for ready in poller.wait(PATIENCE)? {
            silent = false;
            let index = usize::try_from(ready.token)?;
            if drive.serve(&mut connections[index], ready.ended)? {
                open -= 1;
            }
        }
        if silent {
            return Err(format!("{open} connections without an answer").into());
        }
    }
    Ok(drive.latencies)
}

/// The connections of a run, and of the next one.
pub struct PingPong<E>(Vec<Connection<E>>);

impl<E: Exchange> PingPong<E> {
    /// Opens the connections; each has had an answer when this returns.
    pub fn open(args: &Args, exchange: impl Fn(usize) -> E) -> Result<Self> {
        let address = args.address()?;
        let count = args.get("connections", 1)?;
        let resets = args.get("reset", false)?;
        let mut connections = Vec::with_capacity(count);
        while connections.len() < count {
            let from = connections.len();
            for id in from..count.min(from + OPENED_AT_ONCE) {
                let connection = Connection::open(&address, exchange(id))?;
                if resets {
                    connection.reset_on_close()?;
                }
                connections.push(connection);
            }
            drive(&mut connections[from..], Instant::now())?;
        }
        Ok(Self(connections))
    }
}

impl<E: Exchange> Load for PingPong<E> {
    fn run(&mut self, time: Duration) -> Result<Outcome> {
        drive(&mut self.0, Instant::now() + time).map(Outcome::Timed)
    }
}
