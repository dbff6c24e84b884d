//! Sockets with a name in the file system, or in Linux's abstract namespace.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;

use socket2::{Domain, SockAddr};

use super::socket;

const HAS_ABSTRACT_NAMES: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// A name that can be bound or connected to.
#[derive(Debug)]
pub struct Name(SockAddr);

impl Name {
    /// Creates a name. One that starts with NUL is abstract (Linux only). `padded` fills an
    /// abstract name with NULs to the full length of the structure, as libuv did until 1.46. Both
    /// sides must agree on it.
    ///
    /// # Errors
    /// `EINVAL` for a name that is empty or too long, an abstract name outside Linux, and a file's
    /// name that contains a NUL. (The kernel would use the part before that NUL.)
    pub fn new(name: &[u8], padded: bool) -> io::Result<Self> {
        if name.is_empty() {
            return Err(invalid());
        }
        address(name, padded).map(Self)
    }

    /// Creates a name to bind. Where names are not padded, an empty name lets Linux choose an
    /// abstract one. libuv does so since its abstract names have their exact length.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn to_bind(name: &[u8], padded: bool) -> io::Result<Self> {
        if padded || !HAS_ABSTRACT_NAMES {
            return Self::new(name, padded);
        }
        address(name, padded).map(Self)
    }
}

/// Creates a socket that is bound to `name` and does not listen yet.
///
/// # Errors
/// The kernel's error, but `EACCES` for a folder that does not exist, as libuv reports it on all
/// platforms.
pub fn bind(name: &Name) -> io::Result<OwnedFd> {
    let fd = socket::stream_socket(Domain::UNIX)?;
    match socket::bind(fd.as_fd(), &name.0) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(io::Error::from_raw_os_error(libc::EACCES))
        }
        result => result.map(|()| fd),
    }
}

/// Creates a socket for [`connect`].
///
/// # Errors
/// The kernel's error where it has no descriptor left.
pub fn client(_name: &Name) -> io::Result<OwnedFd> {
    socket::stream_socket(Domain::UNIX)
}

/// Starts to connect. A connect in progress is returned as an error: see
/// [`socket::is_in_progress`].
///
/// # Errors
/// The kernel's error.
pub fn connect(fd: BorrowedFd<'_>, name: &Name) -> io::Result<()> {
    socket::connect(fd, &name.0)
}

/// Makes a socket from [`bind`] listen, with a backlog of connections.
///
/// # Errors
/// The kernel's error.
pub fn listen(fd: BorrowedFd<'_>, backlog: i32) -> io::Result<()> {
    socket::listen(fd, backlog)
}

/// True when a bound name is in the file system, where it has permissions and must be removed.
pub fn is_in_file_system(name: &[u8]) -> bool {
    name.first().is_some_and(|&byte| byte != 0)
}

fn invalid() -> io::Error {
    io::Error::from_raw_os_error(libc::EINVAL)
}

fn address(name: &[u8], padded: bool) -> io::Result<SockAddr> {
    let is_file = is_in_file_system(name);
    if is_file && name.contains(&0) || !is_file && !HAS_ABSTRACT_NAMES {
        return Err(invalid());
    }
    // SAFETY: all fields of sockaddr_un are integers and bytes, for which zero is valid.
    let mut raw: libc::sockaddr_un = unsafe { std::mem::zeroed() };
    if name.len() > raw.sun_path.len() {
        return Err(invalid());
    }
    raw.sun_family = libc::sa_family_t::try_from(libc::AF_UNIX).map_err(|_| invalid())?;
    for (slot, byte) in raw.sun_path.iter_mut().zip(name) {
        *slot = libc::c_char::from_ne_bytes([*byte]);
    }
    let header = std::mem::offset_of!(libc::sockaddr_un, sun_path);
    let length = if !is_file && !padded {
        header + name.len()
    } else {
        size_of::<libc::sockaddr_un>()
    };
    to_sock_addr(&raw, length)
}

fn to_sock_addr(raw: &libc::sockaddr_un, length: usize) -> io::Result<SockAddr> {
    let length = libc::socklen_t::try_from(length).map_err(io::Error::other)?;
    let mut storage = socket2::SockAddrStorage::zeroed();
    // SAFETY: the storage is zeroed, and large and aligned enough for every address family.
    let view: &mut libc::sockaddr_un = unsafe { storage.view_as() };
    *view = *raw;
    // SAFETY: the first `length` bytes of the storage are the structure copied above.
    Ok(unsafe { SockAddr::new(storage, length) })
}

/// Removes the name from the file system. A name that is already gone is ignored.
pub fn remove(name: &[u8]) {
    let _ = fs::remove_file(OsStr::from_bytes(name));
}

/// Adds read or write permission for all users to a bound socket's name.
///
/// # Errors
/// The file system's error.
pub fn widen_permissions(
    _fd: BorrowedFd<'_>,
    name: &[u8],
    readable: bool,
    writable: bool,
) -> io::Result<()> {
    let path = OsStr::from_bytes(name);
    let mut mode = fs::metadata(path)?.permissions().mode();
    if readable {
        mode |= 0o444;
    }
    if writable {
        mode |= 0o222;
    }
    fs::set_permissions(path, Permissions::from_mode(mode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_or_too_long_name_is_invalid() {
        assert!(Name::new(b"", false).is_err());
        assert!(Name::new(&[b'x'; 109], false).is_err());
        assert!(Name::new(&[b'x'; 108], false).is_ok());
    }

    #[test]
    fn a_file_name_with_a_nul_is_invalid() {
        for name in [&b"a\0b"[..], b"a\0", b"a\0\0"] {
            for padded in [false, true] {
                assert!(Name::new(name, padded).is_err());
                assert!(Name::to_bind(name, padded).is_err());
            }
        }
        assert_eq!(Name::new(b"\0a\0b", false).is_ok(), HAS_ABSTRACT_NAMES);
    }

    #[test]
    fn an_empty_name_to_bind_lets_the_kernel_choose_unless_padded() {
        assert_eq!(Name::to_bind(b"", false).is_ok(), HAS_ABSTRACT_NAMES);
        assert!(Name::to_bind(b"", true).is_err());
    }

    #[test]
    fn an_abstract_name_is_exact_unless_padded() {
        let exact = address(b"\0name", false).unwrap();
        let padded = address(b"\0name", true).unwrap();
        assert_eq!(exact.len(), 7);
        assert_eq!(padded.len() as usize, size_of::<libc::sockaddr_un>());
    }
}
