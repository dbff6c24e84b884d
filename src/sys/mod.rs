//! The operating system, one folder a platform.
//!
//! What a platform supplies, each name with the same signature everywhere:
//!
//! - `Descriptor`, `BorrowedDescriptor` and `Lent`: something open that is owned, borrowed, or named to
//!   another thread
//! - `socket`: `stream_socket`, `bind`, `listen`, `accept`, `connect`, `take_error`, `receive`,
//!   `send`, `send_vectored`, `send_lent`, `is_full`, `is_out_of_buffers`, `local_address`,
//!   `peer_address`, `local_name`, `peer_name`, zones
//! - `options`: one function a socket option
//! - `descriptor`: `borrow`, `lend`, `number`, `adopt`, `duplicate`, `describe`, `Reserve` (the
//!   descriptor that is given up when the process has run out of them)
//! - `path`: sockets and pipes that have a name: made, connected, permitted and removed by it
//! - `poller`: `Registration`, a descriptor registered with a Tokio runtime (`runtime/mod.rs` says what it
//!   must do), and finding the descriptor that a Tokio runtime polls with
//! - `waker`: what a thread wakes the reactor with
//! - `splice`: `SplicePipe`, through which bytes go from socket to socket without a copy
//! - `symbols`: looking up libuv's functions in the running program
//! - `errno`: libuv's numbers, and what the system's become among them
//!
//! All I/O on descriptors goes through here. No function retries anything but `EINTR`.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};

#[cfg(all(feature = "faults", target_os = "linux"))]
pub mod faults;
mod memory;
pub use memory::{Bytes, Room};

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub use unix::*;
#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub use windows::*;

/// What can be done with a descriptor.
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

/// The direction in which something is ready.
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
    /// Not ready: the waker is set.
    Pending,
    /// Not ready, where the poller had said so. It has forgotten that: to be tried again.
    Stale,
}

/// `SO_KEEPALIVE` and its timers, in whole seconds. libuv's defaults: one second, ten probes.
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
    // This sets SO_KEEPALIVE first.
    socket.set_tcp_keepalive(&timers)
}
