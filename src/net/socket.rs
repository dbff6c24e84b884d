//! A descriptor on its way from creation to close: what every state but `Unbound` has.

use crate::error::{Errno, Result};
use crate::event::Key;
use crate::runtime::{Reactor, Source};
use crate::sys::takeover::Claim;
use crate::sys::{descriptor, path, BorrowedDescriptor, Descriptor};

/// Where the descriptor is.
#[derive(Debug)]
pub(super) enum Io {
    /// Open, and not registered until there is something to wait for.
    Open(Descriptor),
    /// Registered with the reactor.
    Registered(Source),
    /// None could be made, or the reactor refused it and has closed it.
    Missing,
}

/// A descriptor, what a bind has left with it, and its registration.
#[derive(Debug)]
pub(super) struct Socket {
    /// Removed from the file system before the descriptor is closed.
    name: Option<BoundName>,
    io: Io,
    held_error: Option<Errno>,
}

/// A name in the file system that a bind made. Removes it when dropped, unless it stays.
#[derive(Debug)]
pub(super) struct BoundName {
    pub path: Box<[u8]>,
    /// The name is left in the file system.
    pub stays: bool,
    /// Held until the socket listens, after a takeover.
    pub claim: Option<Claim>,
}

impl Drop for BoundName {
    fn drop(&mut self) {
        if !self.stays {
            path::remove(&self.path);
        }
    }
}

impl Socket {
    /// Takes a descriptor over, without a registration.
    pub fn new(fd: Descriptor) -> Self {
        Self {
            name: None,
            io: Io::Open(fd),
            held_error: None,
        }
    }

    /// As [`Self::new`], with the name in the file system that it is bound to.
    pub fn with_name(fd: Descriptor, name: BoundName) -> Self {
        Self {
            name: Some(name),
            ..Self::new(fd)
        }
    }

    /// Returns the descriptor and its name. Dropping the name removes it from the file system. `None`
    /// without a descriptor.
    pub fn into_parts(mut self) -> Option<(Descriptor, Option<BoundName>)> {
        self.unregister().ok()?;
        match self.io {
            Io::Open(fd) => Some((fd, self.name)),
            Io::Registered(_) | Io::Missing => None,
        }
    }

    /// Lets others take the name over once nobody answers on it.
    pub fn release_claim(&mut self) {
        if let Some(name) = &mut self.name {
            name.claim = None;
        }
    }

    /// Stands for a descriptor that could not be made.
    pub fn missing() -> Self {
        Self {
            name: None,
            io: Io::Missing,
            held_error: None,
        }
    }

    /// Returns the name in the file system that it is bound to.
    pub fn name(&self) -> Option<&[u8]> {
        self.name.as_ref().map(|name| &*name.path)
    }

    pub fn io(&self) -> &Io {
        &self.io
    }

    pub fn fd(&self) -> Option<BorrowedDescriptor<'_>> {
        match &self.io {
            Io::Missing => None,
            Io::Open(fd) => Some(descriptor::borrow(fd)),
            Io::Registered(source) => Some(source.descriptor()),
        }
    }

    /// Returns the registration, once there is one.
    pub fn source(&self) -> Option<&Source> {
        match &self.io {
            Io::Registered(source) => Some(source),
            Io::Missing | Io::Open(_) => None,
        }
    }

    /// True when the descriptor is open and has no registration.
    pub fn is_unregistered(&self) -> bool {
        matches!(self.io, Io::Open(_))
    }

    /// True when there is no descriptor.
    pub fn is_missing(&self) -> bool {
        matches!(self.io, Io::Missing)
    }

    /// Returns the error that the next verb which can report one reports, as libuv does after a
    /// bind.
    pub fn held_error(&self) -> Option<Errno> {
        self.held_error
    }

    pub fn set_held_error(&mut self, errno: Option<Errno>) {
        self.held_error = errno;
    }

    /// Returns the held error, and holds it no longer.
    pub fn take_held_error(&mut self) -> Option<Errno> {
        self.held_error.take()
    }

    /// Returns the registration, and makes it where there is none.
    ///
    /// # Errors
    /// `EBADF` without a descriptor; the reactor's, which has closed the descriptor then.
    pub fn register(&mut self, key: Key, reactor: &Reactor) -> Result<&Source> {
        if self.is_unregistered() {
            if let Io::Open(fd) = std::mem::replace(&mut self.io, Io::Missing) {
                self.io = Io::Registered(reactor.register(key, fd)?);
            }
        }
        self.source().ok_or(Errno::BADF)
    }

    /// Takes the descriptor out of the reactor, which may have seen it hung up before it was
    /// connected and never forgets that.
    ///
    /// # Errors
    /// The system's; the descriptor is closed then.
    pub fn unregister(&mut self) -> Result<()> {
        self.io = match std::mem::replace(&mut self.io, Io::Missing) {
            Io::Registered(source) => Io::Open(source.into_descriptor()?),
            other => other,
        };
        Ok(())
    }
}
