//! The load that servers under test are given, and the bare servers that show
//! how fast the same work can be without JavaScript.
//!
//! `rust-net-load MODE [--option value]...` prints one line of JSON and exits
//! with a failure where an answer was wrong, short or missing.
//! `rust-net-load serve KIND` is a server; `control` says how it is talked to.

mod args;
mod client;
mod control;
mod histogram;
mod net;
mod pattern;
mod report;
mod server;
mod sys;

use std::process::ExitCode;

use args::Args;

/// What went wrong, for a person to read.
type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Error>;

fn run(args: &Args) -> Result<()> {
    // Where the limit cannot be raised, too many connections will say so.
    let _ = sys::raise_descriptor_limit();
    match args.word(0) {
        Some("serve") => server::run(args),
        Some(mode) => client::run(mode, args),
        None => Err("usage: rust-net-load MODE [--option value]...".into()),
    }
}

fn main() -> ExitCode {
    match Args::from_env().and_then(|args| run(&args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rust-net-load: {error}");
            ExitCode::FAILURE
        }
    }
}
