//! Verbs that only Unix-domain sockets and named pipes have.

use super::handle::{Handle, Io};
use super::{READABLE, WRITABLE};
use crate::error::{Errno, Result};
use crate::runtime::Reactor;
use crate::sys::path::{self, Name};
use crate::sys::socket;

impl Handle {
    /// Binds to a name; see [`Name::to_bind`] for abstract names, an empty one and `padded`.
    ///
    /// # Errors
    /// `EINVAL` where a socket exists already or the name is not valid, and those of [`path::bind`].
    pub fn bind_pipe(&mut self, name: &[u8], padded: bool) -> Result<()> {
        if !matches!(self.io, Io::None) {
            return Err(Errno::INVAL);
        }
        let bound = path::bind(&Name::to_bind(name, padded)?)?;
        self.set_io(bound)?;
        if path::is_in_file_system(name) {
            self.bound_path = Some(name.into());
        }
        Ok(())
    }

    /// Starts to listen on a bound name.
    ///
    /// # Errors
    /// `EINVAL` where nothing is bound, and the kernel's.
    pub fn listen_pipe(&mut self, reactor: &Reactor, backlog: i32) -> Result<()> {
        if matches!(self.io, Io::None) {
            return Err(Errno::INVAL);
        }
        self.start_listening(reactor, backlog)
    }

    /// Starts a connect. Whatever goes wrong with a valid name is told by the `Connected` event.
    ///
    /// # Errors
    /// `EINVAL` for a name that cannot be one.
    pub fn connect_pipe(&mut self, reactor: &Reactor, name: &[u8], padded: bool) -> Result<()> {
        let name = Name::new(name, padded)?;
        if matches!(self.io, Io::None) {
            match path::client(&name) {
                Ok(fd) => self.set_io(fd)?,
                Err(error) => self.delayed_error = Some(error.into()),
            }
        }
        if let Some(fd) = self.fd() {
            match path::connect(fd, &name) {
                Ok(()) => {}
                Err(error) if socket::is_in_progress(&error) => {}
                Err(error) => self.delayed_error = Some(error.into()),
            }
        }
        self.await_connect(reactor)
    }

    /// Adds permissions for everybody to the bound name.
    ///
    /// # Errors
    /// `EINVAL` for other bits or none, `EBADF` where nothing is bound.
    pub fn change_mode(&self, mode: u32) -> Result<()> {
        if mode == 0 || mode & !(READABLE | WRITABLE) != 0 {
            return Err(Errno::INVAL);
        }
        let name = self.bound_path.as_ref().ok_or(Errno::BADF)?;
        Ok(path::widen_permissions(
            self.fd().ok_or(Errno::BADF)?,
            name,
            mode & READABLE != 0,
            mode & WRITABLE != 0,
        )?)
    }
}
