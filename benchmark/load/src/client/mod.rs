//! The modes of the load, and how they are told to start.
//!
//! With `--seconds` a mode runs once. Without, it is ready when it says so, and
//! each line `run SECONDS` is one run over the same connections; they close
//! when standard input ends. So a server's CPU time can be read before and
//! after a run, without that of opening and closing.

mod bulk;
mod churn;
mod exchange;
mod flood;
mod http;
mod ping_pong;

use std::io::BufRead;
use std::time::{Duration, Instant};

use crate::args::Args;
use crate::histogram::Histogram;
use crate::{report, sys, Result};

pub use exchange::{burst_answer, BURST_REQUEST};
use exchange::{Burst, Echo, Lines};
use http::{Body, Http};
use ping_pong::PingPong;

/// How long a server may be silent before the run has failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a run did.
enum Outcome {
    Timed(Histogram),
    Bytes(u64),
    /// Bytes of many, and beside them the latencies of one.
    Flooded(u64, Histogram),
}

trait Load {
    fn run(&mut self, time: Duration) -> Result<Outcome>;
}

/// Runs one mode and prints what it measured.
pub fn run(mode: &str, args: &Args) -> Result<()> {
    let mut load = make(mode, args)?;
    if let Some(time) = args.seconds()? {
        return measure(load.as_mut(), time);
    }
    report::print(&[("ready", 1.0)])?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let time = line
            .strip_prefix("run ")
            .ok_or(format!("no command '{line}'"))?;
        measure(
            load.as_mut(),
            Duration::try_from_secs_f64(time.trim().parse()?)?,
        )?;
    }
    Ok(())
}

fn make(mode: &str, args: &Args) -> Result<Box<dyn Load>> {
    let size: usize = args.get("size", 64)?;
    Ok(match mode {
        "echo" => Box::new(PingPong::open(args, |id| Echo::new(id, size))?),
        "burst" => Box::new(PingPong::open(args, |_| Burst::new())?),
        "lines" => Box::new(PingPong::open(args, |id| Lines::new(id, size))?),
        "http" => open_http(args, size)?,
        "flood" => Box::new(flood::Flood::new(args)?),
        "churn" => Box::new(churn::Churn::new(args)?),
        "send" => Box::new(bulk::Bulk::new(args, bulk::send)?),
        "receive" => Box::new(bulk::Bulk::new(args, bulk::receive)?),
        other => return Err(format!("no mode '{other}'").into()),
    })
}

fn open_http(args: &Args, size: usize) -> Result<Box<dyn Load>> {
    let upload: usize = args.get("upload", 0)?;
    let body = if args.get("json", false)? {
        Body::Json
    } else {
        Body::Plain
    };
    Ok(Box::new(PingPong::open(args, |_| {
        Http::new(size, body, upload)
    })?))
}

fn measure(load: &mut dyn Load, time: Duration) -> Result<()> {
    let cpu = sys::cpu_micros()?;
    let start = Instant::now();
    let outcome = load.run(time)?;
    let mut fields = vec![
        ("seconds", start.elapsed().as_secs_f64()),
        ("cpu", sys::cpu_micros()? - cpu),
    ];
    let (ops, latencies) = match outcome {
        Outcome::Bytes(bytes) => (bytes, None),
        Outcome::Timed(latencies) => (latencies.total(), Some(latencies)),
        Outcome::Flooded(bytes, latencies) => (bytes, Some(latencies)),
    };
    fields.push(("ops", ops as f64));
    if let Some(latencies) = latencies {
        fields.push(("p50", latencies.percentile(50)));
        fields.push(("p99", latencies.percentile(99)));
    }
    report::print(&fields)
}
