//! Verbs as plain N-API functions: one costs a tenth of a generated class method.

use std::ffi::{c_void, CStr};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr;

use napi::bindgen_prelude::Object;
use napi::{sys, Env, JsValue};

use crate::env::{NetEnv, Options, Shared};
use crate::error::Errno;
use crate::sys::{Bytes, Room};

/// The most arguments that a verb takes.
const ARGUMENTS: usize = 5;

/// The value that a verb returns.
pub enum Value {
    /// Zero, a negative errno, or a small number such as a slot.
    Int(i32),
    /// A count that may exceed 32 bits.
    Count(u64),
    /// An internet address: text, IP version and port.
    Address(String, u8, u16),
    /// Counts, as an array.
    Counts(Vec<u64>),
    /// Numbers of descriptors, as an array.
    Numbers(Vec<i32>),
    /// Counts by name, as an object.
    Fields(Vec<(&'static CStr, u64)>),
    Text(String),
    Bytes(Box<[u8]>),
}

/// A verb: one function of the environment object that `lib/handle/native.js` uses.
pub type Verb = fn(&NetEnv, &Arguments<'_>) -> Value;

/// What a verb's function is made with. The environment keeps it, and so neither outlives the other.
struct Bound {
    verb: Verb,
    net: *const NetEnv,
}

/// The arguments of one call. A missing argument, or one of another type, reads as zero, false or
/// empty.
pub struct Arguments<'a> {
    env: sys::napi_env,
    values: &'a [sys::napi_value],
}

impl Arguments<'_> {
    fn value(&self, index: usize) -> sys::napi_value {
        self.values.get(index).copied().unwrap_or(ptr::null_mut())
    }

    pub fn int(&self, index: usize) -> i32 {
        let mut number = 0;
        // SAFETY: the arguments are live during the call; a value of another type only returns a
        // status.
        unsafe { sys::napi_get_value_int32(self.env, self.value(index), &mut number) };
        number
    }

    pub fn uint(&self, index: usize) -> u32 {
        self.int(index).cast_unsigned()
    }

    /// Returns a slot; `u32::MAX`, which names none, for a value that is not a number.
    pub fn slot(&self, index: usize) -> u32 {
        self.optional_uint(index).unwrap_or(u32::MAX)
    }

    /// Returns a count of bytes; a negative number reads as zero.
    pub fn count(&self, index: usize) -> usize {
        let mut number = 0;
        // SAFETY: as in `int`.
        unsafe { sys::napi_get_value_int64(self.env, self.value(index), &mut number) };
        usize::try_from(number).unwrap_or(0)
    }

    /// Returns the argument as [`Self::uint`] does, or `None` if it is not a number.
    pub fn optional_uint(&self, index: usize) -> Option<u32> {
        let mut number = 0;
        // SAFETY: as in `int`.
        let status =
            unsafe { sys::napi_get_value_uint32(self.env, self.value(index), &mut number) };
        (status == sys::Status::napi_ok).then_some(number)
    }

    pub fn boolean(&self, index: usize) -> bool {
        let mut value = false;
        // SAFETY: as in `int`.
        unsafe { sys::napi_get_value_bool(self.env, self.value(index), &mut value) };
        value
    }

    pub fn text(&self, index: usize) -> String {
        let value = self.value(index);
        let mut length = 0;
        // SAFETY: with a null buffer the call writes only the length.
        let status = unsafe {
            sys::napi_get_value_string_utf8(self.env, value, ptr::null_mut(), 0, &mut length)
        };
        if status != sys::Status::napi_ok {
            return String::new();
        }
        let mut bytes = vec![0u8; length + 1];
        // SAFETY: the buffer has the length passed, terminator included.
        unsafe {
            sys::napi_get_value_string_utf8(
                self.env,
                value,
                bytes.as_mut_ptr().cast(),
                bytes.len(),
                &mut length,
            )
        };
        bytes.truncate(length);
        String::from_utf8(bytes).unwrap_or_default()
    }

    /// Reports an argument as an `uncaughtException`. Without a listener the process exits within
    /// this call.
    pub fn report_exception(&self, index: usize) {
        // SAFETY: the value is live during the call, and no Rust borrow is held while JavaScript
        // runs.
        unsafe { sys::napi_fatal_exception(self.env, self.value(index)) };
    }

    /// Calls `send` with the bytes of a `Uint8Array`; returns `None` for any other value.
    pub fn with_bytes<T>(&self, index: usize, send: impl FnOnce(Bytes<'_>) -> T) -> Option<T> {
        let (start, length) = memory_of(self.env, self.value(index))?;
        // SAFETY: the memory stays in place while `send` runs, because `send` runs no JavaScript.
        Some(send(unsafe { Bytes::new(start, length) }))
    }

    /// Calls `send` with the bytes of an array of `Uint8Array`s; returns `None` for any other
    /// value.
    ///
    /// Reading an element may run a getter, and a getter may detach the memory of earlier elements.
    /// All elements are therefore read before the first address is taken.
    pub fn with_all_bytes<T>(
        &self,
        index: usize,
        send: impl FnOnce(&mut [Bytes<'_>]) -> T,
    ) -> Option<T> {
        let elements = self.elements(self.value(index))?;
        let mut buffers = Vec::with_capacity(elements.len());
        for element in elements {
            let (start, length) = memory_of(self.env, element)?;
            // SAFETY: the elements are live in the scope of the running call. Their memory stays in
            // place until JavaScript runs again, which it does not do before `send` returns.
            buffers.push(unsafe { Bytes::new(start, length) });
        }
        Some(send(&mut buffers))
    }

    /// Returns the numbers of an array; an element that is no number of 32 bits reads as -1. `None` for
    /// any other value.
    pub fn ints(&self, index: usize) -> Option<Vec<i32>> {
        let elements = self.elements(self.value(index))?;
        let numbers = elements.into_iter().map(|element| {
            let mut number = -1;
            // SAFETY: as in `int`: the elements are live in the scope of the running call.
            unsafe { sys::napi_get_value_int64(self.env, element, &mut number) };
            i32::try_from(number).unwrap_or(-1)
        });
        Some(numbers.collect())
    }

    fn elements(&self, array: sys::napi_value) -> Option<Vec<sys::napi_value>> {
        let mut length = 0;
        // SAFETY: as in `int`.
        let status = unsafe { sys::napi_get_array_length(self.env, array, &mut length) };
        if status != sys::Status::napi_ok {
            return None;
        }
        let mut elements = Vec::new();
        for index in 0..length {
            let mut element = ptr::null_mut();
            // SAFETY: as in `int`; no Rust borrow is held while a getter runs.
            let status = unsafe { sys::napi_get_element(self.env, array, index, &mut element) };
            // A getter threw: its exception stays pending and is thrown when the verb returns.
            if status != sys::Status::napi_ok {
                return None;
            }
            elements.push(element);
        }
        Some(elements)
    }

    /// Calls `fill` with the memory of a `Uint8Array`; returns `None` for any other value.
    pub fn with_room<T>(&self, index: usize, fill: impl FnOnce(Room<'_>) -> T) -> Option<T> {
        let (start, length) = memory_of(self.env, self.value(index))?;
        // SAFETY: as in `with_bytes`. Typed arrays are writable.
        Some(fill(unsafe { Room::new(start, length) }))
    }
}

/// Returns the address and length of a `Uint8Array`'s bytes; `None` for any other value. The length
/// of a detached array is zero.
fn memory_of(env: sys::napi_env, value: sys::napi_value) -> Option<(*mut u8, usize)> {
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
    if status != sys::Status::napi_ok || kind != sys::TypedarrayType::uint8_array {
        return None;
    }
    if data.is_null() {
        length = 0;
    }
    Some((data.cast(), length))
}

/// Opens the environment that `shared` belongs to, and calls `then` with it. Teardown frees it, which
/// cannot begin before `then` has returned.
///
/// # Errors
/// Those of [`NetEnv::open`].
pub fn open<T>(
    shared: &Shared,
    options: Options,
    then: impl FnOnce(&NetEnv) -> T,
) -> std::io::Result<T> {
    // SAFETY: called from JavaScript with arguments of the running call; `lib/handle/native.js`
    // owns the arrays and keeps them for as long as the environment exists.
    let net = unsafe { NetEnv::open(shared, options)? };
    // SAFETY: just opened. Teardown runs on this thread, once JavaScript does no longer.
    Ok(then(unsafe { net.as_ref() }))
}

/// Adds one function for each verb to `object`.
///
/// # Errors
/// N-API's error where it cannot create a function.
pub fn attach(
    env: &Env,
    object: &Object<'_>,
    net: &NetEnv,
    verbs: &'static [(&'static str, Verb)],
) -> napi::Result<()> {
    let bound: Vec<Bound> = verbs.iter().map(|&(_, verb)| Bound { verb, net }).collect();
    let entries: Vec<*const Bound> = bound.iter().map(ptr::from_ref).collect();
    // Before the first function: a setter of the program's may keep one, whatever fails later.
    net.keep(Box::new(bound));
    for ((name, _), entry) in verbs.iter().zip(entries) {
        let data = entry.cast_mut().cast();
        let mut function = ptr::null_mut();
        // SAFETY: the name has the length passed; `data` points into the buffer of `bound`, which
        // the environment keeps.
        let status = unsafe {
            sys::napi_create_function(
                env.raw(),
                name.as_ptr().cast(),
                name.len().cast_signed(),
                Some(call_verb),
                data,
                &mut function,
            )
        };
        napi::check_status!(status)?;
        let name = std::ffi::CString::new(*name)?;
        // SAFETY: object and function are live; the name is terminated.
        let status = unsafe {
            sys::napi_set_named_property(env.raw(), object.raw(), name.as_ptr(), function)
        };
        napi::check_status!(status)?;
    }
    Ok(())
}

unsafe extern "C" fn call_verb(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let mut values = [ptr::null_mut(); ARGUMENTS];
    let mut count = ARGUMENTS;
    let mut data = ptr::null_mut();
    // SAFETY: `values` has room for `count` arguments; the other out-pointers are live or null.
    unsafe {
        sys::napi_get_cb_info(
            env,
            info,
            &mut count,
            values.as_mut_ptr(),
            ptr::null_mut(),
            &mut data,
        )
    };
    // SAFETY: `attach` made the function with a Bound of an environment. Both live until teardown, when
    // JavaScript runs no longer, and this is called by JavaScript.
    let bound = unsafe { &*data.cast::<Bound>() };
    // SAFETY: as above, for the environment.
    let net = unsafe { &*bound.net };
    let arguments = Arguments {
        env,
        values: &values,
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| (bound.verb)(net, &arguments)));
    // A panic must not unwind into C: it becomes an I/O error of this handle.
    to_js(env, outcome.unwrap_or(Value::Int(Errno::IO.code())))
}

fn to_js(env: sys::napi_env, value: Value) -> sys::napi_value {
    match value {
        Value::Int(number) => int(env, number),
        Value::Count(number) => count(env, number),
        Value::Address(address, version, port) => {
            let mut object = ptr::null_mut();
            // SAFETY: called in the scope of the running call.
            unsafe { sys::napi_create_object(env, &mut object) };
            let family = if version == 6 { "IPv6" } else { "IPv4" };
            set(env, object, c"address", text(env, &address));
            set(env, object, c"family", text(env, family));
            set(env, object, c"port", int(env, port.into()));
            object
        }
        Value::Counts(counts) => array(env, counts.into_iter().map(u64::cast_signed)),
        Value::Numbers(numbers) => array(env, numbers.into_iter().map(i64::from)),
        Value::Fields(fields) => {
            let mut object = ptr::null_mut();
            // SAFETY: called in the scope of the running call.
            unsafe { sys::napi_create_object(env, &mut object) };
            for (name, value) in fields {
                set(env, object, name, count(env, value));
            }
            object
        }
        Value::Text(value) => text(env, &value),
        Value::Bytes(bytes) => buffer(env, &bytes),
    }
}

fn array(env: sys::napi_env, numbers: impl ExactSizeIterator<Item = i64>) -> sys::napi_value {
    let mut array = ptr::null_mut();
    // SAFETY: called in the scope of the running call.
    unsafe { sys::napi_create_array_with_length(env, numbers.len(), &mut array) };
    for (index, number) in (0..).zip(numbers) {
        let mut value = ptr::null_mut();
        // SAFETY: as above.
        unsafe { sys::napi_create_int64(env, number, &mut value) };
        // SAFETY: as above; both values are live.
        unsafe { sys::napi_set_element(env, array, index, value) };
    }
    array
}

fn int(env: sys::napi_env, number: i32) -> sys::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: called in the scope of the running call.
    unsafe { sys::napi_create_int32(env, number, &mut value) };
    value
}

fn count(env: sys::napi_env, number: u64) -> sys::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: called in the scope of the running call.
    unsafe { sys::napi_create_int64(env, number.cast_signed(), &mut value) };
    value
}

fn text(env: sys::napi_env, text: &str) -> sys::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: called in the scope of the running call; pointer and length are those of one slice.
    unsafe {
        sys::napi_create_string_utf8(
            env,
            text.as_ptr().cast(),
            text.len().cast_signed(),
            &mut value,
        )
    };
    value
}

/// Returns a Buffer with a copy of the bytes.
fn buffer(env: sys::napi_env, bytes: &[u8]) -> sys::napi_value {
    let mut value = ptr::null_mut();
    let mut data = ptr::null_mut();
    // SAFETY: called in the scope of the running call; pointer and length are those of one slice.
    unsafe {
        sys::napi_create_buffer_copy(
            env,
            bytes.len(),
            bytes.as_ptr().cast(),
            &mut data,
            &mut value,
        )
    };
    value
}

fn set(env: sys::napi_env, object: sys::napi_value, name: &CStr, value: sys::napi_value) {
    // SAFETY: both values are live in the scope of the running call; the name is terminated.
    unsafe { sys::napi_set_named_property(env, object, name.as_ptr(), value) };
}
