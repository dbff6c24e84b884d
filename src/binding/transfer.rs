//! Transfer tokens: descriptors that move from one thread's environment to another's.
//!
//! The addon is loaded once per process, so all threads share this map.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use napi_derive::napi;

use crate::sys::{descriptor, Descriptor};

static WAITING: LazyLock<Mutex<HashMap<String, Descriptor>>> = LazyLock::new(Mutex::default);

fn waiting() -> MutexGuard<'static, HashMap<String, Descriptor>> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps a descriptor until another thread takes it. `token` must not have been used before.
pub fn deposit(token: String, fd: Descriptor) {
    waiting().insert(token, fd);
}

/// Takes the descriptor of a transfer token. Returns its number, which the caller then owns, or -1
/// if there is none.
#[napi]
#[allow(
    clippy::needless_pass_by_value,
    reason = "napi hands strings over by value"
)]
pub fn withdraw_descriptor(token: String) -> i32 {
    let kept = waiting().remove(&token);
    kept.map_or(-1, descriptor::into_number)
}

/// Closes a descriptor that [`withdraw_descriptor`] or the verb `share` returned.
#[napi]
pub fn close_descriptor(fd: i32) {
    descriptor::close(fd);
}
