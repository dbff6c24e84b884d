//! Connect, say `--size` bytes (or nothing), end, and wait for the server's
//! end: `--connections` at a time, the oldest first. With `--abandon true` the
//! server's end is not waited for: the connection is closed when all is said.
//!
//! No poller: over the loopback a blocking connect does not wait, and a server
//! that answers in order has ended the oldest connection when it has ended any.
//! So the load needs few system calls, and the server is what limits the rate.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown};
use std::time::{Duration, Instant};

use socket2::Socket;

use crate::args::Args;
use crate::histogram::Histogram;
use crate::net::{self, Address};
use crate::{pattern, Result};

use super::{Load, Outcome, PATIENCE};

/// A closed connection holds on to its port for a minute: local addresses take
/// turns.
const LOCAL_ADDRESSES: u8 = 200;

struct Open {
    socket: Socket,
    since: Instant,
}

pub struct Churn {
    address: Address,
    size: usize,
    parallel: usize,
    abandon: bool,
    next_local: u8,
}

impl Churn {
    pub fn new(args: &Args) -> Result<Self> {
        Ok(Self {
            address: args.address()?,
            size: args.get("size", 0)?,
            parallel: args.get("connections", 16)?,
            abandon: args.get("abandon", false)?,
            next_local: 0,
        })
    }

    fn local(&mut self) -> Option<Ipv4Addr> {
        self.next_local = (self.next_local + 1) % LOCAL_ADDRESSES;
        match self.address {
            Address::Tcp(_) => Some(Ipv4Addr::new(127, 0, 1, 1 + self.next_local)),
            Address::Unix(_) => None,
        }
    }

    fn start(&mut self) -> Result<Open> {
        let since = Instant::now();
        let local = self.local();
        let mut socket = net::connect_from(&self.address, local)?;
        if self.size > 0 {
            socket.write_all(pattern::at(0, self.size))?;
        }
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.shutdown(Shutdown::Write)?;
        Ok(Open { socket, since })
    }
}

/// Waits until the server has closed its side, too.
fn await_end(open: &mut Open) -> Result<()> {
    loop {
        match open.socket.read(&mut [0; 1]) {
            Ok(0) => return Ok(()),
            Ok(_) => return Err("bytes that nobody asked for".into()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                return Err("a connection that is not closed".into());
            }
            Err(error) => return Err(error.into()),
        }
    }
}

impl Load for Churn {
    fn run(&mut self, time: Duration) -> Result<Outcome> {
        let mut latencies = Histogram::new();
        let start = Instant::now();
        let mut open = VecDeque::with_capacity(self.parallel);
        for _ in 0..self.parallel {
            open.push_back(self.start()?);
        }
        while let Some(mut oldest) = open.pop_front() {
            if !self.abandon {
                await_end(&mut oldest)?;
            }
            latencies.record(oldest.since.elapsed());
            if start.elapsed() < time {
                open.push_back(self.start()?);
            }
        }
        Ok(Outcome::Timed(latencies))
    }
}
