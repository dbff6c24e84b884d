//! All shared listening sockets of the process, by where they listen.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Candidate, Connections, Membership};
use crate::error::{Errno, Result};
use crate::net::bound;
use crate::net::socket::{BoundName, Socket};
use crate::runtime::{AcceptThread, Control, Intake};
use crate::sys::{descriptor, BorrowedDescriptor, Descriptor};

static REGISTRY: Mutex<Registry> = Mutex::new(Registry {
    sockets: Vec::new(),
});

/// Where a shared socket listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    Internet(SocketAddr),
    Name(Box<[u8]>),
}

impl Address {
    /// True for an address at which the system chooses a free port or name.
    fn is_free_choice(&self) -> bool {
        match self {
            Self::Internet(address) => address.port() == 0,
            Self::Name(name) => name.is_empty(),
        }
    }
}

/// The sockets that are shared. While it is locked nobody else opens, joins or leaves one.
#[derive(Debug)]
pub struct Registry {
    sockets: Vec<SharedSocket>,
}

/// One socket. Drops its fields in this order: the name goes before the last descriptor.
#[derive(Debug)]
struct SharedSocket {
    address: Address,
    group: Arc<Connections>,
    name: Option<BoundName>,
    _thread: AcceptThread,
    /// Duplicated for each member, which asks it for its address and its options.
    listening: Descriptor,
}

impl Registry {
    pub fn lock() -> MutexGuard<'static, Self> {
        REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Joins the socket at `address`. Returns the candidate where there is none.
    ///
    /// # Errors
    /// `EMFILE` without a descriptor.
    pub fn join(
        &self,
        address: &Address,
        candidate: Candidate,
    ) -> Result<std::result::Result<(Socket, Membership), Candidate>> {
        let has_address = |socket: &&SharedSocket| &socket.address == address;
        match self.sockets.iter().find(has_address) {
            Some(found) if !address.is_free_choice() => found.admit(candidate).map(Ok),
            _ => Ok(Err(candidate)),
        }
    }

    /// Shares `socket`, which listens at `address`.
    ///
    /// # Errors
    /// The system's, without a descriptor or a thread.
    pub fn open(
        &mut self,
        address: Address,
        socket: Socket,
        candidate: Candidate,
    ) -> Result<(Socket, Membership)> {
        let (listening, name) = socket.into_parts().ok_or(Errno::BADF)?;
        let copy = descriptor::share(descriptor::borrow(&listening))?;
        let control = Arc::<Control>::default();
        let group = Arc::new(Connections::new(Arc::clone(&control)));
        let intake = Arc::clone(&group) as Arc<dyn Intake>;
        let shared = SharedSocket {
            address,
            group,
            name,
            _thread: AcceptThread::start(copy, intake, control)?,
            listening,
        };
        let admitted = shared.admit(candidate)?;
        self.sockets.push(shared);
        Ok(admitted)
    }

    /// Closes the socket of a group that has no members. Returns once it is closed.
    pub(super) fn close(&mut self, group: &Arc<Connections>) {
        self.sockets
            .retain(|socket| !Arc::ptr_eq(&socket.group, group));
        group.reset_waiting();
    }

    /// Adds permissions for everybody to the name that a group's socket is bound to.
    ///
    /// # Errors
    /// `EBADF` where it has no name in the file system, and the system's.
    pub(super) fn change_mode(
        &self,
        group: &Arc<Connections>,
        fd: BorrowedDescriptor<'_>,
        mode: u32,
    ) -> Result<()> {
        let is_of_group = |socket: &&SharedSocket| Arc::ptr_eq(&socket.group, group);
        let shared = self.sockets.iter().find(is_of_group);
        let name = shared.and_then(|shared| shared.name.as_ref());
        bound::widen_permissions(fd, &name.ok_or(Errno::BADF)?.path, mode)
    }
}

impl SharedSocket {
    fn admit(&self, candidate: Candidate) -> Result<(Socket, Membership)> {
        let copy = descriptor::share(descriptor::borrow(&self.listening))?;
        Ok((Socket::new(copy), candidate.join(&self.group)))
    }
}
