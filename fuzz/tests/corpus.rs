//! Checks the properties with the corpus, and with random changes of it. `FUZZ_INPUTS` is how many of
//! these a target gets, and `FUZZ_SEED` repeats a run.

#![allow(
    clippy::unwrap_used,
    reason = "clippy knows no test in a function of one"
)]

use std::fs;
use std::path::Path;

use rust_net_fuzz::{target, Mutator, Target, TARGETS};

const INPUTS: u64 = 2_000;
const SEED: u64 = 0x5eed_0001;

fn corpus(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(name);
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut inputs: Vec<(String, Vec<u8>)> = files
        .map(|file| (file.display().to_string(), fs::read(&file).unwrap()))
        .collect();
    inputs.sort();
    inputs
}

fn number(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(default, |text| text.parse().unwrap())
}

/// Prints the input of a property that does not hold.
struct Shown<'a>(&'a [u8]);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("input: {}", self.0.escape_ascii());
        }
    }
}

fn run(name: &str) {
    let Target { check, words, .. } = target(name);
    let corpus = corpus(name);
    assert!(!corpus.is_empty(), "{name} has no corpus");
    let check = |bytes: &[u8]| {
        let _shown = Shown(bytes);
        check(bytes);
    };
    for (_, bytes) in &corpus {
        check(bytes);
    }
    let (seed, count) = (number("FUZZ_SEED", SEED), number("FUZZ_INPUTS", INPUTS));
    println!(
        "{name}: {} inputs of the corpus, {count} changed, FUZZ_SEED={seed}",
        corpus.len()
    );
    let inputs: Vec<Vec<u8>> = corpus.into_iter().map(|(_, bytes)| bytes).collect();
    let mut mutator = Mutator::new(seed);
    for _ in 0..count {
        check(&mutator.make(&inputs, words));
    }
}

#[test]
fn address() {
    run("address");
}

#[test]
fn subnet() {
    run("subnet");
}

#[test]
fn block_list() {
    run("block_list");
}

#[test]
fn spans() {
    run("spans");
}

#[test]
fn proxy_read() {
    run("proxy_read");
}

#[test]
fn proxy_write() {
    run("proxy_write");
}

#[test]
fn every_target_has_a_test() {
    let own = include_str!("corpus.rs");
    for Target { name, .. } in TARGETS {
        assert!(own.contains(&format!("run(\"{name}\")")), "{name}");
    }
}
