//! Stream sockets: one function for each system call.

use std::io;
use std::mem::MaybeUninit;
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use socket2::{Domain, SockAddr, SockRef, Socket, Type};

use super::{check_len, uninterrupted, Lent};
use crate::sys::{Bytes, Room};

/// Creates a non-blocking, close-on-exec stream socket.
pub fn stream_socket(domain: Domain) -> io::Result<OwnedFd> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let socket = Socket::new_raw(domain, Type::STREAM.nonblocking().cloexec(), None)?;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let socket = {
        let socket = Socket::new(domain, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket
    };
    Ok(socket.into())
}

pub fn bind(fd: BorrowedFd<'_>, address: &SockAddr) -> io::Result<()> {
    SockRef::from(&fd).bind(address)
}

pub fn listen(fd: BorrowedFd<'_>, backlog: i32) -> io::Result<()> {
    SockRef::from(&fd).listen(backlog)
}

/// Accepts one connection, non-blocking and close-on-exec.
pub fn accept(fd: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
        let accepted = uninterrupted(|| {
            // SAFETY: the descriptor is open while it is borrowed; the addresses may be null.
            super::check(unsafe {
                libc::accept4(
                    fd.as_raw_fd(),
                    std::ptr::null_mut(),
                    std::ptr::null_mut(),
                    flags,
                )
            })
        })?;
        // SAFETY: the call returned a new descriptor that has no other owner.
        Ok(unsafe { std::os::fd::FromRawFd::from_raw_fd(accepted) })
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let (accepted, _) = uninterrupted(|| SockRef::from(&fd).accept())?;
        accepted.set_nonblocking(true)?;
        Ok(accepted.into())
    }
}

/// Starts to connect. `EINPROGRESS` is returned as an error: see [`is_in_progress`].
pub fn connect(fd: BorrowedFd<'_>, address: &SockAddr) -> io::Result<()> {
    uninterrupted(|| SockRef::from(&fd).connect(address))
}

/// True when a connect that returned `error` continues in the background.
pub fn is_in_progress(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EINPROGRESS)
}

/// Returns and clears the socket's pending error (`SO_ERROR`).
pub fn take_error(fd: BorrowedFd<'_>) -> io::Result<Option<io::Error>> {
    SockRef::from(&fd).take_error()
}

/// True when nothing is left to read and the peer has ended or reset the connection. Takes nothing
/// from the connection. False for what is not a socket.
pub fn has_ended(fd: BorrowedFd<'_>) -> bool {
    peek(fd).is_some_and(|count| count == 0)
}

/// True when bytes, an EOF or an error can be read. Takes nothing from the connection. False for what
/// is not a socket.
pub fn has_input(fd: BorrowedFd<'_>) -> bool {
    peek(fd).is_some()
}

/// Returns how many of one byte can be read, 0 at the end or after an error; `None` where nothing is
/// known to wait.
fn peek(fd: BorrowedFd<'_>) -> Option<usize> {
    let mut byte = [MaybeUninit::uninit()];
    match uninterrupted(|| SockRef::from(&fd).peek(&mut byte)) {
        Ok(count) => Some(count),
        Err(error) => match error.raw_os_error() {
            Some(libc::EAGAIN | libc::ENOTSOCK) => None,
            _ => Some(0),
        },
    }
}

/// Reads the bytes that are available. `recv` is tried first, as it is the shorter path in the
/// kernel; `read` also serves pipes and terminals.
pub fn receive(fd: BorrowedFd<'_>, mut room: Room<'_>) -> io::Result<usize> {
    let (fd, start, length) = (fd.as_raw_fd(), room.start(), room.len());
    or_as_file(
        // SAFETY: a Room is writable for its length.
        || check_len(unsafe { libc::recv(fd, start.cast(), length, 0) }),
        // SAFETY: as above.
        || check_len(unsafe { libc::read(fd, start.cast(), length) }),
    )
}

/// Reads the bytes that are available, and leaves them where they are.
pub fn look(fd: BorrowedFd<'_>, mut room: Room<'_>) -> io::Result<usize> {
    let (fd, start, length) = (fd.as_raw_fd(), room.start(), room.len());
    uninterrupted(|| {
        // SAFETY: a Room is writable for its length.
        check_len(unsafe { libc::recv(fd, start.cast(), length, libc::MSG_PEEK) })
    })
}

/// Returns how many bytes can be read at once.
///
/// # Errors
/// The kernel's, for a descriptor that cannot tell.
pub fn available(fd: BorrowedFd<'_>) -> io::Result<usize> {
    let mut count: libc::c_int = 0;
    // SAFETY: the call writes one integer, which outlives it.
    super::check(unsafe { libc::ioctl(fd.as_raw_fd(), libc::FIONREAD, &mut count) })?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// Runs `as_socket`, or `as_file` if the descriptor is not a socket.
fn or_as_file(
    as_socket: impl FnMut() -> io::Result<usize>,
    as_file: impl FnMut() -> io::Result<usize>,
) -> io::Result<usize> {
    match uninterrupted(as_socket) {
        Err(error) if error.raw_os_error() == Some(libc::ENOTSOCK) => uninterrupted(as_file),
        result => result,
    }
}

/// Makes a closed peer give `EPIPE` and no signal, also in processes other than Node's.
#[cfg(not(target_vendor = "apple"))]
pub(super) const NO_SIGNAL: libc::c_int = libc::MSG_NOSIGNAL;
#[cfg(target_vendor = "apple")]
pub(super) const NO_SIGNAL: libc::c_int = 0;

/// Sends as much of one buffer as fits.
pub fn send(fd: BorrowedFd<'_>, bytes: Bytes<'_>) -> io::Result<usize> {
    // SAFETY: the descriptor is open while borrowed.
    unsafe { send_lent(Lent(fd.as_raw_fd()), bytes) }
}

/// As [`send`], on a descriptor that was lent.
///
/// # Safety
/// The descriptor stays open over the call.
pub unsafe fn send_lent(Lent(fd): Lent, bytes: Bytes<'_>) -> io::Result<usize> {
    let (start, length) = (bytes.start(), bytes.len());
    or_as_file(
        // SAFETY: the descriptor is open by the contract, and Bytes are readable over their length.
        || check_len(unsafe { libc::send(fd, start.cast(), length, NO_SIGNAL) }),
        // SAFETY: as above.
        || check_len(unsafe { libc::write(fd, start.cast(), length) }),
    )
}

/// Most buffers that the kernel takes in one call, on each Unix; the rest waits for the next call.
const MOST: usize = 1024;

/// So many buffers cost no more than a short vector. A head with its body has two.
const FEW: usize = 16;

/// Sends as much of several buffers as fits, in order. `writev` serves sockets, pipes and terminals
/// alike: every Node process ignores `SIGPIPE`.
pub fn send_vectored(fd: BorrowedFd<'_>, buffers: &[Bytes<'_>]) -> io::Result<usize> {
    if buffers.len() <= FEW {
        send_at_most::<FEW>(fd, buffers)
    } else {
        send_at_most::<MOST>(fd, buffers)
    }
}

/// Sends as much as fits of the first `N` buffers.
fn send_at_most<const N: usize>(fd: BorrowedFd<'_>, buffers: &[Bytes<'_>]) -> io::Result<usize> {
    let mut vector = [libc::iovec {
        iov_base: std::ptr::null_mut(),
        iov_len: 0,
    }; N];
    let mut count = 0;
    for (entry, bytes) in vector.iter_mut().zip(buffers) {
        entry.iov_base = bytes.start().cast_mut().cast();
        entry.iov_len = bytes.len();
        count += 1;
    }
    uninterrupted(|| {
        // SAFETY: Bytes are readable for their length, and the first `count` entries are filled.
        check_len(unsafe { libc::writev(fd.as_raw_fd(), vector.as_ptr(), count) })
    })
}

/// Asks whether a write would find room. A write that was cut short does not tell: a signal may
/// have cut it. The kernel has room for TCP once a third of its buffer is free, and reports that
/// as an edge.
///
/// # Errors
/// `WouldBlock` where there is no room, `BrokenPipe` where the next write would fail, with an error
/// that stays with the socket.
pub fn check_room(fd: BorrowedFd<'_>) -> io::Result<()> {
    let mut asked = libc::pollfd {
        fd: fd.as_raw_fd(),
        events: libc::POLLOUT,
        revents: 0,
    };
    // SAFETY: passes one live entry; the descriptor is open while borrowed.
    match unsafe { libc::poll(&mut asked, 1, 0) } {
        0 => Err(io::ErrorKind::WouldBlock.into()),
        _ if asked.revents & (libc::POLLERR | libc::POLLHUP) != 0 => {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        _ => Ok(()),
    }
}

/// True when the kernel has no memory for a packet. The connection still works, and libuv tries
/// such a write again.
pub fn is_out_of_buffers(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ENOBUFS)
}

/// True when a write must be made again later.
pub fn is_full(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock || is_out_of_buffers(error)
}

pub fn shutdown_write(fd: BorrowedFd<'_>) -> io::Result<()> {
    SockRef::from(&fd).shutdown(Shutdown::Write)
}

/// Returns the local internet address; `None` for a socket of another family.
pub fn local_address(fd: BorrowedFd<'_>) -> io::Result<Option<SocketAddr>> {
    Ok(SockRef::from(&fd).local_addr()?.as_socket())
}

/// Returns the peer's internet address; `None` for a socket of another family.
pub fn peer_address(fd: BorrowedFd<'_>) -> io::Result<Option<SocketAddr>> {
    Ok(SockRef::from(&fd).peer_addr()?.as_socket())
}

/// Returns the local name of a Unix-domain socket. A connected client sees it as its peer's name.
pub fn local_name(fd: BorrowedFd<'_>) -> io::Result<Option<SockAddr>> {
    SockRef::from(&fd).local_addr().map(Some)
}

/// Returns the name of a Unix-domain socket's peer.
pub fn peer_name(fd: BorrowedFd<'_>) -> io::Result<Option<SockAddr>> {
    SockRef::from(&fd).peer_addr().map(Some)
}

/// Returns the interface number of an IPv6 zone, given by name or number; zero if there is none.
pub fn zone_index(zone: &str) -> u32 {
    let Ok(name) = std::ffi::CString::new(zone) else {
        return 0;
    };
    // SAFETY: the name is NUL-terminated and outlives the call.
    let index = unsafe { libc::if_nametoindex(name.as_ptr()) };
    if index != 0 {
        return index;
    }
    zone.parse().unwrap_or(0)
}

/// Returns the interface name of an IPv6 zone number.
pub fn zone_name(index: u32) -> Option<String> {
    let mut name = [0u8; libc::IF_NAMESIZE];
    // SAFETY: the buffer has the IF_NAMESIZE bytes that the call may write.
    let found = unsafe { libc::if_indextoname(index, name.as_mut_ptr().cast()) };
    if found.is_null() {
        return None;
    }
    let end = name.iter().position(|&byte| byte == 0)?;
    String::from_utf8(name[..end].to_vec()).ok()
}
