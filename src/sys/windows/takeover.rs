//! Nothing is left behind of a named pipe: it goes with its last instance.

use std::io;

use super::path::{self, Name};
use super::Descriptor;

/// Nothing: see `takeover` of Unix.
#[derive(Debug)]
pub struct Claim;

/// As [`path::bind`].
///
/// # Errors
/// Those of [`path::bind`].
pub fn bind(_bytes: &[u8], name: &Name) -> io::Result<(Descriptor, Claim)> {
    path::bind(name).map(|fd| (fd, Claim))
}
