//! The command line: words, and `--name value` pairs.

use std::collections::HashMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::net::Address;
use crate::Result;

pub struct Args {
    words: Vec<String>,
    options: HashMap<String, String>,
}

impl Args {
    pub fn from_env() -> Result<Self> {
        Self::parse(std::env::args().skip(1))
    }

    fn parse(input: impl Iterator<Item = String>) -> Result<Self> {
        let mut args = Self {
            words: Vec::new(),
            options: HashMap::new(),
        };
        let mut input = input;
        while let Some(item) = input.next() {
            match item.strip_prefix("--") {
                None => args.words.push(item),
                Some(name) => {
                    let value = input.next().ok_or(format!("{item} has no value"))?;
                    args.options.insert(name.to_owned(), value);
                }
            }
        }
        Ok(args)
    }

    pub fn word(&self, index: usize) -> Option<&str> {
        self.words.get(index).map(String::as_str)
    }

    /// The option's value, or `default` where it was not given.
    pub fn get<T: FromStr>(&self, name: &str, default: T) -> Result<T> {
        match self.options.get(name) {
            None => Ok(default),
            Some(text) => text
                .parse()
                .map_err(|_| format!("--{name} {text}: not understood").into()),
        }
    }

    /// How long the load lasts, where it runs once.
    pub fn seconds(&self) -> Result<Option<Duration>> {
        let seconds: f64 = self.get("seconds", 0.0)?;
        Ok(if seconds == 0.0 {
            None
        } else {
            Some(Duration::try_from_secs_f64(seconds)?)
        })
    }

    /// `--path PATH` of a Unix socket, or else `--port PORT` on the loopback.
    pub fn address(&self) -> Result<Address> {
        let path: PathBuf = self.get("path", PathBuf::new())?;
        if path.as_os_str().is_empty() {
            Ok(Address::loopback(self.get("port", 0)?))
        } else {
            Ok(Address::Unix(path))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Args> {
        Args::parse(line.split(' ').map(str::to_owned))
    }

    #[test]
    fn words_and_options() {
        let args = parse("echo --size 64 now").unwrap();
        assert_eq!(args.word(0), Some("echo"));
        assert_eq!(args.word(1), Some("now"));
        assert_eq!(args.get("size", 1).unwrap(), 64);
        assert_eq!(args.get("connections", 3).unwrap(), 3);
        assert!(args.get::<usize>("size", 1).is_ok());
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        assert!(parse("echo --size").is_err());
        assert!(parse("--size x").unwrap().get("size", 1).is_err());
    }
}
