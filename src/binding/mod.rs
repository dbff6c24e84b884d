//! The binding layer: converts arguments, makes one inner call and returns its outcome as a number.
//!
//! Handle verbs are plain N-API functions that take keys (see `raw`), because one of them runs for
//! every read and write. Functions called once or seldom use `#[napi]`.

mod address;
mod block_list;
#[cfg(all(feature = "faults", target_os = "linux"))]
mod faults;
mod named_verbs;
mod passing_verbs;
mod proxy;
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

/// The options of [`open`].
#[napi(object)]
pub struct OpenOptions {
    /// `auto`, `on-loop` or `threaded`.
    pub driver: String,
    /// Hold small writes until the callback that makes them ends.
    pub coalesce: bool,
    /// Let a thread send the writes that would be coalesced.
    pub offload: bool,
    /// Pad abstract socket names with NULs, as libuv did until 1.46.
    pub padded_names: bool,
    /// Microseconds to look for more after a loop iteration that found something; 0 for none.
    pub busy_poll: u32,
    /// Write a log to standard error; false by default.
    pub debug: Option<bool>,
}

/// Opens the native side of this Node environment. Returns an object with its verbs, the name of
/// its driver (`driver`), and why the first choice failed (`fallback`). Returns a negative errno
/// where the system rejects it; the call may then be repeated.
///
/// Calls `dispatch` without arguments when `ring` holds events, and `confirm` when it holds relays
/// to confirm. Must be called on the JavaScript thread.
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
        debug: options.debug.unwrap_or(false),
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
    for verbs in all_verbs() {
        raw::attach(env, &object, net, verbs)?;
    }
    Ok(object)
}

fn all_verbs() -> [&'static [(&'static str, raw::Verb)]; 4] {
    [
        verbs::VERBS,
        named_verbs::VERBS,
        passing_verbs::VERBS,
        proxy::VERBS,
    ]
}

/// Returns the names of the verbs on the object that [`open`] returns.
#[napi]
pub fn verb_names() -> Vec<&'static str> {
    let verbs = all_verbs().into_iter().flatten();
    verbs.map(|&(name, _)| name).collect()
}

/// Returns what a descriptor refers to, by node's name.
#[napi]
pub fn guess_handle_type(fd: i32) -> &'static str {
    descriptor::describe(fd).name()
}

/// Creates a second descriptor for the same open file. Returns its number, which the caller owns,
/// or a negative errno.
#[napi]
pub fn duplicate(fd: i32) -> i32 {
    match descriptor::duplicate(fd) {
        Ok(copy) => descriptor::into_number(copy),
        Err(error) => Errno::from(error).code(),
    }
}
