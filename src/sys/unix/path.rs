//! Sockets that have a name in the file system, or in Linux's abstract namespace.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;

use socket2::SockAddr;

/// The address of `name`. A name that starts with NUL is abstract (Linux only); `padded` fills it
/// with NULs to the full length of the structure, as libuv did until 1.46, so that both sides of
/// one program agree on the name.
///
/// # Errors
/// `EINVAL` for an empty name, one that does not fit, or an abstract one outside Linux.
pub fn address(name: &[u8], padded: bool) -> io::Result<SockAddr> {
    let invalid = || io::Error::from_raw_os_error(libc::EINVAL);
    let is_abstract = *name.first().ok_or_else(invalid)? == 0;
    if is_abstract && !cfg!(any(target_os = "linux", target_os = "android")) {
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
    let length = if is_abstract && !padded {
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
pub fn widen_permissions(name: &[u8], readable: bool, writable: bool) -> io::Result<()> {
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
        assert!(address(b"", false).is_err());
        assert!(address(&[b'x'; 109], false).is_err());
        assert!(address(&[b'x'; 108], false).is_ok());
    }

    #[test]
    fn an_abstract_name_is_exact_unless_padded() {
        let exact = address(b"\0name", false).unwrap();
        let padded = address(b"\0name", true).unwrap();
        assert_eq!(exact.len(), 7);
        assert_eq!(padded.len() as usize, size_of::<libc::sockaddr_un>());
    }
}
