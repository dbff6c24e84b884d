//! The operating system, with one folder for each platform.
//!
//! Every platform supplies these names with the same signatures:
//!
//! - `Descriptor`, `BorrowedDescriptor` and `RawDescriptor`: an open socket or pipe, owned,
//!   borrowed, or named for use on another thread
//! - `socket`: `stream_socket`, `bind`, `listen`, `accept`, `connect`, `take_error`, `has_ended`, `has_input`,
//!   `available`, `look`, `receive`, `send`, `send_vectored`, `send_lent`, `check_room`, `is_full`,
//!   `is_out_of_buffers`, `local_address`, `peer_address`, `local_name`, `peer_name`, zones
//! - `options`: one function for each socket option
//! - `named`: the options that programs set by name, and what the kernel knows of a connection
//! - `descriptor`: `borrow`, `number`, `adopt`, `duplicate`, `describe`, and `Reserve` (the
//!   descriptor released when the process has run out of them)
//! - `passing`: `receive`, `send` and `hold`, for descriptors that are passed over a Unix-domain socket
//! - `path`: sockets and pipes with a name: bind, connect, permissions and removal
//! - `takeover`: a bind that replaces a name which a process has left behind
//! - `poller`: `Registration`, a descriptor registered with a Tokio runtime, and `find`, which
//!   finds the descriptor that the runtime polls with
//! - `waker`: what a thread wakes the reactor with
//! - `splice`: `SplicePipe`, which moves bytes from socket to socket without a copy
//! - `symbols`: looks up libuv's functions in the running program
//! - `errno`: libuv's error numbers, and the conversion from the system's
//!
//! All I/O on descriptors goes through here. No function retries an error other than `EINTR`.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};

#[cfg(all(feature = "faults", target_os = "linux"))]
pub mod faults;
mod memory;
mod named_option;
pub use memory::{Bytes, Room};
pub use named_option::{NumberOption, TextOption};

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub use unix::*;
#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub use windows::*;

/// The directions that a descriptor was opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    pub readable: bool,
    pub writable: bool,
}

impl Access {
    pub const NONE: Self = Self {
        readable: false,
        writable: false,
    };
    pub const FULL: Self = Self {
        readable: true,
        writable: true,
    };
}

/// Who is at the other end of a Unix-domain socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// `None` on systems that do not tell; 0 for a process that is not visible here.
    pub pid: Option<u32>,
    pub uid: u32,
    pub gid: u32,
}

/// What one receive has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// In bytes; 0 at the end.
    pub length: usize,
    /// It ended with bytes that descriptors came with, whether or not these were taken. More bytes may
    /// wait, although there was room for them.
    pub is_cut: bool,
}

impl Received {
    /// Makes what a receive has brought that knows of no descriptors.
    pub fn whole(length: usize) -> Self {
        Self {
            length,
            is_cut: false,
        }
    }
}

/// A direction of readiness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    Read,
    Write,
}

/// What one try of an operation on a registered descriptor came to.
#[derive(Debug)]
pub enum Tried<T> {
    Done(T),
    Failed(io::Error),
    /// Not ready; the waker is registered.
    Pending,
    /// The poller reported readiness but the operation would block. That readiness is cleared.
    Stale,
}

/// More than any system allows, in bytes; Linux doubles what it is given.
const MOST_SEND_BUFFER: usize = 1 << 30;

/// Sets `SO_KEEPALIVE` and its timers, which are in whole seconds. The defaults are libuv's: an
/// interval of one second and ten probes.
fn start_keep_alive(
    socket: &SockRef<'_>,
    delay: u32,
    interval: Option<u32>,
    count: Option<u32>,
) -> io::Result<()> {
    let timers = TcpKeepalive::new()
        .with_time(Duration::from_secs(delay.into()))
        .with_interval(Duration::from_secs(interval.unwrap_or(1).into()))
        .with_retries(count.unwrap_or(10));
    // Also sets SO_KEEPALIVE, before the timers.
    socket.set_tcp_keepalive(&timers)
}
