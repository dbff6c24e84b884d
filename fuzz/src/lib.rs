//! Properties that hold for every input of rust-net's parsers, and the targets that look for one
//! where they do not.
//!
//! The addon is a `cdylib`, which no crate can depend on. Its modules without I/O are compiled into
//! this crate instead. A property is a function of any bytes that panics where it does not hold.
//! libFuzzer calls it, `cargo test` does so with the corpus and with random changes of it, and a
//! target's program does so with the files that it is given.

// What the addon uses and no property does.
#[allow(dead_code)]
#[path = "../../src/address/mod.rs"]
mod address;
#[allow(dead_code, unused_imports)]
#[path = "../../src/proxy/mod.rs"]
mod proxy;
// It is private to the one above.
#[allow(dead_code, clippy::duplicate_mod)]
#[path = "../../src/address/spans.rs"]
mod spans;

mod addresses;
mod input;
mod mutation;
mod proxy_headers;
mod reference;
mod rules;
mod span_sets;

pub use mutation::Mutator;

/// One property, by the name of its target and its folder in `corpus/`.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub name: &'static str,
    /// Panics where the property does not hold.
    pub check: fn(&[u8]),
    /// Parts that inputs are made of.
    pub words: &'static [&'static [u8]],
}

pub const TARGETS: [Target; 6] = [
    Target {
        name: "address",
        check: addresses::check,
        words: addresses::WORDS,
    },
    Target {
        name: "subnet",
        check: rules::check_subnet,
        words: rules::WORDS,
    },
    Target {
        name: "block_list",
        check: rules::check_list,
        words: rules::WORDS,
    },
    Target {
        name: "spans",
        check: span_sets::check,
        words: &[],
    },
    Target {
        name: "proxy_read",
        check: proxy_headers::check_read,
        words: proxy_headers::WORDS,
    },
    Target {
        name: "proxy_write",
        check: proxy_headers::check_write,
        words: proxy_headers::WORDS,
    },
];

/// Returns the target with this name.
///
/// # Panics
/// Where there is none.
pub fn target(name: &str) -> Target {
    let found = TARGETS.into_iter().find(|target| target.name == name);
    found.unwrap_or_else(|| panic!("no target {name}"))
}

/// Checks the property of a target for each of the files, which are named when they begin.
///
/// # Panics
/// Where the property does not hold, or a file cannot be read.
pub fn check_files(name: &str, files: impl Iterator<Item = String>) {
    let Target { check, .. } = target(name);
    for file in files {
        println!("{file}");
        match std::fs::read(&file) {
            Ok(bytes) => check(&bytes),
            Err(error) => panic!("{error}"),
        }
    }
}

/// Makes the program of a target: libFuzzer's under `cargo fuzz`, otherwise one that checks the files
/// that it is given.
#[macro_export]
macro_rules! target {
    ($name:ident) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
            use std::sync::LazyLock;
            static TARGET: LazyLock<$crate::Target> =
                LazyLock::new(|| $crate::target(stringify!($name)));
            (TARGET.check)(bytes);
        });

        #[cfg(not(fuzzing))]
        fn main() {
            $crate::check_files(stringify!($name), std::env::args().skip(1));
        }
    };
}
