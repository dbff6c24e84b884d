//! Names of pipes, and what the system opens and makes by them.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr;

use windows_sys::Win32::Foundation::{
    ERROR_INVALID_PARAMETER, ERROR_PIPE_BUSY, GENERIC_READ, GENERIC_WRITE, HANDLE,
    INVALID_HANDLE_VALUE,
};
use windows_sys::Win32::Networking::WinSock::WSAENOTSOCK;
use windows_sys::Win32::Storage::FileSystem::{
    CreateFileW, GetFileType, FILE_FLAG_FIRST_PIPE_INSTANCE, FILE_FLAG_OVERLAPPED, FILE_TYPE_PIPE,
    OPEN_EXISTING, PIPE_ACCESS_DUPLEX, WRITE_DAC,
};
use windows_sys::Win32::System::Pipes::{
    CreateNamedPipeW, WaitNamedPipeW, PIPE_READMODE_BYTE, PIPE_TYPE_BYTE, PIPE_UNLIMITED_INSTANCES,
    PIPE_WAIT,
};

use super::system_error;

/// What the system keeps of each direction, in bytes.
const BUFFER: u32 = 64 * 1024;
/// How long a client waits for a free instance, in milliseconds (libuv's number).
const PATIENCE: u32 = 30_000;
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

/// Opens a pipe; `None` while all instances are taken.
///
/// # Errors
/// `ENOTSOCK` for a file, and the system's.
pub fn open(name: &Name) -> io::Result<Option<OwnedHandle>> {
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
    if unsafe { GetFileType(raw(&handle)) } != FILE_TYPE_PIPE {
        return Err(system_error(WSAENOTSOCK));
    }
    Ok(Some(handle))
}

/// Takes what a call has made.
///
/// # Errors
/// The call's.
pub fn own(handle: HANDLE) -> io::Result<OwnedHandle> {
    if handle == INVALID_HANDLE_VALUE || handle.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the system has just made this handle for us.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

/// Makes an instance of a pipe; the `first` one only where nobody else has made one.
///
/// # Errors
/// The system's.
pub fn create_instance(name: &Name, first: bool) -> io::Result<OwnedHandle> {
    let only_first = if first {
        FILE_FLAG_FIRST_PIPE_INSTANCE
    } else {
        0
    };
    // SAFETY: the name is terminated, and null stands for the security that is usual.
    own(unsafe {
        CreateNamedPipeW(
            name.as_ptr(),
            PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | WRITE_DAC | only_first,
            PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT,
            PIPE_UNLIMITED_INSTANCES,
            BUFFER,
            BUFFER,
            0,
            ptr::null(),
        )
    })
}

/// Waits, for as long as libuv does, until an instance can be opened; another client may be faster.
///
/// # Errors
/// The system's.
pub fn wait_for_instance(name: &Name) -> io::Result<()> {
    // SAFETY: the name is terminated.
    if unsafe { WaitNamedPipeW(name.as_ptr(), PATIENCE) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Returns what names a handle to the system.
pub fn raw(handle: &OwnedHandle) -> HANDLE {
    handle.as_raw_handle()
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
