//! Stream sockets: one function for each system call. Functions that read, write or accept also
//! take pipes.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr};
use std::os::windows::io::{AsRawSocket, BorrowedSocket, RawSocket};
use std::ptr;

use socket2::{Domain, SockAddr, SockRef, Socket, Type};
use windows_sys::Win32::Networking::WinSock::{
    recv, send as send_to, WSAIoctl, SIO_TCP_INITIAL_RTO, TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS,
    TCP_INITIAL_RTO_PARAMETERS, WSAECONNABORTED, WSAECONNRESET, WSAEINVAL, WSAEWOULDBLOCK,
};

use super::{system_error, BorrowedDescriptor, Descriptor};
use crate::sys::{Bytes, Room};

/// Creates a non-blocking stream socket that child processes do not inherit.
pub fn stream_socket(domain: Domain) -> io::Result<Descriptor> {
    let socket = Socket::new(domain, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    Ok(Descriptor::Socket(socket.into()))
}

/// Binds the socket to an address.
pub fn bind(fd: BorrowedDescriptor<'_>, address: &SockAddr) -> io::Result<()> {
    SockRef::from(&fd.socket()?).bind(address)
}

/// Starts to listen. A socket that is not bound gets a free port on all IPv4 addresses. Other
/// systems do that by themselves.
pub fn listen(fd: BorrowedDescriptor<'_>, backlog: i32) -> io::Result<()> {
    let fd = fd.socket()?;
    let socket = SockRef::from(&fd);
    match socket.listen(backlog) {
        Err(error) if error.raw_os_error() == Some(WSAEINVAL) && socket.local_addr().is_err() => {
            socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)).into())?;
            socket.listen(backlog)
        }
        result => result,
    }
}

/// Accepts one connection, non-blocking. On a pipe, takes an instance that a client has opened.
pub fn accept(fd: BorrowedDescriptor<'_>) -> io::Result<Descriptor> {
    let socket = match fd {
        BorrowedDescriptor::Socket(socket) => socket,
        BorrowedDescriptor::Pipe(pipe) => return pipe.accept(),
    };
    match SockRef::from(&socket).accept() {
        Ok((accepted, _)) => {
            accepted.set_nonblocking(true)?;
            Ok(Descriptor::Socket(accepted.into()))
        }
        // The peer was gone before the accept; other systems report an abort.
        Err(error) if error.raw_os_error() == Some(WSAECONNRESET) => {
            Err(system_error(WSAECONNABORTED))
        }
        Err(error) => Err(error),
    }
}

/// Starts to connect. `WSAEWOULDBLOCK` is returned as an error: see [`is_in_progress`].
pub fn connect(fd: BorrowedDescriptor<'_>, address: &SockAddr) -> io::Result<()> {
    let fd = fd.socket()?;
    let address = address.as_socket().map(localhost_if_unspecified);
    let address = address.ok_or_else(|| system_error(WSAEINVAL))?;
    if address.ip().is_loopback() {
        refuse_at_once(fd);
    }
    SockRef::from(&fd).connect(&address.into())
}

/// Replaces the unspecified address by this machine's, as other systems do.
fn localhost_if_unspecified(address: SocketAddr) -> SocketAddr {
    let localhost: IpAddr = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        _ => return address,
    };
    SocketAddr::new(localhost, address.port())
}

/// Makes a refused loopback connect fail at once. Windows retries it for two seconds, but no server
/// on the loopback is likely to start to listen by then. A system without this option is left to
/// its retries.
fn refuse_at_once(socket: BorrowedSocket<'_>) {
    let parameters = TCP_INITIAL_RTO_PARAMETERS {
        // Zero selects the default time to wait for the first answer.
        Rtt: 0,
        MaxSynRetransmissions: TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS.to_le_bytes()[0],
    };
    let mut written = 0;
    // SAFETY: the structure and its size are those of this option and outlive the call, which is
    // not overlapped.
    unsafe {
        WSAIoctl(
            raw(socket),
            SIO_TCP_INITIAL_RTO,
            ptr::from_ref(&parameters).cast(),
            u32::try_from(size_of_val(&parameters)).unwrap_or(0),
            ptr::null_mut(),
            0,
            &mut written,
            ptr::null_mut(),
            None,
        )
    };
}

/// True when a connect that returned `error` continues in the background.
pub fn is_in_progress(error: &io::Error) -> bool {
    error.raw_os_error() == Some(WSAEWOULDBLOCK)
}

/// Returns and clears the socket's pending error (`SO_ERROR`). For a pipe, returns the error of
/// opening it.
pub fn take_error(fd: BorrowedDescriptor<'_>) -> io::Result<Option<io::Error>> {
    match fd {
        BorrowedDescriptor::Socket(socket) => SockRef::from(&socket).take_error(),
        BorrowedDescriptor::Pipe(pipe) => Ok(pipe.finish_opening().err()),
    }
}

/// Reads the bytes that are available.
pub fn receive(fd: BorrowedDescriptor<'_>, room: Room<'_>) -> io::Result<usize> {
    match fd {
        BorrowedDescriptor::Socket(socket) => receive_from(socket, room),
        BorrowedDescriptor::Pipe(pipe) => pipe.receive(room),
    }
}

fn receive_from(socket: BorrowedSocket<'_>, mut room: Room<'_>) -> io::Result<usize> {
    let length = i32::try_from(room.len()).unwrap_or(i32::MAX);
    // SAFETY: a Room is writable for its length.
    let read = unsafe { recv(raw(socket), room.start(), length, 0) };
    check_len(read).map_err(|error| match error.raw_os_error() {
        // Other systems report a reset, whichever side has aborted the connection.
        Some(WSAECONNABORTED) => system_error(WSAECONNRESET),
        _ => error,
    })
}

/// Upper bound of one send, in bytes. As long as there is room for one byte, Winsock takes a whole
/// buffer of any size. A write of any size would then count as sent.
const SEND_STEP: usize = 64 * 1024;

/// Sends as much of one buffer as fits.
pub fn send(fd: BorrowedDescriptor<'_>, bytes: Bytes<'_>) -> io::Result<usize> {
    match fd {
        BorrowedDescriptor::Socket(socket) => send_raw(socket.as_raw_socket(), bytes),
        BorrowedDescriptor::Pipe(pipe) => pipe.send_vectored(&[bytes]),
    }
}

/// Does the same as [`send`] by number. The caller must ensure that the socket stays open during
/// the call.
pub fn send_raw(socket: RawSocket, bytes: Bytes<'_>) -> io::Result<usize> {
    let length = i32::try_from(bytes.len().min(SEND_STEP)).unwrap_or(i32::MAX);
    // SAFETY: Bytes are readable for their length.
    check_len(unsafe { send_to(to_winsock(socket), bytes.start(), length, 0) })
}

/// Sends as much of several buffers as fits, in order.
pub fn send_vectored(fd: BorrowedDescriptor<'_>, buffers: &[Bytes<'_>]) -> io::Result<usize> {
    let socket = match fd {
        BorrowedDescriptor::Socket(socket) => socket.as_raw_socket(),
        BorrowedDescriptor::Pipe(pipe) => return pipe.send_vectored(buffers),
    };
    match buffers.iter().find(|bytes| bytes.len() > 0) {
        None => Ok(0),
        Some(&first) if first.len() >= SEND_STEP => send_raw(socket, first),
        Some(_) => send_raw(socket, join(buffers, SEND_STEP).as_slice().into()),
    }
}

/// Copies the first `most` bytes of several buffers, so that small ones need one system call.
pub(super) fn join(buffers: &[Bytes<'_>], most: usize) -> Vec<u8> {
    let mut joined = Vec::new();
    for bytes in buffers {
        joined.append(&mut bytes.copy(most - joined.len()));
    }
    joined
}

/// Returns false: on Windows a lack of memory for packets ends the connection.
pub fn is_out_of_buffers(_error: &io::Error) -> bool {
    false
}

/// True when a write must be made again later.
pub fn is_full(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

/// Shuts down the writing side of a descriptor that is not registered.
pub fn shutdown_write(fd: BorrowedDescriptor<'_>) -> io::Result<()> {
    match fd {
        BorrowedDescriptor::Socket(socket) => SockRef::from(&socket).shutdown(Shutdown::Write),
        BorrowedDescriptor::Pipe(pipe) => pipe.shutdown(),
    }
}

/// Returns the local internet address; `None` for a pipe.
pub fn local_address(fd: BorrowedDescriptor<'_>) -> io::Result<Option<SocketAddr>> {
    match fd {
        BorrowedDescriptor::Socket(socket) => Ok(SockRef::from(&socket).local_addr()?.as_socket()),
        BorrowedDescriptor::Pipe(_) => Ok(None),
    }
}

/// Returns the peer's internet address; `None` for a pipe.
pub fn peer_address(fd: BorrowedDescriptor<'_>) -> io::Result<Option<SocketAddr>> {
    match fd {
        BorrowedDescriptor::Socket(socket) => Ok(SockRef::from(&socket).peer_addr()?.as_socket()),
        BorrowedDescriptor::Pipe(_) => Ok(None),
    }
}

/// Returns `None`: a client of a pipe does not know its peer's name.
///
/// # Errors
/// None on Windows.
pub fn local_name(_fd: BorrowedDescriptor<'_>) -> io::Result<Option<SockAddr>> {
    Ok(None)
}

/// Returns `None`, as [`local_name`] does.
///
/// # Errors
/// None on Windows.
pub fn peer_name(_fd: BorrowedDescriptor<'_>) -> io::Result<Option<SockAddr>> {
    Ok(None)
}

/// Returns the number of an IPv6 zone, zero if it is not a number. Windows zones are numbers.
pub fn zone_index(zone: &str) -> u32 {
    zone.parse().unwrap_or(0)
}

/// Returns the text of an IPv6 zone number.
pub fn zone_name(index: u32) -> Option<String> {
    Some(index.to_string())
}

fn raw(socket: BorrowedSocket<'_>) -> usize {
    to_winsock(socket.as_raw_socket())
}

/// Converts std's socket type to Winsock's. Both are as wide as a pointer.
fn to_winsock(socket: RawSocket) -> usize {
    usize::try_from(socket).unwrap_or(usize::MAX)
}

/// Converts a byte count of Winsock's; a negative one means that it has stored an error.
fn check_len(count: i32) -> io::Result<usize> {
    usize::try_from(count).map_err(|_| io::Error::last_os_error())
}
