//! Wakes the reactor of one thread from another, through a loopback connection: Windows has no
//! socket pairs.

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use super::Descriptor;

/// The writing end, for use by any thread.
#[derive(Debug)]
pub struct Waker(TcpStream);

impl Waker {
    /// Makes the receiving end readable. If its buffer is full, it is readable already.
    pub fn wake(&self) {
        let _ = (&self.0).write(&[1]);
    }
}

/// Creates a waker and its receiving end, which becomes readable on a wake.
///
/// # Errors
/// The system's error where it has no socket left.
pub fn pair() -> io::Result<(Waker, Descriptor)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let sender = TcpStream::connect(listener.local_addr()?)?;
    let own = sender.local_addr()?;
    // Any process on this machine may connect here first: accept only the sender's own connection.
    let receiver = loop {
        let (receiver, peer) = listener.accept()?;
        if peer == own {
            break receiver;
        }
    };
    sender.set_nodelay(true)?;
    sender.set_nonblocking(true)?;
    receiver.set_nonblocking(true)?;
    Ok((Waker(sender), Descriptor::Socket(receiver.into())))
}
