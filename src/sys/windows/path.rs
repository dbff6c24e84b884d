//! Pipes by their names.

use std::io;
use std::os::windows::io::{FromRawHandle, OwnedHandle};
use std::ptr;

use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_INVALID_NAME, ERROR_INVALID_PARAMETER, ERROR_PATH_NOT_FOUND,
    ERROR_PIPE_BUSY, GENERIC_READ, GENERIC_WRITE, HANDLE, INVALID_HANDLE_VALUE,
};
use windows_sys::Win32::Networking::WinSock::{WSAEACCES, WSAEADDRINUSE, WSAENOTSOCK};
use windows_sys::Win32::Storage::FileSystem::{
    CreateFileW, GetFileType, FILE_FLAG_OVERLAPPED, FILE_TYPE_PIPE, OPEN_EXISTING,
};

use super::opening::Opening;
use super::pipe::{self, Pipe};
use super::{system_error, BorrowedDescriptor, Descriptor};

/// The longest name that the system takes, in bytes.
const LONGEST: usize = 256;

/// A pipe's name, which begins with `\\.\pipe\` or `\\?\pipe\`, terminated.
#[derive(Clone, Debug)]
pub struct Name(Box<[u16]>);

impl Name {
    /// `padded` is of no concern to pipes.
    ///
    /// # Errors
    /// `EINVAL` for an empty name, one that is too long, and one with a NUL in it. That it is a pipe's
    /// name is found out when it is used.
    pub fn new(name: &[u8], _padded: bool) -> io::Result<Self> {
        let invalid = || system_error(ERROR_INVALID_PARAMETER);
        let text = std::str::from_utf8(name).map_err(|_| invalid())?;
        if text.is_empty() || text.len() > LONGEST || text.contains('\0') {
            return Err(invalid());
        }
        Ok(Self(text.encode_utf16().chain([0]).collect()))
    }

    /// As [`Self::new`]: no name is chosen by the system.
    ///
    /// # Errors
    /// Those of [`Self::new`].
    pub fn to_bind(name: &[u8], padded: bool) -> io::Result<Self> {
        Self::new(name, padded)
    }

    /// For a call that takes a terminated text.
    pub fn as_ptr(&self) -> *const u16 {
        self.0.as_ptr()
    }
}

/// The first instance of a pipe, which a client may open before anybody listens.
///
/// # Errors
/// `EADDRINUSE` where somebody has that name, `EACCES` where it is no pipe's.
pub fn bind(name: &Name) -> io::Result<Descriptor> {
    let first = pipe::create_instance(name, true).map_err(|error| {
        let code = error.raw_os_error().map(i32::cast_unsigned);
        match code {
            Some(ERROR_ACCESS_DENIED) => system_error(WSAEADDRINUSE),
            Some(ERROR_PATH_NOT_FOUND | ERROR_INVALID_NAME) => system_error(WSAEACCES),
            _ => error,
        }
    })?;
    Ok(Descriptor::Pipe(Box::new(Pipe::bound(name.clone(), first))))
}

/// What can be connected to `name` by [`connect`]: open already, or being opened where the server has
/// no instance to spare at the moment.
///
/// # Errors
/// `ENOENT` where there is no such pipe, and the system's.
pub fn client(name: &Name) -> io::Result<Descriptor> {
    let pipe = match open(name)? {
        Some(handle) => Pipe::opened(handle),
        None => Pipe::opening(Opening::start(name.clone())?),
    };
    Ok(Descriptor::Pipe(Box::new(pipe)))
}

/// Opens a pipe; `None` while all instances are taken.
///
/// # Errors
/// `ENOTSOCK` for a file, and the system's.
pub(super) fn open(name: &Name) -> io::Result<Option<OwnedHandle>> {
    // SAFETY: the name is terminated, and null stands for what is not given.
    let handle = unsafe {
        CreateFileW(
            name.as_ptr(),
            GENERIC_READ | GENERIC_WRITE,
            0,
            ptr::null(),
            OPEN_EXISTING,
            FILE_FLAG_OVERLAPPED,
            ptr::null_mut(),
        )
    };
    let handle = match own(handle) {
        Err(error) if error.raw_os_error().map(i32::cast_unsigned) == Some(ERROR_PIPE_BUSY) => {
            return Ok(None);
        }
        result => result?,
    };
    // SAFETY: the handle is open.
    if unsafe { GetFileType(pipe::raw(&handle)) } != FILE_TYPE_PIPE {
        return Err(system_error(WSAENOTSOCK));
    }
    Ok(Some(handle))
}

/// Takes what a call has made.
///
/// # Errors
/// The call's.
pub(super) fn own(handle: HANDLE) -> io::Result<OwnedHandle> {
    if handle == INVALID_HANDLE_VALUE || handle.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the system has just made this handle for us.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

/// Says how far [`client`] has come.
///
/// # Errors
/// `EINVAL` for a pipe that was bound: its other end is what connects.
pub fn connect(fd: BorrowedDescriptor<'_>, _name: &Name) -> io::Result<()> {
    pipe_of(fd)?.check_connecting()
}

/// Starts to listen where [`bind`] has bound. Clients wait at the instances that there are; `backlog`
/// says nothing to a pipe.
///
/// # Errors
/// `EINVAL` where nothing is bound.
pub fn listen(fd: BorrowedDescriptor<'_>, _backlog: i32) -> io::Result<()> {
    pipe_of(fd)?.check_bound()
}

/// Whether a bound name is in a file system, where it has permissions and must be removed. A pipe's is
/// removed with its last instance.
pub fn is_in_file_system(_name: &[u8]) -> bool {
    true
}

/// Nothing: see [`is_in_file_system`].
pub fn remove(_name: &[u8]) {}

/// Lets everybody read or write the pipe.
///
/// # Errors
/// The system's.
pub fn widen_permissions(
    fd: BorrowedDescriptor<'_>,
    _name: &[u8],
    readable: bool,
    writable: bool,
) -> io::Result<()> {
    pipe_of(fd)?.admit_everybody(readable, writable)
}

fn pipe_of<'a>(fd: BorrowedDescriptor<'a>) -> io::Result<&'a Pipe> {
    match fd {
        BorrowedDescriptor::Pipe(pipe) => Ok(pipe),
        BorrowedDescriptor::Socket(_) => Err(system_error(ERROR_INVALID_PARAMETER)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_or_too_long_name_is_invalid() {
        assert!(Name::new(b"", false).is_err());
        assert!(Name::new(&[b'x'; 257], false).is_err());
        assert!(Name::new(b"\0name", false).is_err());
        assert!(Name::new(b"\\\\.\\pipe\\na\0me", false).is_err());
        assert!(Name::new(b"\\\\.\\pipe\\name", false).is_ok());
    }
}
