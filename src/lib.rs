//! rust-net: TCP, Unix-domain sockets and named pipes for Node.js, on a Tokio reactor.
//!
//! ```text
//! in:   kernel -> sys -> net -> stream::reader -> queue -> env (dispatch) -> lib/handle/handle.js
//! out:  lib/handle/handle.js -> binding -> env -> stream::writer -> sys -> kernel
//! ```
//!
//! Commands are function calls that return zero or a negative libuv errno; results come back only
//! as events. A layer imports only from the layers to its right: `binding` > `env` > `net` >
//! `stream` > `runtime` > `sys`. `event`, `queue`, `error`, `address`, `proxy` and `sync` import from
//! no other layer.

// napi's macros expand to nothing in a test build, which makes the whole binding layer look unused.
#![cfg_attr(test, allow(dead_code))]

mod address;
mod binding;
mod env;
mod error;
mod event;
mod net;
mod proxy;
mod queue;
mod runtime;
mod stream;
mod sync;
mod sys;
