//! TCP and Unix sockets, alike.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use socket2::{Domain, SockAddr, Socket, Type};

use crate::sys;

/// More than any row opens at once: a full backlog costs a second's retry.
const BACKLOG: i32 = 4096;

#[derive(Clone)]
pub enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl Address {
    pub fn loopback(port: u16) -> Self {
        Self::Tcp((Ipv4Addr::LOCALHOST, port).into())
    }

    fn resolve(&self) -> io::Result<(Domain, SockAddr)> {
        Ok(match self {
            Self::Tcp(address) => (Domain::IPV4, (*address).into()),
            Self::Unix(path) => (Domain::UNIX, SockAddr::unix(path)?),
        })
    }
}

/// A connected socket in blocking mode.
///
/// Over the loopback a connect does not wait for the server: the kernel
/// completes it.
pub fn connect(address: &Address) -> io::Result<Socket> {
    let socket = connect_from(address, None)?;
    if let Address::Tcp(_) = address {
        socket.set_tcp_nodelay(true)?;
    }
    Ok(socket)
}

/// The same from a local address, for whom one address has too few ports, and without options.
pub fn connect_from(address: &Address, local: Option<Ipv4Addr>) -> io::Result<Socket> {
    let (domain, target) = address.resolve()?;
    let socket = Socket::new(domain, Type::STREAM, None)?;
    if let Some(local) = local {
        sys::choose_port_on_connect(&socket)?;
        socket.bind(&SocketAddr::from((local, 0)).into())?;
    }
    socket.connect(&target)?;
    Ok(socket)
}

/// A listening socket in non-blocking mode, and its port (0 on a path).
pub fn listen(address: &Address) -> io::Result<(Socket, u16)> {
    let (domain, local) = address.resolve()?;
    let socket = Socket::new(domain, Type::STREAM, None)?;
    socket.bind(&local)?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    let port = socket
        .local_addr()?
        .as_socket()
        .map_or(0, |address| address.port());
    Ok((socket, port))
}

/// Whether an error only says that there is nothing to do now.
pub fn is_later(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}
