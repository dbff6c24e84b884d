//! Functions of the running program, by name.

use std::ffi::{c_void, CStr};
use std::ptr::{self, NonNull};

use windows_sys::w;
use windows_sys::Win32::Foundation::HMODULE;
use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleW, GetProcAddress};

/// The address of an exported function of the program, or of Node's library where Node is built as
/// one. libuv's are exported by every Node; a test binary has none.
pub fn lookup(name: &CStr) -> Option<NonNull<c_void>> {
    // SAFETY: null asks for the program itself; the module stays loaded.
    let program = unsafe { GetModuleHandleW(ptr::null()) };
    // SAFETY: the text is terminated; only a module that is loaded already is found.
    let library = || unsafe { GetModuleHandleW(w!("libnode.dll")) };
    find(program, name).or_else(|| find(library(), name))
}

fn find(module: HMODULE, name: &CStr) -> Option<NonNull<c_void>> {
    if module.is_null() {
        return None;
    }
    // SAFETY: the module is loaded, and the name is terminated; looking it up runs no code of ours.
    let function = unsafe { GetProcAddress(module, name.as_ptr().cast()) }?;
    NonNull::new(function as *mut c_void)
}
