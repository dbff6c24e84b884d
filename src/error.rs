//! Failures, numbered as libuv numbers them: zero or a negative errno.

use std::io;

/// A failure as a negative libuv errno, ready to be handed to JavaScript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(i32);

/// What an operation that can only succeed or fail returns below the edge.
pub type Result<T> = std::result::Result<T, Errno>;

/// libuv's end-of-file marker: not an errno of the system.
pub const UV_EOF: i32 = -4095;
/// libuv's "unknown error", for a failure without an errno.
pub const UV_UNKNOWN: i32 = -4094;

#[cfg(unix)]
impl Errno {
    pub const ACCES: Self = Self(-libc::EACCES);
    pub const ALREADY: Self = Self(-libc::EALREADY);
    pub const BADF: Self = Self(-libc::EBADF);
    pub const BUSY: Self = Self(-libc::EBUSY);
    pub const CONNREFUSED: Self = Self(-libc::ECONNREFUSED);
    pub const INVAL: Self = Self(-libc::EINVAL);
    pub const IO: Self = Self(-libc::EIO);
    pub const NFILE: Self = Self(-libc::ENFILE);
    pub const NOENT: Self = Self(-libc::ENOENT);
    pub const NOTCONN: Self = Self(-libc::ENOTCONN);
    pub const PIPE: Self = Self(-libc::EPIPE);
}

impl Errno {
    /// The negative number that JavaScript sees.
    pub const fn code(self) -> i32 {
        self.0
    }
}

impl From<io::Error> for Errno {
    fn from(error: io::Error) -> Self {
        Self(error.raw_os_error().map_or(UV_UNKNOWN, |code| -code))
    }
}

/// Turns the inner result into the number that the handle contract wants.
pub fn status(result: Result<()>) -> i32 {
    match result {
        Ok(()) => 0,
        Err(errno) => errno.code(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_os_error_becomes_its_negative_errno() {
        let error = io::Error::from_raw_os_error(libc::ECONNRESET);
        assert_eq!(Errno::from(error).code(), -libc::ECONNRESET);
    }

    #[test]
    fn an_error_without_errno_is_unknown() {
        assert_eq!(Errno::from(io::Error::other("x")).code(), UV_UNKNOWN);
    }

    #[test]
    fn success_is_zero() {
        assert_eq!(status(Ok(())), 0);
        assert_eq!(status(Err(Errno::INVAL)), -libc::EINVAL);
    }
}
