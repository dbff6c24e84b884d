//! What one thread wakes the reactor of another with.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;

use super::Descriptor;

/// The end that wakes, from any thread.
#[derive(Debug)]
pub struct Waker(UnixStream);

impl Waker {
    /// Makes the receiving end readable. If its buffer is full, it is readable already.
    pub fn wake(&self) {
        let _ = (&self.0).write(&[1]);
    }
}

/// Returns a waker, and the end of it that becomes readable.
///
/// # Errors
/// The kernel's error where it has no descriptor left.
pub fn pair() -> io::Result<(Waker, Descriptor)> {
    let (waker, woken) = UnixStream::pair()?;
    waker.set_nonblocking(true)?;
    woken.set_nonblocking(true)?;
    Ok((Waker(waker), woken.into()))
}
