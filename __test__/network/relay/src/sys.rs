//! The system calls.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;

const TUNSETCARRIER: libc::c_ulong = 0x4004_54e2;

fn check(value: libc::c_int) -> io::Result<libc::c_int> {
    if value < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(value)
    }
}

/// Moves this thread to a new network namespace.
pub fn leave_network() -> io::Result<()> {
    // SAFETY: takes no memory, and concerns this thread alone.
    check(unsafe { libc::unshare(libc::CLONE_NEWNET) }).map(drop)
}

/// Returns the number of this thread.
pub fn thread_id() -> i32 {
    // SAFETY: only asks.
    unsafe { libc::gettid() }
}

/// Makes a TUN device in this thread's namespace. A read brings one packet.
pub fn open_tun(name: &str) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NONBLOCK)
        .open("/dev/net/tun")?;
    // SAFETY: an all-zero ifreq is a valid value of that plain C struct.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes().take(15)) {
        *to = libc::c_char::from_ne_bytes([from]);
    }
    request.ifr_ifru.ifru_flags = i16::try_from(libc::IFF_TUN | libc::IFF_NO_PI).unwrap_or(0);
    // SAFETY: the request outlives the call.
    check(unsafe { libc::ioctl(file.as_raw_fd(), libc::TUNSETIFF, &mut request) })?;
    Ok(file)
}

/// Plugs the cable of a device in or out.
pub fn set_carrier(device: &File, is_on: bool) -> io::Result<()> {
    let value = libc::c_int::from(is_on);
    // SAFETY: the value outlives the call.
    check(unsafe { libc::ioctl(device.as_raw_fd(), TUNSETCARRIER, &value) }).map(drop)
}

/// Waits until one of the files can be read, for so many milliseconds at most. Returns which can.
pub fn wait<const N: usize>(files: [&dyn AsRawFd; N], timeout: i32) -> io::Result<[bool; N]> {
    let mut asked = files.map(|file| libc::pollfd {
        fd: file.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    });
    let count = libc::nfds_t::try_from(N).unwrap_or(0);
    // SAFETY: passes `N` live entries.
    check(unsafe { libc::poll(asked.as_mut_ptr(), count, timeout) })?;
    Ok(asked.map(|each| each.revents != 0))
}
