//! The two ends of the network, and the loop that relays between them.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::process::{self, Command};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use crate::shaper::{Profile, Shaper};
use crate::sys;

const DEVICE: &str = "link0";

/// Packets of one device that are relayed before the other one has its turn.
const BURST: usize = 256;

/// An end: the device, and the thread whose namespace it is in.
struct End {
    device: File,
    thread: i32,
}

/// The network from end `a` to end `b`, and back.
struct Network {
    ends: [End; 2],
    shapers: [Shaper; 2],
}

/// Runs the network until standard input ends.
pub fn run(seed: u64, mtu: u32) -> io::Result<()> {
    let ends = [end(1, mtu)?, end(2, mtu)?];
    let path = |end: &End| format!("/proc/{}/task/{}/ns/net", process::id(), end.thread);
    say(&format!("{} {}", path(&ends[0]), path(&ends[1])))?;
    let shapers = [Shaper::new(seed), Shaper::new(!seed)];
    Network { ends, shapers }.relay()
}

/// Makes the end with the addresses 10.77.0.`host` and fd77::`host`. Its thread sleeps for ever.
fn end(host: u8, mtu: u32) -> io::Result<End> {
    let (to, from) = mpsc::channel();
    thread::spawn(move || {
        let _ = to.send(open_end(host, mtu));
        loop {
            thread::park();
        }
    });
    from.recv().map_err(io::Error::other)?
}

fn open_end(host: u8, mtu: u32) -> io::Result<End> {
    sys::leave_network()?;
    let device = sys::open_tun(DEVICE)?;
    ip(&format!("addr add 10.77.0.{host}/24 dev {DEVICE}"))?;
    ip(&format!("addr add fd77::{host}/64 dev {DEVICE} nodad"))?;
    ip(&format!("link set {DEVICE} mtu {mtu} up"))?;
    ip("link set lo up")?;
    let thread = sys::thread_id();
    Ok(End { device, thread })
}

/// Runs `ip` in this thread's namespace.
fn ip(arguments: &str) -> io::Result<()> {
    let status = Command::new("ip").args(arguments.split(' ')).status()?;
    if status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("ip {arguments}: {status}")))
}

fn say(line: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}

impl Network {
    fn relay(mut self) -> io::Result<()> {
        let mut commands = String::new();
        let mut packet = vec![0; 65_536];
        loop {
            let input = io::stdin();
            let [a, b] = &self.ends;
            let ready = sys::wait([&a.device, &b.device, &input], self.patience())?;
            for (from, is_ready) in ready.into_iter().enumerate().take(2) {
                if is_ready {
                    self.receive(from, &mut packet)?;
                }
            }
            self.send()?;
            if ready[2] && !self.obey(&mut commands)? {
                return Ok(());
            }
        }
    }

    /// Returns the milliseconds until something is due, rounded up; -1 for ever.
    fn patience(&self) -> i32 {
        let next = self.shapers.iter().filter_map(Shaper::next_due).min();
        next.map_or(-1, |due| {
            let left = due.saturating_duration_since(Instant::now());
            i32::try_from(left.as_micros().div_ceil(1000)).unwrap_or(i32::MAX)
        })
    }

    fn receive(&mut self, from: usize, packet: &mut [u8]) -> io::Result<()> {
        for _ in 0..BURST {
            match (&self.ends[from].device).read(packet) {
                Ok(length) => self.shapers[from].take(&packet[..length], Instant::now()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn send(&mut self) -> io::Result<()> {
        let now = Instant::now();
        for (from, to) in [(0, 1), (1, 0)] {
            while let Some(packet) = self.shapers[from].next(now) {
                // A device that is down, or full, drops it.
                let _ = (&self.ends[to].device).write(&packet);
            }
        }
        Ok(())
    }

    /// Reads what there is of commands. False at the end.
    fn obey(&mut self, commands: &mut String) -> io::Result<bool> {
        let mut bytes = [0; 4096];
        let count = io::stdin().read(&mut bytes)?;
        commands.push_str(&String::from_utf8_lossy(&bytes[..count]));
        while let Some(end) = commands.find('\n') {
            let line: String = commands.drain(..=end).collect();
            let answer = self.answer(line.trim())?;
            say(&answer)?;
        }
        Ok(count > 0)
    }

    fn answer(&mut self, line: &str) -> io::Result<String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["counts"] => return Ok(self.counts()),
            ["carrier", state] => {
                for end in &self.ends {
                    sys::set_carrier(&end.device, state == "on")?;
                }
                if state != "on" {
                    self.shapers.iter_mut().for_each(Shaper::clear);
                }
            }
            ["set", direction, family, ref changes @ ..] => {
                let is_known = self
                    .profiles(direction, family)
                    .all(|profile| changes.iter().all(|change| profile.set(change)));
                if !is_known {
                    return Ok(format!("unknown: {line}"));
                }
            }
            _ => return Ok(format!("unknown: {line}")),
        }
        Ok("ok".into())
    }

    /// Returns the profiles that a command names.
    fn profiles<'a>(
        &'a mut self,
        direction: &'a str,
        family: &'a str,
    ) -> impl Iterator<Item = &'a mut Profile> {
        let directions = ["ab", "ba"].into_iter().zip(&mut self.shapers);
        directions
            .filter(move |(name, _)| direction == "both" || direction == *name)
            .flat_map(|(_, shaper)| ["4", "6"].into_iter().zip(&mut shaper.profiles))
            .filter(move |(name, _)| family == "all" || family == *name)
            .map(|(_, profile)| profile)
    }

    fn counts(&self) -> String {
        let one = |shaper: &Shaper| {
            let counts = shaper.counts;
            format!(
                r#"{{"seen":{},"lost":{},"duplicated":{},"reordered":{}}}"#,
                counts.seen, counts.lost, counts.duplicated, counts.reordered
            )
        };
        format!("[{},{}]", one(&self.shapers[0]), one(&self.shapers[1]))
    }
}
