//! How a bare server is talked to, the same as a subject in JavaScript: it
//! prints one line with its port, answers each line `usage` with what it has
//! used so far, and ends when its standard input does.

use std::io::BufRead;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use crate::{report, sys, Result};

/// What a server counts.
#[derive(Default)]
pub struct Stats {
    connections: AtomicU64,
    bytes: AtomicU64,
}

impl Stats {
    pub fn accepted(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    pub fn received(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// Says that the server listens, and answers from a thread of its own.
pub fn start(port: u16, stats: Arc<Stats>) -> Result<()> {
    report::print(&[("port", f64::from(port))])?;
    std::thread::Builder::new()
        .name("control".into())
        .spawn(move || {
            let code = match answer(&stats) {
                Ok(()) => 0,
                Err(error) => {
                    eprintln!("rust-net-load: {error}");
                    1
                }
            };
            std::process::exit(code);
        })?;
    Ok(())
}

fn answer(stats: &Stats) -> Result<()> {
    for line in std::io::stdin().lock().lines() {
        match line?.trim() {
            "usage" | "memory" => report::print(&[
                ("cpu", sys::cpu_micros()?),
                ("rss", resident_bytes()?),
                (
                    "connections",
                    stats.connections.load(Ordering::Relaxed) as f64,
                ),
                ("bytes", stats.bytes.load(Ordering::Relaxed) as f64),
            ])?,
            other => return Err(format!("no command '{other}'").into()),
        }
    }
    Ok(())
}

fn resident_bytes() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let kilobytes = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.trim().strip_suffix("kB"))
        .ok_or("no VmRSS in /proc/self/status")?;
    Ok(kilobytes.trim().parse::<f64>()? * 1024.0)
}
