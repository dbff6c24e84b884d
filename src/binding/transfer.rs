//! Descriptors on their way from one thread's environment to another's.
//!
//! An addon is loaded once a process, so what is left here by one thread is found by the others.

use std::collections::HashMap;
use std::os::fd::{IntoRawFd, OwnedFd};
use std::sync::{LazyLock, Mutex, PoisonError};

use napi_derive::napi;

use crate::error::Errno;
use crate::sys::descriptor;

static WAITING: LazyLock<Mutex<HashMap<String, OwnedFd>>> = LazyLock::new(Mutex::default);

/// Keeps a copy of the descriptor under a name that was never used before: 0, or a negative errno.
#[napi]
pub fn deposit_descriptor(name: String, fd: i32) -> i32 {
    match descriptor::duplicate(fd) {
        Ok(copy) => {
            let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.insert(name, copy);
            0
        }
        Err(error) => Errno::from(error).code(),
    }
}

/// What was kept under the name, which the caller owns from here on; -1 where there is nothing (any more).
#[napi]
#[allow(
    clippy::needless_pass_by_value,
    reason = "napi hands strings over by value"
)]
pub fn withdraw_descriptor(name: String) -> i32 {
    let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    waiting.remove(&name).map_or(-1, IntoRawFd::into_raw_fd)
}
