//! The edge: arguments are converted, one inner call is made, the outcome goes back as a number.
//!
//! Handle verbs are plain N-API functions over keys (see `raw`), because one of them runs for every
//! read and write; what is called once or seldom uses `#[napi]`.

mod address;
mod block_list;
#[cfg(all(feature = "faults", target_os = "linux"))]
mod faults;
mod raw;
mod seam;
mod transfer;
mod verbs;

use napi::bindgen_prelude::{Either, Object, Unknown};
use napi::{Env, JsValue};
use napi_derive::napi;

use crate::env::{DriverChoice, NetEnv, Options, Shared};
use crate::error::Errno;
use crate::sys::descriptor;

/// What `open` can be told.
#[napi(object)]
pub struct OpenOptions {
    /// `auto`, `on-loop` or `threaded`.
    pub driver: String,
    /// Send small writes at the end of the callback that makes them.
    pub coalesce: bool,
    /// Let a thread send the writes that would be coalesced.
    pub offload: bool,
    /// Fill abstract socket names with NULs, as libuv did until 1.46.
    pub padded_names: bool,
    /// Microseconds to look for more after a loop iteration that found something; 0 for none.
    pub busy_poll: u32,
}

/// Opens the sockets of this Node environment: its verbs, the name of its driver, and why that is
/// not the one that was tried first (`fallback`). Where the system refuses, a negative errno; it may
/// be tried again.
///
/// `dispatch` is called with no arguments when `ring` holds events, `confirm` when it holds relays to
/// be confirmed.
#[napi]
pub fn open<'env>(
    env: &'env Env,
    options: OpenOptions,
    dispatch: Unknown<'env>,
    confirm: Unknown<'env>,
    ring: Unknown<'env>,
    slab: Unknown<'env>,
    out: Unknown<'env>,
) -> napi::Result<Either<Object<'env>, i32>> {
    let choice = match options.driver.as_str() {
        "threaded" => DriverChoice::Threaded,
        "on-loop" => DriverChoice::OnLoop,
        _ => DriverChoice::Auto,
    };
    let shared = Shared {
        env: env.raw(),
        dispatch: dispatch.raw(),
        confirm: confirm.raw(),
        ring: ring.raw(),
        slab: slab.raw(),
        out: out.raw(),
    };
    let options = Options {
        driver: choice,
        coalesce_writes: options.coalesce,
        offload_writes: options.offload,
        padded_names: options.padded_names,
        busy_poll: options.busy_poll,
    };
    match raw::open(&shared, options, |net| verbs_of(env, net)) {
        Ok(verbs) => Ok(Either::A(verbs?)),
        Err(error) if error.raw_os_error().is_some() => Ok(Either::B(Errno::from(error).code())),
        Err(error) => Err(napi::Error::from_reason(error.to_string())),
    }
}

fn verbs_of<'env>(env: &'env Env, net: &NetEnv) -> napi::Result<Object<'env>> {
    let mut object = Object::new(env)?;
    object.set("driver", net.driver())?;
    object.set("fallback", net.fallback())?;
    raw::attach(env, &object, net, verbs::VERBS)?;
    Ok(object)
}

/// The names of the verbs that `open` gives.
#[napi]
pub fn verb_names() -> Vec<&'static str> {
    verbs::VERBS.iter().map(|&(name, _)| name).collect()
}

/// What a descriptor refers to, in node's words.
#[napi]
pub fn guess_handle_type(fd: i32) -> &'static str {
    descriptor::describe(fd).name()
}

/// A second descriptor for the same open file, which the caller owns, or a negative errno.
#[napi]
pub fn duplicate(fd: i32) -> i32 {
    match descriptor::duplicate(fd) {
        Ok(copy) => descriptor::into_number(copy),
        Err(error) => Errno::from(error).code(),
    }
}
