//! The echo server as everybody writes it on Tokio: a task a connection, on
//! one thread.

use std::io;
use std::sync::Arc;

use socket2::Socket;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use tokio::runtime::Builder;

use crate::control::{self, Stats};
use crate::Result;

const SCRATCH: usize = 16 * 1024;

pub fn run(listener: Socket, stats: Arc<Stats>, port: u16) -> Result<()> {
    let is_unix = listener.local_addr()?.is_unix();
    control::start(port, Arc::clone(&stats))?;
    let runtime = Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        if is_unix {
            unix(listener, stats).await
        } else {
            tcp(listener, stats).await
        }
    })?;
    Ok(())
}

async fn tcp(listener: Socket, stats: Arc<Stats>) -> io::Result<()> {
    let listener = TcpListener::from_std(listener.into())?;
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        tokio::spawn(echo(socket, Arc::clone(&stats)));
    }
}

async fn unix(listener: Socket, stats: Arc<Stats>) -> io::Result<()> {
    let listener = UnixListener::from_std(listener.into())?;
    loop {
        let (socket, _) = listener.accept().await?;
        tokio::spawn(echo(socket, Arc::clone(&stats)));
    }
}

/// Ends with the client, however the client does.
async fn echo(
    mut socket: impl AsyncRead + AsyncWrite + Unpin,
    stats: Arc<Stats>,
) -> io::Result<()> {
    stats.accepted();
    let mut scratch = vec![0; SCRATCH];
    loop {
        let length = socket.read(&mut scratch).await?;
        if length == 0 {
            return Ok(());
        }
        stats.received(length);
        socket.write_all(&scratch[..length]).await?;
    }
}
