//! Wakes the reactor of one thread from another, through a socket pair.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;

use super::Descriptor;

/// The writing end, for use by any thread.
#[derive(Debug)]
pub struct Waker(UnixStream);

impl Waker {
    /// Makes the receiving end readable. If its buffer is full, it is readable already.
    pub fn wake(&self) {
        let _ = (&self.0).write(&[1]);
    }
}

/// Creates a waker and its receiving end, which becomes readable on a wake.
///
/// # Errors
/// The kernel's error where it has no descriptor left.
pub fn pair() -> io::Result<(Waker, Descriptor)> {
    let (sender, receiver) = UnixStream::pair()?;
    sender.set_nonblocking(true)?;
    receiver.set_nonblocking(true)?;
    Ok((Waker(sender), receiver.into()))
}
