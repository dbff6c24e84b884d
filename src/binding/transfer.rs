//! Descriptors on their way from one thread's environment to another's.
//!
//! An addon is loaded once a process, so what is left here by one thread is found by the others.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use napi_derive::napi;

use crate::sys::{descriptor, Descriptor};

static WAITING: LazyLock<Mutex<HashMap<String, Descriptor>>> = LazyLock::new(Mutex::default);

fn waiting() -> MutexGuard<'static, HashMap<String, Descriptor>> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps a descriptor under a name that was never used before.
pub fn deposit(name: String, fd: Descriptor) {
    waiting().insert(name, fd);
}

/// What was kept under the name, which the caller owns from here on; -1 where there is nothing (any more).
#[napi]
#[allow(
    clippy::needless_pass_by_value,
    reason = "napi hands strings over by value"
)]
pub fn withdraw_descriptor(name: String) -> i32 {
    let kept = waiting().remove(&name);
    kept.map_or(-1, descriptor::into_number)
}

/// Closes what [`withdraw_descriptor`] or the verb `share` has given out.
#[napi]
pub fn close_descriptor(fd: i32) {
    descriptor::close(fd);
}
