//! A bell that one thread rings and the reactor of another hears: a connection over the loopback, as
//! there are no socket pairs.

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use super::Descriptor;

/// The end that is rung, by any thread.
#[derive(Debug)]
pub struct Ringer(TcpStream);

impl Ringer {
    /// Makes the other end readable. One that has been rung often enough to be full is so already.
    pub fn ring(&self) {
        let _ = (&self.0).write(&[1]);
    }
}

/// A bell, and the end of it that becomes readable.
///
/// # Errors
/// Where there is no socket to be had.
pub fn pair() -> io::Result<(Ringer, Descriptor)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let ringer = TcpStream::connect(listener.local_addr()?)?;
    let own = ringer.local_addr()?;
    // Anybody on this machine may connect meanwhile: only our own end is let in.
    let heard = loop {
        let (heard, peer) = listener.accept()?;
        if peer == own {
            break heard;
        }
    };
    ringer.set_nodelay(true)?;
    ringer.set_nonblocking(true)?;
    heard.set_nonblocking(true)?;
    Ok((Ringer(ringer), Descriptor::Socket(heard.into())))
}
