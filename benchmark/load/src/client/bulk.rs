//! As many bytes as go through, one blocking thread a connection.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use socket2::Socket;

use crate::args::Args;
use crate::net::{self, Address};
use crate::{pattern, Result};

use super::{Load, Outcome, PATIENCE};

/// What each connection does.
pub struct Task {
    seconds: Duration,
    /// Bytes of one write or read.
    chunk: usize,
    /// Bytes of one request, where the server is to send.
    request: u64,
}

/// Sends until the time is up, ends, and has the server say how much came.
pub fn send(socket: &mut Socket, task: &Task) -> Result<u64> {
    let start = Instant::now();
    let mut sent = 0;
    while start.elapsed() < task.seconds {
        socket.write_all(pattern::at(sent, task.chunk))?;
        sent += task.chunk as u64;
    }
    socket.shutdown(Shutdown::Write)?;
    let mut total = [0; 8];
    socket.read_exact(&mut total)?;
    let total = u64::from_le_bytes(total);
    if total == sent {
        Ok(sent)
    } else {
        Err(format!("sent {sent} bytes, the server counted {total}").into())
    }
}

/// Asks for `request` bytes again and again until the time is up.
pub fn receive(socket: &mut Socket, task: &Task) -> Result<u64> {
    let start = Instant::now();
    let mut scratch = vec![0; task.chunk];
    let mut received = 0;
    let mut asked = 0;
    while start.elapsed() < task.seconds {
        socket.write_all(&task.request.to_le_bytes())?;
        asked += task.request;
        while received < asked {
            let length = socket.read(&mut scratch)?;
            if length == 0 || !pattern::matches(received, &scratch[..length]) {
                return Err(format!("wrong bytes after {received} of {asked}").into());
            }
            received += length as u64;
        }
    }
    socket.shutdown(Shutdown::Write)?;
    match socket.read(&mut scratch)? {
        0 if received == asked => Ok(received),
        _ => Err(format!("more than the {asked} bytes that were asked for").into()),
    }
}

type Transfer = fn(&mut Socket, &Task) -> Result<u64>;

/// The same transfer on each connection. A transfer ends its connection, so
/// that each run opens anew.
pub struct Bulk {
    address: Address,
    connections: usize,
    chunk: usize,
    request: u64,
    transfer: Transfer,
}

impl Bulk {
    pub fn new(args: &Args, transfer: Transfer) -> Result<Self> {
        let chunk = args.get("size", 64 * 1024)?;
        if !(1..=pattern::LONGEST).contains(&chunk) {
            return Err(format!("--size must be 1 to {}", pattern::LONGEST).into());
        }
        Ok(Self {
            address: args.address()?,
            connections: args.get("connections", 1)?,
            chunk,
            request: args.get("request", 64 << 20)?,
            transfer,
        })
    }

    fn connect(&self) -> Result<Socket> {
        let socket = net::connect(&self.address)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        Ok(socket)
    }
}

impl Load for Bulk {
    fn run(&mut self, seconds: Duration) -> Result<Outcome> {
        let (chunk, request) = (self.chunk, self.request);
        let task = Task {
            seconds,
            chunk,
            request,
        };
        let sockets: Result<Vec<_>> = (0..self.connections).map(|_| self.connect()).collect();
        let mut sockets = sockets?;
        let transfer = self.transfer;
        let bytes = std::thread::scope(|scope| {
            let threads: Vec<_> = sockets
                .iter_mut()
                .map(|socket| scope.spawn(|| transfer(socket, &task)))
                .collect();
            threads.into_iter().try_fold(0, |sum, thread| {
                let one = thread.join().map_err(|_| "a thread panicked")??;
                Ok::<u64, crate::Error>(sum + one)
            })
        })?;
        Ok(Outcome::Bytes(bytes))
    }
}
