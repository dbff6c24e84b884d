//! An epoll loop by hand, on one thread.

use std::io::{ErrorKind, Read};
use std::sync::Arc;
use std::time::Duration;

use socket2::Socket;

use crate::control::Stats;
use crate::sys::{Poller, Ready};
use crate::{net, Result};

use super::outbox::Outbox;
use super::service::{Maker, Service};

const SCRATCH: usize = 64 * 1024;
const LISTENER: u64 = u64::MAX;
const FOREVER: Duration = Duration::from_secs(3600);

struct Connection {
    socket: Socket,
    service: Box<dyn Service>,
    out: Outbox,
    ended: bool,
}

impl Connection {
    /// Reads and answers what is there; true where the connection is over.
    fn serve(&mut self, ended: bool, scratch: &mut [u8], stats: &Stats) -> Result<bool> {
        while !self.ended {
            let length = match self.socket.read(scratch) {
                Ok(length) => length,
                Err(error) if net::is_later(&error) => break,
                Err(error) => return lost(error),
            };
            if length == 0 {
                self.ended = true;
                self.service.end(&mut self.out);
                break;
            }
            stats.received(length);
            self.service.data(&scratch[..length], &mut self.out)?;
            if length < scratch.len() && !ended {
                break;
            }
        }
        match self.out.flush(&mut self.socket) {
            Ok(()) => Ok(self.ended && self.out.is_empty()),
            Err(error) => lost(error),
        }
    }
}

/// A client that went away is no fault of the server's.
fn lost(error: std::io::Error) -> Result<bool> {
    match error.kind() {
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => Ok(true),
        _ => Err(error.into()),
    }
}

pub struct Server {
    listener: Socket,
    make: Maker,
    stats: Arc<Stats>,
    poller: Poller,
    connections: Vec<Option<Connection>>,
    free: Vec<usize>,
}

impl Server {
    pub fn new(listener: Socket, make: Maker, stats: Arc<Stats>) -> Result<Self> {
        let poller = Poller::new()?;
        poller.add(&listener, LISTENER)?;
        Ok(Self {
            listener,
            make,
            stats,
            poller,
            connections: Vec::new(),
            free: Vec::new(),
        })
    }

    pub fn run(&mut self) -> Result<()> {
        let mut scratch = vec![0; SCRATCH];
        let mut ready = Vec::new();
        loop {
            ready.clear();
            ready.extend(self.poller.wait(FOREVER)?);
            for event in &ready {
                if event.token == LISTENER {
                    self.accept()?;
                } else {
                    self.serve(event, &mut scratch)?;
                }
            }
        }
    }

    fn accept(&mut self) -> Result<()> {
        loop {
            let (socket, peer) = match self.listener.accept() {
                Ok(accepted) => accepted,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            socket.set_nonblocking(true)?;
            if !peer.is_unix() {
                socket.set_tcp_nodelay(true)?;
            }
            self.stats.accepted();
            let index = self.free.pop().unwrap_or(self.connections.len());
            if index == self.connections.len() {
                self.connections.push(None);
            }
            self.poller.add(&socket, index as u64)?;
            self.connections[index] = Some(Connection {
                socket,
                service: (self.make)(),
                out: Outbox::default(),
                ended: false,
            });
        }
    }

    fn serve(&mut self, event: &Ready, scratch: &mut [u8]) -> Result<()> {
        let index = usize::try_from(event.token)?;
        let Some(connection) = &mut self.connections[index] else {
            return Ok(());
        };
        if connection.serve(event.ended, scratch, &self.stats)? {
            self.connections[index] = None;
            self.free.push(index);
        }
        Ok(())
    }
}
