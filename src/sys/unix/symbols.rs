//! Looks up functions of the running program by name.

use std::ffi::{c_void, CStr};
use std::ptr::NonNull;

/// Returns the address of a function exported by the program or its libraries. Every Node exports
/// libuv's; a test binary has none.
pub fn lookup(name: &CStr) -> Option<NonNull<c_void>> {
    // SAFETY: the name is NUL-terminated; the lookup runs none of the program's code.
    NonNull::new(unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) })
}
