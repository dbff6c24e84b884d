//! Named pipes: their names, and how they are bound and opened.

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

/// The longest name that Windows accepts, in bytes.
const LONGEST: usize = 256;

/// A pipe's name, NUL-terminated. A valid one begins with `\\.\pipe\` or `\\?\pipe\`.
#[derive(Clone, Debug)]
pub struct Name(Box<[u16]>);

impl Name {
    /// Creates a name. `padded` has no meaning for pipes.
    ///
    /// # Errors
    /// `EINVAL` for a name that is empty, too long or not UTF-8, or that contains a NUL. Whether it
    /// names a pipe is found out when it is used.
    pub fn new(name: &[u8], _padded: bool) -> io::Result<Self> {
        let invalid = || system_error(ERROR_INVALID_PARAMETER);
        let text = std::str::from_utf8(name).map_err(|_| invalid())?;
        if text.is_empty() || text.len() > LONGEST || text.contains('\0') {
            return Err(invalid());
        }
        Ok(Self(text.encode_utf16().chain([0]).collect()))
    }

    /// Does the same as [`Self::new`]: Windows chooses no names.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn to_bind(name: &[u8], padded: bool) -> io::Result<Self> {
        Self::new(name, padded)
    }

    /// Returns a pointer to the NUL-terminated name.
    pub fn as_ptr(&self) -> *const u16 {
        self.0.as_ptr()
    }
}

/// Creates the first instance of a pipe. A client may open it before the pipe listens.
///
/// # Errors
/// `EADDRINUSE` where the name is in use, `EACCES` where it is not a pipe's name.
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

/// Creates a pipe for [`connect`]: either open already, or being opened because the server has no
/// free instance.
///
/// # Errors
/// `ENOENT` where there is no such pipe; otherwise the system's error.
pub fn client(name: &Name) -> io::Result<Descriptor> {
    let pipe = match open(name)? {
        Some(handle) => Pipe::opened(handle),
        None => Pipe::opening(Opening::start(name.clone())?),
    };
    Ok(Descriptor::Pipe(Box::new(pipe)))
}

/// Opens a pipe; returns `None` while all instances are taken.
///
/// # Errors
/// `ENOTSOCK` for a file; otherwise the system's error.
pub(super) fn open(name: &Name) -> io::Result<Option<OwnedHandle>> {
    // SAFETY: the name is terminated; the pointers that are null are optional.
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

/// Takes ownership of the handle that a call returned.
///
/// # Errors
/// The call's error, if the handle is invalid.
pub(super) fn own(handle: HANDLE) -> io::Result<OwnedHandle> {
    if handle == INVALID_HANDLE_VALUE || handle.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the caller passes a handle that the system has just made, with no other owner.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

/// Reports the state of the open that [`client`] started.
///
/// # Errors
/// `WSAEWOULDBLOCK` while it is being opened; `EINVAL` for a pipe that was bound.
pub fn connect(fd: BorrowedDescriptor<'_>, _name: &Name) -> io::Result<()> {
    pipe_of(fd)?.check_connecting()
}

/// Makes a pipe from [`bind`] listen. Clients wait for its existing instances; `backlog` has no
/// meaning for pipes.
///
/// # Errors
/// `EINVAL` where the pipe has no bound name.
pub fn listen(fd: BorrowedDescriptor<'_>, _backlog: i32) -> io::Result<()> {
    pipe_of(fd)?.check_bound()
}

/// Returns true: a pipe's name has permissions. It is removed with its last instance.
pub fn is_in_file_system(_name: &[u8]) -> bool {
    true
}

/// Does nothing: see [`is_in_file_system`].
pub fn remove(_name: &[u8]) {}

/// Lets all users read or write the pipe.
///
/// # Errors
/// The system's error.
pub fn widen_permissions(
    fd: BorrowedDescriptor<'_>,
    _name: &[u8],
    readable: bool,
    writable: bool,
) -> io::Result<()> {
    pipe_of(fd)?.allow_everyone(readable, writable)
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
