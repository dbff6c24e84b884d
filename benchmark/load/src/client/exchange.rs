//! Requests, and the answers that they must have.

use crate::{pattern, Result};

/// One connection's requests, one at a time.
pub trait Exchange {
    /// Makes the next request, unlike the one before it where that is possible.
    fn next(&mut self);
    fn request(&self) -> &[u8];
    /// Takes a part of the answer; true where it is complete.
    fn accept(&mut self, part: &[u8]) -> Result<bool>;
}

/// An answer that is known beforehand.
#[derive(Default)]
struct Expected {
    bytes: Vec<u8>,
    seen: usize,
}

impl Expected {
    fn accept(&mut self, part: &[u8]) -> Result<bool> {
        let end = self.seen + part.len();
        if self.bytes.get(self.seen..end) != Some(part) {
            let (from, all) = (self.seen, self.bytes.len());
            return Err(format!("wrong answer in bytes {from} to {end} of {all}").into());
        }
        self.seen = end;
        Ok(end == self.bytes.len())
    }
}

/// The request itself comes back.
pub struct Echo {
    sequence: u64,
    expected: Expected,
}

impl Echo {
    pub fn new(id: usize, size: usize) -> Self {
        let mut bytes = Vec::with_capacity(size);
        while bytes.len() < size {
            bytes.extend_from_slice(pattern::at(id as u64, size - bytes.len()));
        }
        Self {
            sequence: id as u64,
            expected: Expected { bytes, seen: 0 },
        }
    }
}

impl Exchange for Echo {
    fn next(&mut self) {
        // Connections count in steps that keep their numbers apart.
        self.sequence += 1 << 20;
        let stamp = self.sequence.to_be_bytes();
        let length = stamp.len().min(self.expected.bytes.len());
        self.expected.bytes[..length].copy_from_slice(&stamp[..length]);
        self.expected.seen = 0;
    }

    fn request(&self) -> &[u8] {
        &self.expected.bytes
    }

    fn accept(&mut self, part: &[u8]) -> Result<bool> {
        self.expected.accept(part)
    }
}

/// A short request that is answered by eight small writes.
pub struct Burst {
    expected: Expected,
}

/// What a request of `Burst` looks like.
pub const BURST_REQUEST: &[u8; 16] = b"eight pieces now";
pub const BURST_PIECES: u8 = 8;
pub const BURST_PIECE: usize = 64;

/// The answer to `BURST_REQUEST`: each piece is full of its number.
pub fn burst_answer() -> Vec<u8> {
    (0..BURST_PIECES)
        .flat_map(|piece| [piece; BURST_PIECE])
        .collect()
}

impl Burst {
    pub fn new() -> Self {
        Self {
            expected: Expected {
                bytes: burst_answer(),
                seen: 0,
            },
        }
    }
}

impl Exchange for Burst {
    fn next(&mut self) {
        self.expected.seen = 0;
    }

    fn request(&self) -> &[u8] {
        BURST_REQUEST
    }

    fn accept(&mut self, part: &[u8]) -> Result<bool> {
        self.expected.accept(part)
    }
}

/// A line of text with characters of one to four bytes; the answer is the line
/// behind an equals sign.
pub struct Lines {
    sequence: u64,
    filler: String,
    request: String,
    expected: Expected,
}

impl Lines {
    pub fn new(id: usize, size: usize) -> Self {
        let filler = "søme wörds, 5 € 𝄞 ".chars().cycle();
        let mut length = 0;
        let taken = filler.take_while(|character| {
            length += character.len_utf8();
            length < size.saturating_sub(20)
        });
        Self {
            sequence: id as u64,
            filler: taken.collect(),
            request: String::new(),
            expected: Expected::default(),
        }
    }
}

impl Exchange for Lines {
    fn next(&mut self) {
        self.sequence += 1 << 20;
        self.request = format!("{:018} {}\n", self.sequence, self.filler);
        let bytes = &mut self.expected.bytes;
        bytes.clear();
        bytes.push(b'=');
        bytes.extend_from_slice(self.request.as_bytes());
        self.expected.seen = 0;
    }

    fn request(&self) -> &[u8] {
        self.request.as_bytes()
    }

    fn accept(&mut self, part: &[u8]) -> Result<bool> {
        self.expected.accept(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_in_parts() {
        let mut echo = Echo::new(3, 100);
        echo.next();
        let request = echo.request().to_vec();
        assert_eq!(request.len(), 100);
        assert!(!echo.accept(&request[..60]).unwrap());
        assert!(echo.accept(&request[60..]).unwrap());
        assert!(echo.accept(b"x").is_err());
        echo.next();
        assert_ne!(echo.request(), request);
        assert!(echo.accept(&request).is_err());
    }

    #[test]
    fn lines_are_about_as_long_as_asked() {
        let mut lines = Lines::new(1, 64);
        lines.next();
        let request = lines.request().to_vec();
        assert!((60..=64).contains(&request.len()), "{}", request.len());
        assert!(!lines.accept(b"=").unwrap());
        assert!(lines.accept(&request).unwrap());
    }
}
