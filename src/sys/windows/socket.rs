//! Stream sockets: one function, one system call. What is read from and written to may be a pipe.

use std::io;
use std::mem::MaybeUninit;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr};
use std::os::windows::io::{AsRawSocket, BorrowedSocket, RawSocket};
use std::ptr;

use socket2::{Domain, SockAddr, SockRef, Socket, Type};
use windows_sys::Win32::Networking::WinSock::{
    recv, send as send_to, WSAIoctl, MSG_PEEK, SEND_RECV_FLAGS, SIO_TCP_INITIAL_RTO,
    TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS, TCP_INITIAL_RTO_PARAMETERS, WSAECONNABORTED,
    WSAECONNRESET, WSAEINVAL, WSAEWOULDBLOCK,
};

use super::{system_error, BorrowedDescriptor, Descriptor, Lent};
use crate::sys::{Bytes, Room};

/// A non-blocking stream socket that children do not inherit.
pub fn stream_socket(domain: Domain) -> io::Result<Descriptor> {
    let socket = Socket::new(domain, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    Ok(Descriptor::Socket(socket.into()))
}

pub fn bind(fd: BorrowedDescriptor<'_>, address: &SockAddr) -> io::Result<()> {
    SockRef::from(&fd.socket()?).bind(address)
}

/// Starts to listen. A socket that is not bound gets a free port on all IPv4 addresses, which other
/// systems see to by themselves.
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

/// Takes one connection off the backlog, non-blocking; of a pipe, one that has been opened.
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
        // The peer has gone before it was taken: other systems call that an abort.
        Err(error) if error.raw_os_error() == Some(WSAECONNRESET) => {
            Err(system_error(WSAECONNABORTED))
        }
        Err(error) => Err(error),
    }
}

/// Nobody asks for this here: every read goes by way of the slab.
///
/// # Errors
/// Always.
pub fn available(_fd: BorrowedDescriptor<'_>) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Starts a connect. `WSAEWOULDBLOCK` comes back as an error, for the caller to judge.
pub fn connect(fd: BorrowedDescriptor<'_>, address: &SockAddr) -> io::Result<()> {
    let fd = fd.socket()?;
    let address = address.as_socket().map(localhost_if_unspecified);
    let address = address.ok_or_else(|| system_error(WSAEINVAL))?;
    if address.ip().is_loopback() {
        refuse_at_once(fd);
    }
    SockRef::from(&fd).connect(&address.into())
}

/// The unspecified address is this machine, as elsewhere.
fn localhost_if_unspecified(address: SocketAddr) -> SocketAddr {
    let localhost: IpAddr = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        _ => return address,
    };
    SocketAddr::new(localhost, address.port())
}

/// Windows tries a refused connect again, for two seconds. On the loopback nobody will have begun to
/// listen by then. Where the system does not know the option it takes as long as it takes.
fn refuse_at_once(socket: BorrowedSocket<'_>) {
    let parameters = TCP_INITIAL_RTO_PARAMETERS {
        // The usual time to wait for the first answer.
        Rtt: 0,
        MaxSynRetransmissions: TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS.to_le_bytes()[0],
    };
    let mut written = 0;
    // SAFETY: the structure and its size are those of this option, and outlive the call, which is
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

/// Whether a connect that returned `error` goes on in the background.
pub fn is_in_progress(error: &io::Error) -> bool {
    error.raw_os_error() == Some(WSAEWOULDBLOCK)
}

/// The error that the kernel keeps for this socket (`SO_ERROR`), which it then forgets; of a pipe, the
/// outcome of opening it.
pub fn take_error(fd: BorrowedDescriptor<'_>) -> io::Result<Option<io::Error>> {
    match fd {
        BorrowedDescriptor::Socket(socket) => SockRef::from(&socket).take_error(),
        BorrowedDescriptor::Pipe(pipe) => Ok(pipe.finish_opening().err()),
    }
}

/// True when nothing is left to read and the peer has ended or reset the connection. Takes nothing
/// from the connection. False for a pipe.
pub fn has_ended(fd: BorrowedDescriptor<'_>) -> bool {
    peek(fd).is_some_and(|count| count == 0)
}

/// True when bytes, an EOF or an error can be read. Takes nothing from the connection. False for a
/// pipe.
pub fn has_input(fd: BorrowedDescriptor<'_>) -> bool {
    peek(fd).is_some()
}

/// Returns how many of one byte can be read, 0 at the end or after an error; `None` where nothing is
/// known to wait.
fn peek(fd: BorrowedDescriptor<'_>) -> Option<usize> {
    let BorrowedDescriptor::Socket(socket) = fd else {
        return None;
    };
    let mut byte = [MaybeUninit::uninit()];
    match SockRef::from(&socket).peek(&mut byte) {
        Ok(count) => Some(count),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
        Err(_) => Some(0),
    }
}

/// Reads what is there.
pub fn receive(fd: BorrowedDescriptor<'_>, room: Room<'_>) -> io::Result<usize> {
    match fd {
        BorrowedDescriptor::Socket(socket) => receive_from(socket, room, 0),
        BorrowedDescriptor::Pipe(pipe) => pipe.receive(room),
    }
}

/// Reads received bytes without removing them from the kernel's buffer.
///
/// # Errors
/// `Unsupported` for a pipe, and the system's.
pub fn look(fd: BorrowedDescriptor<'_>, room: Room<'_>) -> io::Result<usize> {
    match fd {
        BorrowedDescriptor::Socket(socket) => receive_from(socket, room, MSG_PEEK),
        BorrowedDescriptor::Pipe(_) => Err(io::ErrorKind::Unsupported.into()),
    }
}

fn receive_from(
    socket: BorrowedSocket<'_>,
    mut room: Room<'_>,
    flags: SEND_RECV_FLAGS,
) -> io::Result<usize> {
    let length = i32::try_from(room.len()).unwrap_or(i32::MAX);
    // SAFETY: a Room is writable over its length.
    let read = unsafe { recv(raw(socket), room.start(), length, flags) };
    check_len(read).map_err(|error| match error.raw_os_error() {
        // Whoever has ended the connection: a reset, as other systems call it.
        Some(WSAECONNABORTED) => system_error(WSAECONNRESET),
        _ => error,
    })
}

/// The most that one call is given to send. Winsock takes all of a buffer as long as there is room for
/// its first byte, however large it is, and a write of any size would be as good as sent.
const SEND_STEP: usize = 64 * 1024;

/// Writes what fits of one buffer.
pub fn send(fd: BorrowedDescriptor<'_>, bytes: Bytes<'_>) -> io::Result<usize> {
    match fd {
        BorrowedDescriptor::Socket(socket) => send_on(socket, bytes),
        BorrowedDescriptor::Pipe(pipe) => pipe.send_vectored(&[bytes]),
    }
}

fn send_on(socket: BorrowedSocket<'_>, bytes: Bytes<'_>) -> io::Result<usize> {
    // SAFETY: the socket is open while borrowed.
    unsafe { send_lent(Lent(socket.as_raw_socket()), bytes) }
}

/// As [`send`], on a socket that was lent.
///
/// # Safety
/// The socket stays open over the call.
pub unsafe fn send_lent(Lent(socket): Lent, bytes: Bytes<'_>) -> io::Result<usize> {
    let length = i32::try_from(bytes.len().min(SEND_STEP)).unwrap_or(i32::MAX);
    // SAFETY: the socket is open by the contract, and Bytes are readable over their length.
    check_len(unsafe { send_to(to_winsock(socket), bytes.start(), length, 0) })
}

/// Writes what fits of several buffers, in order.
pub fn send_vectored(fd: BorrowedDescriptor<'_>, buffers: &[Bytes<'_>]) -> io::Result<usize> {
    let socket = match fd {
        BorrowedDescriptor::Socket(socket) => socket,
        BorrowedDescriptor::Pipe(pipe) => return pipe.send_vectored(buffers),
    };
    match buffers.iter().find(|bytes| bytes.len() > 0) {
        None => Ok(0),
        Some(&first) if first.len() >= SEND_STEP => send_on(socket, first),
        Some(_) => send_on(socket, join(buffers, SEND_STEP).as_slice().into()),
    }
}

/// Copies the first `most` bytes of several buffers, so that small ones take one system call.
pub(super) fn join(buffers: &[Bytes<'_>], most: usize) -> Vec<u8> {
    let mut joined = Vec::new();
    for bytes in buffers {
        joined.append(&mut bytes.copy(most - joined.len()));
    }
    joined
}

/// Asks whether a write would find room. Only the write itself can tell.
///
/// # Errors
/// None.
pub fn check_room(_fd: BorrowedDescriptor<'_>) -> io::Result<()> {
    Ok(())
}

/// True when the system has no memory for a packet. Winsock says so of a whole connection, which
/// does not recover: never here.
pub fn is_out_of_buffers(_error: &io::Error) -> bool {
    false
}

/// True when a write must be made again later.
pub fn is_full(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

/// Ends the writing side of what nobody watches.
pub fn shutdown_write(fd: BorrowedDescriptor<'_>) -> io::Result<()> {
    match fd {
        BorrowedDescriptor::Socket(socket) => SockRef::from(&socket).shutdown(Shutdown::Write),
        BorrowedDescriptor::Pipe(pipe) => pipe.end(),
    }
}

/// The local internet address; `None` for a pipe.
pub fn local_address(fd: BorrowedDescriptor<'_>) -> io::Result<Option<SocketAddr>> {
    match fd {
        BorrowedDescriptor::Socket(socket) => Ok(SockRef::from(&socket).local_addr()?.as_socket()),
        BorrowedDescriptor::Pipe(_) => Ok(None),
    }
}

/// The peer's internet address; `None` for a pipe.
pub fn peer_address(fd: BorrowedDescriptor<'_>) -> io::Result<Option<SocketAddr>> {
    match fd {
        BorrowedDescriptor::Socket(socket) => Ok(SockRef::from(&socket).peer_addr()?.as_socket()),
        BorrowedDescriptor::Pipe(_) => Ok(None),
    }
}

/// The name of a listening pipe: `None`, as a client does not know its peer's.
///
/// # Errors
/// None here.
pub fn local_name(_fd: BorrowedDescriptor<'_>) -> io::Result<Option<SockAddr>> {
    Ok(None)
}

/// The name of a pipe's peer, as [`local_name`].
///
/// # Errors
/// None here.
pub fn peer_name(_fd: BorrowedDescriptor<'_>) -> io::Result<Option<SockAddr>> {
    Ok(None)
}

/// The interface number of an IPv6 zone: on Windows zones are numbers.
pub fn zone_index(zone: &str) -> u32 {
    zone.parse().unwrap_or(0)
}

/// An IPv6 zone number as it is written.
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

/// A negative count means that Winsock keeps an error.
fn check_len(count: i32) -> io::Result<usize> {
    usize::try_from(count).map_err(|_| io::Error::last_os_error())
}
