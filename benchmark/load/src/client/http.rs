//! Keep-alive requests, answered with a body of known size.

use crate::Result;

use super::exchange::Exchange;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const BODY_BYTE: u8 = b'x';

pub struct Http {
    size: usize,
    head: Vec<u8>,
    body: Option<usize>,
}

impl Http {
    pub fn new(size: usize) -> Self {
        Self {
            size,
            head: Vec::new(),
            body: None,
        }
    }

    /// Takes the head; gives what of `part` stands behind it.
    fn accept_head<'a>(&mut self, part: &'a [u8]) -> Result<&'a [u8]> {
        let before = self.head.len();
        self.head.extend_from_slice(part);
        let end = self.head.windows(4).position(|four| four == b"\r\n\r\n");
        let Some(end) = end else { return Ok(&[]) };
        let head = String::from_utf8_lossy(&self.head[..end]).to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .and_then(|value| value.trim().parse::<usize>().ok());
        if !head.starts_with("http/1.1 200 ") || length != Some(self.size) {
            return Err(format!("unexpected answer: {head}").into());
        }
        self.body = Some(0);
        Ok(&part[end + 4 - before..])
    }
}

impl Exchange for Http {
    fn next(&mut self) {
        self.head.clear();
        self.body = None;
    }

    fn request(&self) -> &[u8] {
        REQUEST
    }

    fn accept(&mut self, part: &[u8]) -> Result<bool> {
        let part = match self.body {
            Some(_) => part,
            None => self.accept_head(part)?,
        };
        let Some(seen) = &mut self.body else {
            return Ok(false);
        };
        *seen += part.len();
        if *seen > self.size || part.iter().any(|byte| *byte != BODY_BYTE) {
            return Err("wrong body".into());
        }
        Ok(*seen == self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_in_parts() {
        let mut http = Http::new(3);
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxxx";
        for split in 1..answer.len() {
            http.next();
            assert!(!http.accept(&answer[..split]).unwrap());
            assert!(http.accept(&answer[split..]).unwrap());
        }
        http.next();
        assert!(http.accept(b"HTTP/1.1 500 Oh\r\n\r\n").is_err());
    }
}
