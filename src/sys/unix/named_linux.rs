//! The socket options with a name, and what the kernel knows of a connection.

use std::ffi::CStr;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use libc::{c_int, socklen_t};
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::check;
use crate::sys::{Credentials, NumberOption, TextOption};

/// Creates a stream socket of MPTCP.
///
/// # Errors
/// `EPROTONOSUPPORT` or `ENOPROTOOPT` where the kernel has none or has it switched off.
pub fn multipath_socket(domain: Domain) -> io::Result<OwnedFd> {
    let kind = Type::STREAM.nonblocking().cloexec();
    Ok(Socket::new_raw(domain, kind, Some(Protocol::MPTCP))?.into())
}

/// Sets an option.
///
/// # Errors
/// The kernel's, `EPERM` for lack of a right among them.
pub fn set_number(fd: BorrowedFd<'_>, option: NumberOption, value: u32) -> io::Result<()> {
    let (level, name) = place_of(fd, option)?;
    set(fd, level, name, &value.to_ne_bytes())
}

/// Returns an option as the kernel has it. Linux doubles the sizes of buffers.
///
/// # Errors
/// The kernel's.
pub fn number(fd: BorrowedFd<'_>, option: NumberOption) -> io::Result<u32> {
    let (level, name) = place_of(fd, option)?;
    let mut bytes = [0; 4];
    get(fd, level, name, &mut bytes)?;
    let value = u32::from_ne_bytes(bytes);
    Ok(match option {
        NumberOption::Multipath => u32::from(value == libc::IPPROTO_MPTCP.cast_unsigned()),
        _ => value,
    })
}

/// Sets an option.
///
/// # Errors
/// The kernel's.
pub fn set_text(fd: BorrowedFd<'_>, option: TextOption, value: &str) -> io::Result<()> {
    let (level, name) = place_of_text(option);
    set(fd, level, name, value.as_bytes())
}

/// Returns an option as the kernel has it.
///
/// # Errors
/// The kernel's.
pub fn text(fd: BorrowedFd<'_>, option: TextOption) -> io::Result<String> {
    let (level, name) = place_of_text(option);
    let mut bytes = [0; 32];
    let length = get(fd, level, name, &mut bytes)?;
    let end = bytes[..length].iter().position(|&byte| byte == 0);
    Ok(String::from_utf8_lossy(&bytes[..end.unwrap_or(length)]).into_owned())
}

/// Returns the peer's address also after a reset, when [`super::socket::peer_address`] fails.
///
/// # Errors
/// The kernel's; `ENOTCONN` where there was no peer.
pub fn former_peer(fd: BorrowedFd<'_>) -> io::Result<Option<SocketAddr>> {
    // The kernel fills the length that it is given, and refuses one beyond the address.
    let mut v4 = [0; size_of::<libc::sockaddr_in>()];
    get(fd, libc::SOL_SOCKET, SO_PEERNAME, &mut v4)?;
    match c_int::from(u16::from_ne_bytes([v4[0], v4[1]])) {
        libc::AF_INET => {
            let ip = Ipv4Addr::new(v4[4], v4[5], v4[6], v4[7]);
            Ok(Some((ip, port_of(&v4)).into()))
        }
        libc::AF_INET6 => {
            let mut v6 = [0; size_of::<libc::sockaddr_in6>()];
            get(fd, libc::SOL_SOCKET, SO_PEERNAME, &mut v6)?;
            let mut ip = [0; 16];
            ip.copy_from_slice(&v6[8..24]);
            let scope = u32::from_ne_bytes([v6[24], v6[25], v6[26], v6[27]]);
            let address = SocketAddrV6::new(Ipv6Addr::from(ip), port_of(&v6), 0, scope);
            Ok(Some(address.into()))
        }
        _ => Ok(None),
    }
}

fn port_of(address: &[u8]) -> u16 {
    u16::from_be_bytes([address[2], address[3]])
}

/// Returns the process at the other end of a Unix-domain socket, as it was when the connection was
/// made.
///
/// # Errors
/// `EOPNOTSUPP` for a socket of another family, `ENOTCONN` without a peer.
pub fn peer_credentials(fd: BorrowedFd<'_>) -> io::Result<Credentials> {
    if SockRef::from(&fd).domain()? != Domain::UNIX {
        return Err(io::Error::from_raw_os_error(libc::EOPNOTSUPP));
    }
    let mut bytes = [0; size_of::<libc::ucred>()];
    get(fd, libc::SOL_SOCKET, libc::SO_PEERCRED, &mut bytes)?;
    let part =
        |at: usize| u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let (pid, uid, gid) = (part(0), part(4), part(8));
    if uid == u32::MAX {
        return Err(io::Error::from_raw_os_error(libc::ENOTCONN));
    }
    Ok(Credentials {
        pid: Some(pid),
        uid,
        gid,
    })
}

/// Returns what the kernel measures about a TCP connection, by name, with the units in the names. A
/// kernel that does not know a value has none of that name.
///
/// # Errors
/// The kernel's; `EOPNOTSUPP` for a socket that is not TCP.
pub fn tcp_info(fd: BorrowedFd<'_>) -> io::Result<Vec<(&'static CStr, u64)>> {
    let mut bytes = [0; 256];
    let length = get(fd, libc::IPPROTO_TCP, libc::TCP_INFO, &mut bytes)?;
    let known = TCP_INFO
        .iter()
        .filter(|field| field.at + field.width <= length);
    Ok(known
        .filter_map(|field| Some((field.name, field.read(&bytes)?)))
        .collect())
}

/// A value of the kernel's `struct tcp_info`.
struct Field {
    name: &'static CStr,
    at: usize,
    width: usize,
    /// The value that says that there is none.
    none: Option<u64>,
}

const fn field(name: &'static CStr, at: usize, width: usize) -> Field {
    Field {
        name,
        at,
        width,
        none: None,
    }
}

impl Field {
    const fn unless(mut self, none: u64) -> Self {
        self.none = Some(none);
        self
    }

    fn read(&self, bytes: &[u8]) -> Option<u64> {
        let mut wide = [0; 8];
        let start = if cfg!(target_endian = "big") {
            8 - self.width
        } else {
            0
        };
        wide[start..start + self.width].copy_from_slice(bytes.get(self.at..self.at + self.width)?);
        let value = u64::from_ne_bytes(wide);
        (Some(value) != self.none).then_some(value)
    }
}

/// The values by their offsets, which never change: new ones are added at the end.
const TCP_INFO: &[Field] = &[
    field(c"state", 0, 1),
    field(c"retransmits", 2, 1),
    field(c"probes", 3, 1),
    field(c"rtoUs", 8, 4),
    field(c"sendMssBytes", 16, 4),
    field(c"recvMssBytes", 20, 4),
    field(c"unackedSegments", 24, 4),
    field(c"lostSegments", 32, 4),
    field(c"retransmittedSegments", 36, 4),
    field(c"lastDataSentMs", 44, 4),
    field(c"lastDataRecvMs", 52, 4),
    field(c"lastAckRecvMs", 56, 4),
    field(c"pathMtuBytes", 60, 4),
    field(c"rttUs", 68, 4),
    field(c"rttVarUs", 72, 4),
    field(c"slowStartThresholdSegments", 76, 4).unless(0x7fff_ffff),
    field(c"congestionWindowSegments", 80, 4),
    field(c"recvRttUs", 92, 4),
    field(c"recvSpaceBytes", 96, 4),
    field(c"totalRetransmittedSegments", 100, 4),
    field(c"pacingRateBytesPerSecond", 104, 8).unless(u64::MAX),
    field(c"bytesAcked", 120, 8),
    field(c"bytesReceived", 128, 8),
    field(c"segmentsOut", 136, 4),
    field(c"segmentsIn", 140, 4),
    field(c"notSentBytes", 144, 4),
    field(c"minRttUs", 148, 4).unless(0xffff_ffff),
    field(c"deliveryRateBytesPerSecond", 160, 8),
    field(c"busyUs", 168, 8),
    field(c"recvWindowLimitedUs", 176, 8),
    field(c"sendBufferLimitedUs", 184, 8),
    field(c"deliveredSegments", 192, 4),
    field(c"bytesSent", 200, 8),
    field(c"bytesRetransmitted", 208, 8),
    field(c"reorderedSegments", 220, 4),
    field(c"outOfOrderSegments", 224, 4),
    field(c"sendWindowBytes", 228, 4),
    field(c"recvWindowBytes", 232, 4),
];

// In libc only for some targets.
const SO_PEERNAME: c_int = 28;

fn place_of(fd: BorrowedFd<'_>, option: NumberOption) -> io::Result<(c_int, c_int)> {
    Ok(match option {
        NumberOption::SendBuffer => (libc::SOL_SOCKET, libc::SO_SNDBUF),
        NumberOption::RecvBuffer => (libc::SOL_SOCKET, libc::SO_RCVBUF),
        NumberOption::UserTimeout => (libc::IPPROTO_TCP, libc::TCP_USER_TIMEOUT),
        NumberOption::NotSentLowat => (libc::IPPROTO_TCP, libc::TCP_NOTSENT_LOWAT),
        NumberOption::Mark => (libc::SOL_SOCKET, libc::SO_MARK),
        NumberOption::Transparent if SockRef::from(&fd).domain()? == Domain::IPV6 => {
            (libc::IPPROTO_IPV6, libc::IPV6_TRANSPARENT)
        }
        NumberOption::Transparent => (libc::IPPROTO_IP, libc::IP_TRANSPARENT),
        NumberOption::FastOpen => (libc::IPPROTO_TCP, libc::TCP_FASTOPEN_CONNECT),
        NumberOption::FastOpenQueue => (libc::IPPROTO_TCP, libc::TCP_FASTOPEN),
        NumberOption::Multipath => (libc::SOL_SOCKET, libc::SO_PROTOCOL),
    })
}

fn place_of_text(option: TextOption) -> (c_int, c_int) {
    match option {
        TextOption::Interface => (libc::SOL_SOCKET, libc::SO_BINDTODEVICE),
        TextOption::Congestion => (libc::IPPROTO_TCP, libc::TCP_CONGESTION),
    }
}

fn set(fd: BorrowedFd<'_>, level: c_int, name: c_int, value: &[u8]) -> io::Result<()> {
    let size = socklen_t::try_from(value.len()).map_err(io::Error::other)?;
    // SAFETY: the pointer and the size are those of one slice, which the call only reads.
    check(unsafe { libc::setsockopt(fd.as_raw_fd(), level, name, value.as_ptr().cast(), size) })?;
    Ok(())
}

/// Fills `room`, and returns how many bytes of it the value has.
fn get(fd: BorrowedFd<'_>, level: c_int, name: c_int, room: &mut [u8]) -> io::Result<usize> {
    let mut size = socklen_t::try_from(room.len()).map_err(io::Error::other)?;
    // SAFETY: the pointer and the size are those of one slice of plain bytes, and the call writes no
    // more than the size says.
    check(unsafe {
        libc::getsockopt(
            fd.as_raw_fd(),
            level,
            name,
            room.as_mut_ptr().cast(),
            &mut size,
        )
    })?;
    Ok(usize::try_from(size).unwrap_or(0).min(room.len()))
}
