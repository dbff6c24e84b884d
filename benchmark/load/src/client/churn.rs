//! Connect, say `--size` bytes (or nothing), close, and wait for the server's
//! close: `--connections` at a time.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown};
use std::time::{Duration, Instant};

use socket2::Socket;

use crate::args::Args;
use crate::histogram::Histogram;
use crate::net::{self, Address};
use crate::sys::{Poller, Ready};
use crate::{pattern, Result};

use super::{Load, Outcome, PATIENCE};

/// A closed connection holds on to its port for a minute: local addresses take
/// turns.
const LOCAL_ADDRESSES: u8 = 200;

pub struct Churn {
    address: Address,
    size: usize,
    poller: Poller,
    open: Vec<Option<(Socket, Instant)>>,
    next_local: u8,
    latencies: Histogram,
}

impl Churn {
    pub fn new(args: &Args) -> Result<Self> {
        let parallel = args.get("connections", 16)?;
        Ok(Self {
            address: args.address()?,
            size: args.get("size", 0)?,
            poller: Poller::new()?,
            open: (0..parallel).map(|_| None).collect(),
            next_local: 0,
            latencies: Histogram::new(),
        })
    }

    fn local(&mut self) -> Option<Ipv4Addr> {
        self.next_local = (self.next_local + 1) % LOCAL_ADDRESSES;
        match self.address {
            Address::Tcp(_) => Some(Ipv4Addr::new(127, 0, 1, 1 + self.next_local)),
            Address::Unix(_) => None,
        }
    }

    fn start(&mut self, index: usize) -> Result<()> {
        let since = Instant::now();
        let local = self.local();
        let mut socket = net::connect_from(&self.address, local)?;
        socket.write_all(pattern::at(0, self.size))?;
        socket.shutdown(Shutdown::Write)?;
        socket.set_nonblocking(true)?;
        self.poller.add(&socket, index as u64)?;
        self.open[index] = Some((socket, since));
        Ok(())
    }

    /// True where the server closed its side too.
    fn has_ended(&mut self, index: usize) -> Result<bool> {
        let Some((socket, since)) = &mut self.open[index] else {
            return Ok(false);
        };
        match socket.read(&mut [0; 1]) {
            Ok(0) => {
                self.latencies.record(since.elapsed());
                self.open[index] = None;
                Ok(true)
            }
            Ok(_) => Err("bytes that nobody asked for".into()),
            Err(error) if net::is_later(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

impl Load for Churn {
    fn run(&mut self, time: Duration) -> Result<Outcome> {
        let start = Instant::now();
        let mut running = self.open.len();
        for index in 0..running {
            self.start(index)?;
        }
        while running > 0 {
            let ready: Vec<Ready> = self.poller.wait(PATIENCE)?.collect();
            if ready.is_empty() {
                return Err(format!("{running} connections that are not closed").into());
            }
            for event in ready {
                let index = usize::try_from(event.token)?;
                if !self.has_ended(index)? {
                    continue;
                }
                if start.elapsed() < time {
                    self.start(index)?;
                } else {
                    running -= 1;
                }
            }
        }
        let latencies = std::mem::replace(&mut self.latencies, Histogram::new());
        Ok(Outcome::Timed(latencies))
    }
}
