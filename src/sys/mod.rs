//! The operating system, one folder a platform.
//!
//! What a platform supplies, each name with the same signature everywhere:
//!
//! - `socket`: `stream_socket`, `bind`, `listen`, `accept`, `connect`, `take_error`, `receive`,
//!   `send`, `send_vectored`, `shutdown_write`, `local_address`, `peer_address`, zones, `same`
//! - `options`: one function a socket option
//! - `descriptor`: `adopt`, `duplicate`, `describe`, `Access`, `Reserve` (the descriptor that is given up when
//!   the process has run out of them)
//! - `path`: addresses, permissions and removal of sockets in the file system
//! - `poller`: registering with a Tokio runtime, and finding the descriptor that a Tokio runtime polls with
//! - `splice`: `SplicePipe`, through which bytes go from socket to socket without a copy
//! - `symbols`: looking up libuv's functions in the running program
//!
//! All I/O on descriptors goes through here. No function retries anything but `EINTR`.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub use unix::*;
