//! Failures, numbered as libuv numbers them: zero or a negative errno.

use std::io;

use crate::sys::errno;

/// A failure, held as the negative libuv errno that JavaScript receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(i32);

/// The result of an operation below the binding layer.
pub type Result<T> = std::result::Result<T, Errno>;

/// libuv's end-of-file marker; not a system errno.
pub const UV_EOF: i32 = -4095;
/// libuv's "unknown error", used for a failure that carries no errno.
pub const UV_UNKNOWN: i32 = -4094;

impl Errno {
    pub const ADDRINUSE: Self = Self(errno::ADDRINUSE);
    pub const AFNOSUPPORT: Self = Self(errno::AFNOSUPPORT);
    pub const ALREADY: Self = Self(errno::ALREADY);
    pub const BADF: Self = Self(errno::BADF);
    pub const BUSY: Self = Self(errno::BUSY);
    pub const CONNREFUSED: Self = Self(errno::CONNREFUSED);
    pub const INVAL: Self = Self(errno::INVAL);
    pub const IO: Self = Self(errno::IO);
    pub const NFILE: Self = Self(errno::NFILE);
    pub const NOBUFS: Self = Self(errno::NOBUFS);
    pub const NOTCONN: Self = Self(errno::NOTCONN);
    pub const PIPE: Self = Self(errno::PIPE);
}

impl Errno {
    /// Wraps a negative libuv errno that JavaScript passed in.
    pub const fn from_code(code: i32) -> Self {
        Self(code)
    }

    /// Returns the negative libuv errno.
    pub const fn code(self) -> i32 {
        self.0
    }
}

impl From<io::Error> for Errno {
    fn from(error: io::Error) -> Self {
        Self::from(&error)
    }
}

impl From<&io::Error> for Errno {
    fn from(error: &io::Error) -> Self {
        Self(error.raw_os_error().map_or(UV_UNKNOWN, errno::from_system))
    }
}

/// Converts a result into the handle contract's status: zero or a negative errno.
pub fn status(result: Result<()>) -> i32 {
    match result {
        Ok(()) => 0,
        Err(errno) => errno.code(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn an_os_error_becomes_its_negative_errno() {
        let error = io::Error::from_raw_os_error(libc::EPIPE);
        assert_eq!(Errno::from(error), Errno::PIPE);
    }

    #[test]
    fn an_error_without_errno_is_unknown() {
        assert_eq!(Errno::from(io::Error::other("x")).code(), UV_UNKNOWN);
    }

    #[test]
    fn success_is_zero() {
        assert_eq!(status(Ok(())), 0);
        assert_eq!(status(Err(Errno::INVAL)), errno::INVAL);
    }
}
