//! Keep-alive requests, answered with a body of known size.

use crate::Result;

use super::exchange::Exchange;

/// What an answer's body is.
#[derive(Clone, Copy)]
pub enum Body {
    /// As many bytes `x` as it is long.
    Plain,
    /// An object with one text of bytes `x`, in JSON.
    Json,
}

impl Body {
    fn of_size(self, size: usize) -> Vec<u8> {
        let (head, tail): (&[u8], &[u8]) = match self {
            Self::Plain => (b"", b""),
            Self::Json => (b"{\"text\":\"", b"\"}"),
        };
        let text = size.saturating_sub(head.len() + tail.len());
        [head, &vec![b'x'; text], tail].concat()
    }
}

pub struct Http {
    request: Vec<u8>,
    expected: Vec<u8>,
    head: Vec<u8>,
    /// How much of the body has come; `None` while the head is not complete.
    seen: Option<usize>,
}

impl Http {
    /// Asks for a body of `size` bytes, by a GET, or by a POST of `upload` bytes.
    pub fn new(size: usize, body: Body, upload: usize) -> Self {
        Self {
            request: request(upload),
            expected: body.of_size(size),
            head: Vec::new(),
            seen: None,
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
        if !head.starts_with("http/1.1 200 ") || length != Some(self.expected.len()) {
            return Err(format!("unexpected answer: {head}").into());
        }
        self.seen = Some(0);
        Ok(&part[end + 4 - before..])
    }
}

fn request(upload: usize) -> Vec<u8> {
    if upload == 0 {
        return b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec();
    }
    let head = format!("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {upload}\r\n\r\n");
    [head.as_bytes(), &vec![b'x'; upload]].concat()
}

impl Exchange for Http {
    fn next(&mut self) {
        self.head.clear();
        self.seen = None;
    }

    fn request(&self) -> &[u8] {
        &self.request
    }

    fn accept(&mut self, part: &[u8]) -> Result<bool> {
        let part = match self.seen {
            Some(_) => part,
            None => self.accept_head(part)?,
        };
        let Some(seen) = &mut self.seen else {
            return Ok(false);
        };
        let wanted = self.expected.get(*seen..*seen + part.len());
        if wanted != Some(part) {
            return Err("wrong body".into());
        }
        *seen += part.len();
        Ok(*seen == self.expected.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_in_parts() {
        let mut http = Http::new(3, Body::Plain, 0);
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxxx";
        for split in 1..answer.len() {
            http.next();
            assert!(!http.accept(&answer[..split]).unwrap());
            assert!(http.accept(&answer[split..]).unwrap());
        }
        http.next();
        assert!(http.accept(b"HTTP/1.1 500 Oh\r\n\r\n").is_err());
    }

    #[test]
    fn a_wrong_body() {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n";
        for (body, is_right) in [
            ("{\"text\":\"xxx\"}", Some(true)),
            ("{\"text\":\"xxx", Some(false)),
            ("{\"text\":\"xxy\"}", None),
            ("{\"text\":\"xxx\"}x", None),
        ] {
            let mut http = Http::new(14, Body::Json, 0);
            let answer = format!("{head}{body}");
            assert_eq!(http.accept(answer.as_bytes()).ok(), is_right, "{body}");
        }
    }

    #[test]
    fn an_upload() {
        let http = Http::new(12, Body::Plain, 5);
        assert!(http.request().ends_with(b"Content-Length: 5\r\n\r\nxxxxx"));
    }
}
