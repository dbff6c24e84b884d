//! What one thread wakes the reactor of another with: a connection over the loopback, as there are no
//! socket pairs.

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use super::Descriptor;

/// The end that wakes, from any thread.
#[derive(Debug)]
pub struct Waker(TcpStream);

impl Waker {
    /// Makes the receiving end readable. If its buffer is full, it is readable already.
    pub fn wake(&self) {
        let _ = (&self.0).write(&[1]);
    }
}

/// Returns a waker, and the end of it that becomes readable.
///
/// # Errors
/// The system's error where it has no socket left.
pub fn pair() -> io::Result<(Waker, Descriptor)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let waker = TcpStream::connect(listener.local_addr()?)?;
    let own = waker.local_addr()?;
    // Any process on this machine may connect here first: accept only the sender's own connection.
    let woken = loop {
        let (woken, peer) = listener.accept()?;
        if peer == own {
            break woken;
        }
    };
    waker.set_nodelay(true)?;
    waker.set_nonblocking(true)?;
    woken.set_nonblocking(true)?;
    Ok((Waker(waker), Descriptor::Socket(woken.into())))
}
