//! Looks up functions of the running program by name.

use std::ffi::{c_void, CStr};
use std::ptr::{self, NonNull};

use windows_sys::w;
use windows_sys::Win32::Foundation::HMODULE;
use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleW, GetProcAddress};

/// Returns the address of a function exported by the program, or by Node's library where Node is
/// built as one. Every Node exports libuv's; a test binary has none.
pub fn lookup(name: &CStr) -> Option<NonNull<c_void>> {
    // SAFETY: null names the program itself, which is never unloaded.
    let program = unsafe { GetModuleHandleW(ptr::null()) };
    // SAFETY: the text is terminated; the call finds only a module that is already loaded.
    let library = || unsafe { GetModuleHandleW(w!("libnode.dll")) };
    find(program, name).or_else(|| find(library(), name))
}

fn find(module: HMODULE, name: &CStr) -> Option<NonNull<c_void>> {
    if module.is_null() {
        return None;
    }
    // SAFETY: the module is loaded and the name is terminated; the lookup runs none of the
    // program's code.
    let function = unsafe { GetProcAddress(module, name.as_ptr().cast()) }?;
    NonNull::new(function as *mut c_void)
}
