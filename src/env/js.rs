//! The way into JavaScript: the memory shared with `lib/handle/native.js`, and one call per batch.

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr::{self, NonNull};

use napi::sys;

use super::ring::{self, Ring};
use crate::event::{Event, Key};

/// How a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    Complete,
    /// The environment no longer runs JavaScript.
    Refused,
}

/// What `lib/handle/native.js` hands over when it opens an environment.
pub struct Shared {
    pub env: sys::napi_env,
    pub dispatch: sys::napi_value,
    pub confirm: sys::napi_value,
    pub ring: sys::napi_value,
    pub slab: sys::napi_value,
    pub out: sys::napi_value,
}

/// One environment's JavaScript side. On its thread only.
pub struct Js {
    env: sys::napi_env,
    dispatch: sys::napi_ref,
    confirm: sys::napi_ref,
    ring: NonNull<[Cell<i32>; ring::LENGTH]>,
    slab: (*mut u8, usize),
    out: (*mut u8, usize),
}

impl Js {
    /// Keeps what JavaScript shares for as long as the environment lives. `None` where the ring is
    /// too small or something is not what it should be.
    ///
    /// # Safety
    /// The values are live in the current handle scope of `env`'s thread, and JavaScript never
    /// detaches or resizes the three arrays.
    pub unsafe fn new(shared: &Shared) -> Option<Self> {
        let env = shared.env;
        // SAFETY: the values are live by the contract.
        let (ring, ring_bytes) = unsafe { pin(env, shared.ring)? };
        let ring = NonNull::new(ring.cast())?;
        // SAFETY: as above.
        let slab = unsafe { pin(env, shared.slab)? };
        // SAFETY: as above.
        let out = unsafe { pin(env, shared.out)? };
        // SAFETY: as above.
        let dispatch = unsafe { keep(env, shared.dispatch)? };
        // SAFETY: as above.
        let confirm = unsafe { keep(env, shared.confirm)? };
        let is_large_enough = ring_bytes >= ring::LENGTH * size_of::<i32>();
        is_large_enough.then_some(Self {
            env,
            dispatch,
            confirm,
            ring,
            slab,
            out,
        })
    }

    pub fn env(&self) -> sys::napi_env {
        self.env
    }

    /// Runs `fill` with the read slab.
    ///
    /// # Safety
    /// While `fill` runs no JavaScript does, and this is not called again.
    pub unsafe fn with_slab<T>(&self, fill: impl FnOnce(&mut [u8]) -> T) -> T {
        // SAFETY: pinned memory, which is the only reference to it by the contract: the slab never leaves
        // `lib/handle/dispatch.js`, so that no other thread has it.
        let slab = unsafe { std::slice::from_raw_parts_mut(self.slab.0, self.slab.1) };
        fill(slab)
    }

    /// Runs `read` with the first `length` bytes that JavaScript put into the out slab; `None` beyond its
    /// end.
    ///
    /// # Safety
    /// While `read` runs no JavaScript does.
    pub unsafe fn with_out<T>(&self, length: usize, read: impl FnOnce(&[u8]) -> T) -> Option<T> {
        if length > self.out.1 {
            return None;
        }
        // SAFETY: pinned memory of at least this length, which does not change by the contract: the slab
        // never leaves `lib/handle`, so that no other thread has it.
        let bytes = unsafe { std::slice::from_raw_parts(self.out.0, length) };
        Some(read(bytes))
    }

    fn ring(&self) -> Ring<'_> {
        // SAFETY: pinned memory, which `new` has found to be large enough. Cells may change whenever
        // JavaScript runs, and it does so on this thread alone.
        Ring::new(unsafe { self.ring.as_ref() })
    }

    /// Writes one event of the next batch.
    pub fn put(&self, index: usize, event: &Event) {
        self.ring().put(index, event);
    }

    /// Hands over a batch of `count` events. A listener that throws surfaces as
    /// `uncaughtException`, and the rest of the batch is delivered in a call of its own.
    pub fn deliver(&self, count: usize) -> Delivery {
        self.ring().begin(count);
        while !self.ring().is_delivered() {
            if self.call_dispatch() == Delivery::Refused {
                return Delivery::Refused;
            }
        }
        Delivery::Complete
    }

    /// Writes the source of one relay that is to be confirmed, between two batches.
    pub fn put_question(&self, index: usize, source: Key) {
        self.ring().ask(index, source);
    }

    /// Has JavaScript look at `count` questions. Only rust-net's own code runs: no ticks, no listeners.
    /// Where it cannot run, no question is confirmed.
    pub fn ask(&self, count: usize) {
        self.ring().set_count(count);
        let mut scope = ptr::null_mut();
        // SAFETY: called on the environment's thread.
        if unsafe { sys::napi_open_handle_scope(self.env, &mut scope) } != sys::Status::napi_ok {
            return;
        }
        let mut function = ptr::null_mut();
        // SAFETY: the reference is strong and lives as long as the environment.
        unsafe { sys::napi_get_reference_value(self.env, self.confirm, &mut function) };
        let mut result = ptr::null_mut();
        // SAFETY: the value is live in this scope; no arguments.
        let status = unsafe {
            sys::napi_call_function(self.env, function, function, 0, ptr::null(), &mut result)
        };
        if status == sys::Status::napi_pending_exception {
            self.report_exception();
        }
        // SAFETY: the scope was opened above, and nothing of it is used afterwards.
        unsafe { sys::napi_close_handle_scope(self.env, scope) };
    }

    /// True when JavaScript has confirmed the question at `index`.
    pub fn is_confirmed(&self, index: usize) -> bool {
        self.ring().is_confirmed(index)
    }

    fn call_dispatch(&self) -> Delivery {
        let mut scope = ptr::null_mut();
        // SAFETY: called on the environment's thread.
        if unsafe { sys::napi_open_handle_scope(self.env, &mut scope) } != sys::Status::napi_ok {
            return Delivery::Refused;
        }
        let delivery = self.call_in_scope();
        // SAFETY: the scope was opened above, and nothing of it is used afterwards.
        unsafe { sys::napi_close_handle_scope(self.env, scope) };
        delivery
    }

    fn call_in_scope(&self) -> Delivery {
        let mut function = ptr::null_mut();
        // SAFETY: the reference is strong and lives as long as the environment.
        unsafe { sys::napi_get_reference_value(self.env, self.dispatch, &mut function) };
        // The receiver is no matter to the function, but to node's domain module: it looks for a
        // domain on it, and on a REPL's global object it finds the module of that name.
        let receiver = function;
        let mut result = ptr::null_mut();
        // SAFETY: the value is live in this scope; no arguments; root async context.
        let status = unsafe {
            sys::napi_make_callback(
                self.env,
                ptr::null_mut(),
                receiver,
                function,
                0,
                ptr::null(),
                &mut result,
            )
        };
        match status {
            sys::Status::napi_ok => Delivery::Complete,
            sys::Status::napi_pending_exception => self.report_exception(),
            _ => Delivery::Refused,
        }
    }

    /// Makes the pending exception an `uncaughtException`. A worker that is being terminated has
    /// none to take.
    fn report_exception(&self) -> Delivery {
        let mut pending = false;
        // SAFETY: only asks.
        unsafe { sys::napi_is_exception_pending(self.env, &mut pending) };
        if !pending {
            return Delivery::Refused;
        }
        let mut error = ptr::null_mut();
        // SAFETY: an exception is pending, and the scope is open.
        unsafe { sys::napi_get_and_clear_last_exception(self.env, &mut error) };
        // SAFETY: the error is live in the open scope.
        let status = unsafe { sys::napi_fatal_exception(self.env, error) };
        if status == sys::Status::napi_ok {
            Delivery::Complete
        } else {
            Delivery::Refused
        }
    }
}

/// Keeps a typed array for ever, and returns where its bytes are and how many.
///
/// # Safety
/// `value` is live in the current handle scope of `env`'s thread.
unsafe fn pin(env: sys::napi_env, value: sys::napi_value) -> Option<(*mut u8, usize)> {
    let mut kind = 0;
    let mut length = 0;
    let mut data: *mut c_void = ptr::null_mut();
    let mut buffer = ptr::null_mut();
    let mut offset = 0;
    // SAFETY: all out-pointers are live; a value of another type only returns a status.
    let status = unsafe {
        sys::napi_get_typedarray_info(
            env,
            value,
            &mut kind,
            &mut length,
            &mut data,
            &mut buffer,
            &mut offset,
        )
    };
    if status != sys::Status::napi_ok {
        return None;
    }
    // SAFETY: the contract is the caller's.
    unsafe { keep(env, value)? };
    let width = if kind == sys::TypedarrayType::int32_array {
        size_of::<i32>()
    } else {
        1
    };
    Some((data.cast(), length * width))
}

/// Makes a strong reference, which goes with the environment.
///
/// # Safety
/// `value` is live in the current handle scope of `env`'s thread.
unsafe fn keep(env: sys::napi_env, value: sys::napi_value) -> Option<sys::napi_ref> {
    let mut reference = ptr::null_mut();
    // SAFETY: the value is live by the contract.
    let status = unsafe { sys::napi_create_reference(env, value, 1, &mut reference) };
    (status == sys::Status::napi_ok).then_some(reference)
}
