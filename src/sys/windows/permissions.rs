//! The permissions of a pipe.

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

/// A SID, with the size and alignment that the system requires.
#[repr(align(8))]
struct Sid([u8; SECURITY_MAX_SID_SIZE as usize]);

/// Memory that the system allocated for its caller to free.
struct Local<T>(*mut T);

impl<T> Drop for Local<T> {
    fn drop(&mut self) {
        // SAFETY: the system allocated it for its caller to free in this way; null is allowed.
        unsafe { LocalFree(self.0.cast()) };
    }
}

/// Lets all users read or write the object of `handle`, in addition to those who may already.
///
/// # Errors
/// The system's error.
pub fn allow_everyone(handle: HANDLE, readable: bool, writable: bool) -> io::Result<()> {
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
    // SAFETY: the handle is open, and the pointers that are written to outlive the call. `old` is
    // part of `whole`, which is freed at the end of this function.
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
    let mut everyone = everyone()?;
    let entry = entry(&mut everyone, rights);
    let mut new = Local::<ACL>(ptr::null_mut());
    // SAFETY: exactly one entry is passed; it and the old list outlive the call.
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

fn everyone() -> io::Result<Sid> {
    let mut sid = Sid([0; SECURITY_MAX_SID_SIZE as usize]);
    let mut size = SECURITY_MAX_SID_SIZE;
    let place = sid.0.as_mut_ptr().cast();
    // SAFETY: the memory is as large as `size` says.
    if unsafe { CreateWellKnownSid(WinWorldSid, ptr::null_mut(), place, &mut size) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(sid)
}

/// Creates an entry of an access list. It points to `sid`, which must outlive it.
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
