//! libuv's error numbers. On Unix they are the system's own, negated.

pub const ADDRINUSE: i32 = -libc::EADDRINUSE;
pub const AFNOSUPPORT: i32 = -libc::EAFNOSUPPORT;
pub const ALREADY: i32 = -libc::EALREADY;
pub const BADF: i32 = -libc::EBADF;
pub const BUSY: i32 = -libc::EBUSY;
pub const CONNREFUSED: i32 = -libc::ECONNREFUSED;
pub const INVAL: i32 = -libc::EINVAL;
pub const IO: i32 = -libc::EIO;
pub const NFILE: i32 = -libc::ENFILE;
pub const NOBUFS: i32 = -libc::ENOBUFS;
pub const NOTCONN: i32 = -libc::ENOTCONN;
pub const PIPE: i32 = -libc::EPIPE;

/// Converts a system errno to libuv's number.
pub const fn from_system(code: i32) -> i32 {
    -code
}
