//! rust-net: TCP, Unix-domain sockets and named pipes for Node, on a Tokio reactor.
//!
//! ```text
//! in:   kernel -> sys -> net -> stream::reader -> queue -> env (dispatch) -> lib/handle/handle.js
//! out:  lib/handle/handle.js -> binding -> env -> stream::writer -> sys -> kernel
//! ```
//!
//! Commands go down by function call and return zero or a negative libuv errno; facts come up only
//! as events. A layer imports only what stands below it: `binding` > `env` > `net` > `stream` >
//! `runtime` > `sys`; `event`, `queue`, `error` and `address` are leaves.

// napi's macros expand to nothing in a test build, so that the whole edge looks unused there.
#![cfg_attr(test, allow(dead_code))]

mod address;
mod binding;
mod env;
mod error;
mod event;
mod net;
mod queue;
mod runtime;
mod stream;
mod sys;
