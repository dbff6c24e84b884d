//! What a bare server does with the bytes of one connection.

use std::fmt::Write;

use crate::client::{burst_answer, BURST_REQUEST};
use crate::{pattern, Result};

use super::outbox::Outbox;

pub trait Service {
    fn data(&mut self, input: &[u8], out: &mut Outbox) -> Result<()>;
    /// The client has ended; the server does after this.
    fn end(&mut self, _out: &mut Outbox) {}
}

pub type Maker = Box<dyn Fn() -> Box<dyn Service>>;

/// The services by name. `size` is a write's or a body's.
pub fn maker(kind: &str, size: usize) -> Result<Maker> {
    Ok(match kind {
        "echo" => Box::new(|| Box::new(Echo)),
        "sink" => Box::new(|| Box::new(Sink(0))),
        "source" => Box::new(move || {
            Box::new(Source {
                chunk: size,
                request: Vec::new(),
            })
        }),
        "burst" => Box::new(|| {
            Box::new(Burst {
                seen: 0,
                answer: burst_answer(),
            })
        }),
        "lines" => Box::new(|| Box::new(Lines(Vec::new()))),
        "http" => Box::new(move || Box::new(Http::new(size))),
        other => return Err(format!("no server '{other}'").into()),
    })
}

/// Sends everything back.
struct Echo;

impl Service for Echo {
    fn data(&mut self, input: &[u8], out: &mut Outbox) -> Result<()> {
        out.push(input);
        Ok(())
    }
}

/// Checks and counts the pattern, and says at the end how much came.
struct Sink(u64);

impl Service for Sink {
    fn data(&mut self, input: &[u8], _out: &mut Outbox) -> Result<()> {
        if !pattern::matches(self.0, input) {
            return Err(format!("wrong bytes after {}", self.0).into());
        }
        self.0 += input.len() as u64;
        Ok(())
    }

    fn end(&mut self, out: &mut Outbox) {
        out.push(&self.0.to_le_bytes());
    }
}

/// Sends as much of the pattern as eight bytes ask for.
struct Source {
    chunk: usize,
    request: Vec<u8>,
}

impl Service for Source {
    fn data(&mut self, input: &[u8], out: &mut Outbox) -> Result<()> {
        self.request.extend_from_slice(input);
        while let Some((length, rest)) = self.request.split_first_chunk() {
            out.push_pattern(u64::from_le_bytes(*length), self.chunk);
            self.request = rest.to_vec();
        }
        Ok(())
    }
}

/// Eight pieces for a request. They leave together, as gathered writes do.
struct Burst {
    seen: usize,
    answer: Vec<u8>,
}

impl Service for Burst {
    fn data(&mut self, input: &[u8], out: &mut Outbox) -> Result<()> {
        self.seen += input.len();
        while self.seen >= BURST_REQUEST.len() {
            self.seen -= BURST_REQUEST.len();
            out.push(&self.answer);
        }
        Ok(())
    }
}

/// Sends lines back behind an equals sign; holds what is not a line yet.
struct Lines(Vec<u8>);

impl Service for Lines {
    fn data(&mut self, input: &[u8], out: &mut Outbox) -> Result<()> {
        self.0.extend_from_slice(input);
        let complete = self.0.iter().rposition(|byte| *byte == b'\n');
        let Some(last) = complete else { return Ok(()) };
        for line in self.0[..=last].split_inclusive(|byte| *byte == b'\n') {
            // A server of strings must know that this is one.
            std::str::from_utf8(line)?;
            out.push(b"=");
            out.push(line);
        }
        self.0.drain(..=last);
        Ok(())
    }
}

/// The same answer to each request that has no body.
struct Http {
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Http {
    fn new(size: usize) -> Self {
        let mut answer = String::from("HTTP/1.1 200 OK\r\n");
        // Writing to a String does not fail.
        let _ = write!(answer, "Content-Length: {size}\r\n\r\n");
        let mut answer = answer.into_bytes();
        answer.resize(answer.len() + size, b'x');
        Self {
            request: Vec::new(),
            answer,
        }
    }
}

impl Service for Http {
    fn data(&mut self, input: &[u8], out: &mut Outbox) -> Result<()> {
        self.request.extend_from_slice(input);
        let mut served = 0;
        let end_of_head = |bytes: &[u8]| bytes.windows(4).position(|four| four == b"\r\n\r\n");
        while let Some(end) = end_of_head(&self.request[served..]) {
            served += end + 4;
            out.push(&self.answer);
        }
        self.request.drain(..served);
        Ok(())
    }
}
