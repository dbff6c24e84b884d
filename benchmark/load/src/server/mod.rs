//! Servers without JavaScript: the limit that a server in Node closes in on,
//! and the peer of a client under test.

mod epoll;
mod outbox;
mod service;
mod tokio_echo;

use std::sync::Arc;

use crate::args::Args;
use crate::control::{self, Stats};
use crate::{net, Result};

/// `serve KIND`: one thread that never ends by itself.
pub fn run(args: &Args) -> Result<()> {
    let kind = args.word(1).unwrap_or("echo");
    let size = args.get("size", 64)?;
    let (listener, port) = net::listen(&args.address()?)?;
    let stats = Arc::new(Stats::default());
    if kind == "tokio" {
        return tokio_echo::run(listener, stats, port);
    }
    let make = service::maker(kind, size)?;
    control::start(port, Arc::clone(&stats))?;
    epoll::Server::new(listener, make, stats)?.run()
}
