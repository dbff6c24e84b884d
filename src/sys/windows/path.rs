//! Pipes by their names.

use std::io;

use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_INVALID_NAME, ERROR_INVALID_PARAMETER, ERROR_PATH_NOT_FOUND,
};
use windows_sys::Win32::Networking::WinSock::{WSAEACCES, WSAEADDRINUSE};

pub use super::name::Name;
use super::name::{create_instance, open};
use super::opening::Opening;
use super::pipe::Pipe;
use super::{system_error, BorrowedDescriptor, Descriptor};

/// The first instance of a pipe, which a client may open before anybody listens.
///
/// # Errors
/// `EADDRINUSE` where somebody has that name, `EACCES` where it is no pipe's.
pub fn bind(name: &Name) -> io::Result<Descriptor> {
    let first = create_instance(name, true).map_err(|error| {
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
