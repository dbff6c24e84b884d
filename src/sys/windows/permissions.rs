//! Who may open a pipe.

use std::io;
use std::ptr;

use windows_sys::Win32::Foundation::{LocalFree, HANDLE};
use windows_sys::Win32::Security::Authorization::{
    GetSecurityInfo, SetEntriesInAclW, SetSecurityInfo, EXPLICIT_ACCESS_W, GRANT_ACCESS,
    SE_KERNEL_OBJECT, TRUSTEE_IS_SID, TRUSTEE_IS_WELL_KNOWN_GROUP, TRUSTEE_W,
};
use windows_sys::Win32::Security::{
    CreateWellKnownSid, WinWorldSid, ACL, DACL_SECURITY_INFORMATION, NO_INHERITANCE,
    PSECURITY_DESCRIPTOR, SECURITY_MAX_SID_SIZE,
};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_READ_ATTRIBUTES, FILE_WRITE_ATTRIBUTES,
};

use super::system_error;

/// A SID in the memory that it needs.
#[repr(align(8))]
struct Sid([u8; SECURITY_MAX_SID_SIZE as usize]);

/// Memory that the system has made for us.
struct Local<T>(*mut T);

impl<T> Drop for Local<T> {
    fn drop(&mut self) {
        // SAFETY: the system allocated it for its caller to free in this way; null is allowed.
        unsafe { LocalFree(self.0.cast()) };
    }
}

/// Lets everybody read or write what `handle` is open on, beside those who may already.
///
/// # Errors
/// The system's.
pub fn grant_everybody(handle: HANDLE, readable: bool, writable: bool) -> io::Result<()> {
    let mut rights = 0;
    if readable {
        rights |= FILE_GENERIC_READ | FILE_WRITE_ATTRIBUTES;
    }
    if writable {
        rights |= FILE_GENERIC_WRITE | FILE_READ_ATTRIBUTES;
    }
    let mut old: *mut ACL = ptr::null_mut();
    let mut whole = Local::<std::ffi::c_void>(ptr::null_mut());
    let descriptor: *mut PSECURITY_DESCRIPTOR = &mut whole.0;
    // SAFETY: the handle is open, and the pointers that are written to outlive the call. `old` is part
    // of `whole`, which is freed at the end.
    check(unsafe {
        GetSecurityInfo(
            handle,
            SE_KERNEL_OBJECT,
            DACL_SECURITY_INFORMATION,
            ptr::null_mut(),
            ptr::null_mut(),
            &mut old,
            ptr::null_mut(),
            descriptor,
        )
    })?;
    let mut everybody = everybody()?;
    let entry = entry(&mut everybody, rights);
    let mut new = Local::<ACL>(ptr::null_mut());
    // SAFETY: one entry is given, which like the old list outlives the call.
    check(unsafe { SetEntriesInAclW(1, &entry, old, &mut new.0) })?;
    // SAFETY: the handle is open, and the new list outlives the call.
    check(unsafe {
        SetSecurityInfo(
            handle,
            SE_KERNEL_OBJECT,
            DACL_SECURITY_INFORMATION,
            ptr::null_mut(),
            ptr::null_mut(),
            new.0,
            ptr::null(),
        )
    })
}

fn everybody() -> io::Result<Sid> {
    let mut sid = Sid([0; SECURITY_MAX_SID_SIZE as usize]);
    let mut size = SECURITY_MAX_SID_SIZE;
    let place = sid.0.as_mut_ptr().cast();
    // SAFETY: the memory is as large as `size` says.
    if unsafe { CreateWellKnownSid(WinWorldSid, ptr::null_mut(), place, &mut size) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(sid)
}

/// An entry of a list; it points to `sid`.
fn entry(sid: &mut Sid, rights: u32) -> EXPLICIT_ACCESS_W {
    EXPLICIT_ACCESS_W {
        grfAccessPermissions: rights,
        grfAccessMode: GRANT_ACCESS,
        grfInheritance: NO_INHERITANCE,
        Trustee: TRUSTEE_W {
            pMultipleTrustee: ptr::null_mut(),
            MultipleTrusteeOperation: 0,
            TrusteeForm: TRUSTEE_IS_SID,
            TrusteeType: TRUSTEE_IS_WELL_KNOWN_GROUP,
            ptstrName: sid.0.as_mut_ptr().cast(),
        },
    }
}

fn check(status: u32) -> io::Result<()> {
    if status == 0 {
        Ok(())
    } else {
        Err(system_error(status))
    }
}
