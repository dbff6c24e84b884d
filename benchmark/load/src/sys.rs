//! The system calls that neither std nor socket2 wraps: the only unsafe code.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

/// How many events one wait takes.
const BATCH: usize = 1024;

/// What became ready.
pub struct Ready {
    pub token: u64,
    /// The peer sends no more: no other event will come, so read to the end.
    pub ended: bool,
}

/// An epoll instance. Everything is watched in both directions and
/// edge-triggered: registered once, no call after that.
pub struct Poller {
    epoll: OwnedFd,
    events: Vec<libc::epoll_event>,
}

impl Poller {
    pub fn new() -> io::Result<Self> {
        // SAFETY: takes no pointer.
        let fd = check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        Ok(Self {
            // SAFETY: the descriptor was made by the call above, and nobody else has it.
            epoll: unsafe { OwnedFd::from_raw_fd(fd) },
            events: vec![libc::epoll_event { events: 0, u64: 0 }; BATCH],
        })
    }

    /// Watches `source` until its descriptor is closed.
    pub fn add(&self, source: &impl AsRawFd, token: u64) -> io::Result<()> {
        let interest = libc::EPOLLIN | libc::EPOLLOUT | libc::EPOLLRDHUP | libc::EPOLLET;
        let mut event = libc::epoll_event {
            events: bits(interest),
            u64: token,
        };
        let (epoll, fd) = (self.epoll.as_raw_fd(), source.as_raw_fd());
        // SAFETY: `event` lives over the call, and the kernel copies it.
        check(unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, fd, &raw mut event) })?;
        Ok(())
    }

    /// What became ready; nothing where `timeout` went by.
    pub fn wait(&mut self, timeout: Duration) -> io::Result<impl Iterator<Item = Ready> + use<'_>> {
        let milliseconds = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
        let room = i32::try_from(self.events.len()).unwrap_or(i32::MAX);
        let (epoll, events) = (self.epoll.as_raw_fd(), self.events.as_mut_ptr());
        // SAFETY: `events` has room for `room` events and is not touched during the call.
        let ready = match check(unsafe { libc::epoll_wait(epoll, events, room, milliseconds) }) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            other => other?,
        };
        let ready = usize::try_from(ready).unwrap_or(0);
        let ended = bits(libc::EPOLLRDHUP | libc::EPOLLHUP | libc::EPOLLERR);
        Ok(self.events[..ready].iter().map(move |event| Ready {
            token: event.u64,
            ended: event.events & ended != 0,
        }))
    }
}

/// Microseconds of CPU that this process has used, user and system.
pub fn cpu_micros() -> io::Result<f64> {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` lives over the call, which fills it.
    check(unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) })?;
    Ok(time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3)
}

/// As many descriptors as this process may have without asking anybody.
pub fn raise_descriptor_limit() -> io::Result<()> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `limit` lives over the call, which fills it.
    check(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) })?;
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: `limit` lives over the call, which only reads it.
    check(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) })?;
    Ok(())
}

/// A bind to port 0 takes no port; the connect does, and may then share it with
/// connections to other servers.
pub fn choose_port_on_connect(socket: &impl AsRawFd) -> io::Result<()> {
    let (on, fd) = (1_i32, socket.as_raw_fd());
    // The size of a C int.
    let length = 4;
    // SAFETY: `on` is an int of `length` bytes and lives over the call.
    check(unsafe {
        libc::setsockopt(
            fd,
            libc::IPPROTO_IP,
            libc::IP_BIND_ADDRESS_NO_PORT,
            (&raw const on).cast(),
            length,
        )
    })?;
    Ok(())
}

/// epoll's flags as epoll wants them: the constants are signed.
fn bits(flags: i32) -> u32 {
    u32::from_ne_bytes(flags.to_ne_bytes())
}

fn check(result: i32) -> io::Result<i32> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}
