//! Functions of the running program, by name.

use std::ffi::{c_void, CStr};
use std::ptr::NonNull;

/// The address of an exported function of the program or its libraries. libuv's are exported by
/// every Node; a test binary has none.
pub fn lookup(name: &CStr) -> Option<NonNull<c_void>> {
    // SAFETY: the name is NUL-terminated; looking it up runs no code of ours.
    NonNull::new(unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) })
}
