//! Calls that move bytes.

use std::ffi::{c_int, c_uint, c_void};

use libc::{iovec, loff_t, msghdr, size_t, ssize_t};

use super::calls::{call_on, fail, note, on_socket};
use super::descriptors::{look_again, nature, Nature};
use super::{is_counting, next, Call, Fault};

extern "C" {
    fn __real_read(fd: c_int, to: *mut c_void, length: size_t) -> ssize_t;
    fn __real_recv(fd: c_int, to: *mut c_void, length: size_t, flags: c_int) -> ssize_t;
    fn __real_recvmsg(fd: c_int, message: *mut msghdr, flags: c_int) -> ssize_t;
    fn __real_sendmsg(fd: c_int, message: *const msghdr, flags: c_int) -> ssize_t;
    fn __real_send(fd: c_int, from: *const c_void, length: size_t, flags: c_int) -> ssize_t;
    fn __real_splice(
        from: c_int,
        from_offset: *mut loff_t,
        to: c_int,
        to_offset: *mut loff_t,
        length: size_t,
        flags: c_uint,
    ) -> ssize_t;
    fn __real_write(fd: c_int, from: *const c_void, length: size_t) -> ssize_t;
    fn __real_writev(fd: c_int, vector: *const iovec, count: c_int) -> ssize_t;
}

/// Makes a call that moves bytes of the descriptor `fd`, as the rule has it. `real` is told whether
/// to move less.
fn moved(
    call: Option<Call>,
    fd: c_int,
    length: size_t,
    real: impl FnOnce(bool) -> ssize_t,
) -> ssize_t {
    let Some(call) = call else {
        return real(false);
    };
    match next(call, length) {
        None => {
            let count = real(false);
            note(call, fd, count < 0);
            count
        }
        Some(Fault::Zero) => 0,
        Some(Fault::Short) => {
            let count = real(true);
            if count > 0 {
                look_again(fd);
            }
            count
        }
        Some(Fault::Errno(code)) => {
            if code == libc::EAGAIN {
                look_again(fd);
            }
            fail(code) as ssize_t
        }
    }
}

/// The length of a send that is cut short.
fn half(length: size_t, is_cut: bool) -> size_t {
    if is_cut {
        length.div_ceil(2)
    } else {
        length
    }
}

/// The room of a read that is cut short: what came is nearly always more than a byte.
fn least(length: size_t, is_cut: bool) -> size_t {
    if is_cut {
        length.min(1)
    } else {
        length
    }
}

/// Returns the call that a transfer counts as, by what its descriptor is; `None` where it is not
/// failed.
fn transfer_on(fd: c_int, waker: Call, socket: Call, pipe: Option<Call>) -> Option<Call> {
    call_on(fd, |nature| match nature {
        Nature::Waker => Some(waker),
        Nature::Socket => Some(socket),
        Nature::Pipe => pipe,
        Nature::Other => None,
    })
}

#[no_mangle]
unsafe extern "C" fn __wrap_recv(
    fd: c_int,
    to: *mut c_void,
    length: size_t,
    flags: c_int,
) -> ssize_t {
    let call = transfer_on(fd, Call::WakerReceive, Call::Receive, None);
    moved(call, fd, length, |is_cut| {
        // SAFETY: the caller's own arguments, or less room.
        unsafe { __real_recv(fd, to, least(length, is_cut), flags) }
    })
}

/// # Safety
/// The message is one of the addon's, with one live entry.
unsafe fn entry_of(message: *const msghdr) -> iovec {
    // SAFETY: the contract is the caller's.
    unsafe { *(*message).msg_iov }
}

#[no_mangle]
unsafe extern "C" fn __wrap_recvmsg(fd: c_int, message: *mut msghdr, flags: c_int) -> ssize_t {
    // SAFETY: `sys/unix/passing.rs` makes all messages.
    let entry = unsafe { entry_of(message) };
    let call = transfer_on(fd, Call::WakerReceive, Call::Receive, None);
    moved(call, fd, entry.iov_len, |is_cut| {
        let mut cut = iovec {
            iov_len: least(entry.iov_len, is_cut),
            ..entry
        };
        // SAFETY: as above.
        let original = unsafe { std::mem::replace(&mut (*message).msg_iov, &mut cut) };
        // SAFETY: the caller's own message, or less room.
        let count = unsafe { __real_recvmsg(fd, message, flags) };
        // SAFETY: as above.
        unsafe { (*message).msg_iov = original };
        count
    })
}

#[no_mangle]
unsafe extern "C" fn __wrap_sendmsg(fd: c_int, message: *const msghdr, flags: c_int) -> ssize_t {
    // SAFETY: `sys/unix/passing.rs` makes all messages.
    let entry = unsafe { entry_of(message) };
    let call = transfer_on(fd, Call::WakerSend, Call::Send, None);
    moved(call, fd, entry.iov_len, |is_cut| {
        let mut cut = iovec {
            iov_len: half(entry.iov_len, is_cut),
            ..entry
        };
        // SAFETY: the message is live.
        let mut message = unsafe { *message };
        message.msg_iov = &mut cut;
        // SAFETY: the caller's own message, or fewer bytes.
        unsafe { __real_sendmsg(fd, &message, flags) }
    })
}

#[no_mangle]
unsafe extern "C" fn __wrap_read(fd: c_int, to: *mut c_void, length: size_t) -> ssize_t {
    let call = transfer_on(fd, Call::WakerReceive, Call::Read, Some(Call::ReadPipe));
    moved(call, fd, length, |is_cut| {
        // SAFETY: as above.
        unsafe { __real_read(fd, to, least(length, is_cut)) }
    })
}

#[no_mangle]
unsafe extern "C" fn __wrap_send(
    fd: c_int,
    from: *const c_void,
    length: size_t,
    flags: c_int,
) -> ssize_t {
    let call = transfer_on(fd, Call::WakerSend, Call::Send, None);
    moved(call, fd, length, |is_cut| {
        // SAFETY: the caller's own arguments, or fewer bytes.
        unsafe { __real_send(fd, from, half(length, is_cut), flags) }
    })
}

#[no_mangle]
unsafe extern "C" fn __wrap_write(fd: c_int, from: *const c_void, length: size_t) -> ssize_t {
    let call = transfer_on(fd, Call::WakerSend, Call::Write, Some(Call::Write));
    moved(call, fd, length, |is_cut| {
        // SAFETY: as above.
        unsafe { __real_write(fd, from, half(length, is_cut)) }
    })
}

#[no_mangle]
unsafe extern "C" fn __wrap_writev(fd: c_int, vector: *const iovec, count: c_int) -> ssize_t {
    // SAFETY: the caller hands over so many live entries.
    let entries =
        unsafe { std::slice::from_raw_parts(vector, usize::try_from(count).unwrap_or(0)) };
    let length = entries.iter().map(|entry| entry.iov_len).sum();
    let call = call_on(fd, on_socket(Call::WriteV));
    moved(call, fd, length, |is_cut| {
        let cut = first_of(entries, half(length, is_cut));
        let count = c_int::try_from(cut.len()).unwrap_or(c_int::MAX);
        // SAFETY: the caller's own entries, or what is left of them.
        unsafe { __real_writev(fd, cut.as_ptr(), count) }
    })
}

/// The entries of the first `length` bytes.
fn first_of(entries: &[iovec], mut length: size_t) -> Vec<iovec> {
    let mut first = Vec::with_capacity(entries.len());
    for entry in entries {
        let iov_len = entry.iov_len.min(length);
        length -= iov_len;
        first.push(iovec { iov_len, ..*entry });
    }
    first
}

#[no_mangle]
unsafe extern "C" fn __wrap_splice(
    from: c_int,
    from_offset: *mut loff_t,
    to: c_int,
    to_offset: *mut loff_t,
    length: size_t,
    flags: c_uint,
) -> ssize_t {
    let is_in = is_counting() && nature(from) == Nature::Socket;
    let (fd, name) = if is_in {
        (from, Call::SpliceIn)
    } else {
        (to, Call::SpliceOut)
    };
    let call = call_on(fd, on_socket(name));
    moved(call, fd, length, |is_cut| {
        // SAFETY: the caller's own arguments, or fewer bytes.
        unsafe {
            __real_splice(
                from,
                from_offset,
                to,
                to_offset,
                half(length, is_cut),
                flags,
            )
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_cut_within_an_entry() {
        let entries = [4, 6, 2].map(|iov_len| iovec {
            iov_base: std::ptr::null_mut(),
            iov_len,
        });
        let lengths: Vec<_> = first_of(&entries, 7).iter().map(|it| it.iov_len).collect();
        assert_eq!(lengths, [4, 3, 0]);
    }
}
