//! A bell that one thread rings and the reactor of another hears.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;

use super::Descriptor;

/// The end that is rung, by any thread.
#[derive(Debug)]
pub struct Ringer(UnixStream);

impl Ringer {
    /// Makes the other end readable. One that has been rung often enough to be full is so already.
    pub fn ring(&self) {
        let _ = (&self.0).write(&[1]);
    }
}

/// A bell, and the end of it that becomes readable.
///
/// # Errors
/// Where there is no descriptor to be had.
pub fn pair() -> io::Result<(Ringer, Descriptor)> {
    let (ringer, heard) = UnixStream::pair()?;
    ringer.set_nonblocking(true)?;
    heard.set_nonblocking(true)?;
    Ok((Ringer(ringer), heard.into()))
}
