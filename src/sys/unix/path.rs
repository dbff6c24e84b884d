//! Sockets that have a name in the file system, or in Linux's abstract namespace.

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
    /// A name that starts with NUL is abstract (Linux only); `padded` fills it with NULs to the full
    /// length of the structure, as libuv did until 1.46, so that both sides of one program agree on
    /// the name.
    ///
    /// # Errors
    /// `EINVAL` for an empty name, one that does not fit, one of a file with a NUL in it (the kernel
    /// would take what stands before), or an abstract one outside Linux.
    pub fn new(name: &[u8], padded: bool) -> io::Result<Self> {
        if name.is_empty() {
            return Err(invalid());
        }
        address(name, padded).map(Self)
    }

    /// As [`Self::new`], but an empty name lets Linux choose an abstract one, unless it is padded:
    /// libuv does so since it has names of an exact length.
    ///
    /// # Errors
    /// Those of [`Self::new`].
    pub fn to_bind(name: &[u8], padded: bool) -> io::Result<Self> {
        if padded || !HAS_ABSTRACT_NAMES {
            return Self::new(name, padded);
        }
        address(name, padded).map(Self)
    }
}

/// What is bound to `name`, and does not listen yet.
///
/// # Errors
/// The kernel's; that of a folder that does not exist is `EACCES`, as libuv reports it on all
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

/// What can be connected to `name` by [`connect`].
///
/// # Errors
/// Where there is no descriptor to be had.
pub fn client(_name: &Name) -> io::Result<OwnedFd> {
    socket::stream_socket(Domain::UNIX)
}

/// Starts a connect. One in progress comes back as an error, for the caller to judge.
///
/// # Errors
/// The kernel's.
pub fn connect(fd: BorrowedFd<'_>, name: &Name) -> io::Result<()> {
    socket::connect(fd, &name.0)
}

/// Starts to listen where [`bind`] has bound.
///
/// # Errors
/// The kernel's.
pub fn listen(fd: BorrowedFd<'_>, backlog: i32) -> io::Result<()> {
    socket::listen(fd, backlog)
}

/// Whether a bound name is in a file system, where it has permissions and must be removed.
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
    // SAFETY: all fields of sockaddr_un are plain bytes and integers; zero is valid.
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
    // SAFETY: the storage is large enough for every family, and zeroed.
    let view: &mut libc::sockaddr_un = unsafe { storage.view_as() };
    *view = *raw;
    // SAFETY: the first `length` bytes of the storage are the structure copied above.
    Ok(unsafe { SockAddr::new(storage, length) })
}

/// Removes the name from the file system; that it is gone already is no matter.
pub fn remove(name: &[u8]) {
    let _ = fs::remove_file(OsStr::from_bytes(name));
}

/// Adds read and write permission for everybody to a bound socket's name.
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
    fn an_empty_name_to_bind_is_the_kernels_choice_where_names_are_exact() {
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
