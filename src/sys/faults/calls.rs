//! The calls as the linker finds them: `__wrap_bind` stands for `bind`, and `__real_bind` is libc's.
//!
//! A rule concerns sockets, and the pipe between two of them; what else is read, written or closed by
//! std and Tokio (an eventfd) passes by.
//!
//! Readiness is edge-triggered. A kernel that says `EAGAIN`, or moves less than there is, gives an edge
//! when that changes. So does a rule: it has epoll look at the descriptor again. What a rule says is
//! thereby what a kernel may say, "not at this moment", and a reader that waits then waits in vain
//! only by its own fault.

use std::ffi::{c_char, c_int, c_uint, c_ulong, c_void};

use libc::{epoll_event, mode_t, sockaddr, socklen_t};

use super::descriptors::{known, look_again, nature, Nature};
use super::{is_counting, next, note_blocked, Call, Fault};

/// The name of a call on `fd`, by what that is; none for what is neither socket nor pipe.
pub(super) fn call_on(fd: c_int, name: impl FnOnce(Nature) -> Option<Call>) -> Option<Call> {
    if !is_counting() {
        return None;
    }
    name(nature(fd))
}

/// The rule for a call on `fd` that moves nothing.
fn rule_for(fd: c_int, name: impl FnOnce(Nature) -> Option<Call>) -> Option<Fault> {
    next(call_on(fd, name)?, 0)
}

pub(super) fn on_socket(call: Call) -> impl FnOnce(Nature) -> Option<Call> {
    move |nature| (nature == Nature::Socket).then_some(call)
}

/// The errno of this thread.
pub(super) fn errno() -> c_int {
    // SAFETY: the address is this thread's own errno.
    unsafe { *libc::__errno_location() }
}

/// Fails a call as the C convention has it.
pub(super) fn fail(code: c_int) -> c_int {
    // SAFETY: the address is this thread's own errno.
    unsafe { *libc::__errno_location() = code };
    -1
}

/// Notes whether the kernel had nothing for a call that it has just answered. The errno stays.
pub(super) fn note(call: Call, fd: c_int, has_failed: bool) {
    let code = errno();
    if has_failed && code == libc::EAGAIN {
        let is_futile = known().is_futile(fd, call);
        note_blocked(call, is_futile);
    } else {
        known().has_moved(fd, call);
    }
    if has_failed {
        fail(code);
    }
}

/// Makes a call that moves nothing, or fails it.
fn made(fault: Option<Fault>, real: impl FnOnce() -> c_int) -> c_int {
    match fault {
        Some(Fault::Errno(code)) => fail(code),
        Some(Fault::Zero) => 0,
        Some(Fault::Short) | None => real(),
    }
}

extern "C" {
    fn __real_accept4(fd: c_int, to: *mut sockaddr, size: *mut socklen_t, flags: c_int) -> c_int;
    fn __real_bind(fd: c_int, address: *const sockaddr, size: socklen_t) -> c_int;
    fn __real_close(fd: c_int) -> c_int;
    fn __real_connect(fd: c_int, address: *const sockaddr, size: socklen_t) -> c_int;
    fn __real_epoll_create1(flags: c_int) -> c_int;
    fn __real_epoll_ctl(epoll: c_int, change: c_int, fd: c_int, event: *mut epoll_event) -> c_int;
    fn __real_epoll_wait(
        epoll: c_int,
        events: *mut epoll_event,
        most: c_int,
        timeout: c_int,
    ) -> c_int;
    fn __real_eventfd(start: c_uint, flags: c_int) -> c_int;
    fn __real_fcntl(fd: c_int, command: c_int, ...) -> c_int;
    fn __real_getpeername(fd: c_int, to: *mut sockaddr, size: *mut socklen_t) -> c_int;
    fn __real_getsockname(fd: c_int, to: *mut sockaddr, size: *mut socklen_t) -> c_int;
    fn __real_getsockopt(
        fd: c_int,
        level: c_int,
        name: c_int,
        to: *mut c_void,
        size: *mut socklen_t,
    ) -> c_int;
    fn __real_ioctl(fd: c_int, request: c_ulong, ...) -> c_int;
    fn __real_listen(fd: c_int, backlog: c_int) -> c_int;
    fn __real_open64(path: *const c_char, flags: c_int, ...) -> c_int;
    fn __real_pipe2(ends: *mut c_int, flags: c_int) -> c_int;
    fn __real_setsockopt(
        fd: c_int,
        level: c_int,
        name: c_int,
        from: *const c_void,
        size: socklen_t,
    ) -> c_int;
    fn __real_shutdown(fd: c_int, how: c_int) -> c_int;
    fn __real_socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int;
    fn __real_socketpair(domain: c_int, kind: c_int, protocol: c_int, ends: *mut c_int) -> c_int;
}

/// Calls on a socket that move no bytes.
macro_rules! on_sockets {
    ($($wrap:ident, $real:ident, $call:ident, ($($name:ident: $kind:ty),*);)*) => {$(
        #[no_mangle]
        unsafe extern "C" fn $wrap(fd: c_int, $($name: $kind),*) -> c_int {
            let fault = rule_for(fd, on_socket(Call::$call));
            // SAFETY: the caller's own arguments.
            made(fault, || unsafe { $real(fd, $($name),*) })
        }
    )*};
}

on_sockets! {
    __wrap_bind, __real_bind, Bind, (address: *const sockaddr, size: socklen_t);
    __wrap_connect, __real_connect, Connect, (address: *const sockaddr, size: socklen_t);
    __wrap_getpeername, __real_getpeername, GetPeerName, (to: *mut sockaddr, size: *mut socklen_t);
    __wrap_getsockname, __real_getsockname, GetSockName, (to: *mut sockaddr, size: *mut socklen_t);
    __wrap_getsockopt, __real_getsockopt, GetSockOpt,
        (level: c_int, name: c_int, to: *mut c_void, size: *mut socklen_t);
    __wrap_setsockopt, __real_setsockopt, SetSockOpt,
        (level: c_int, name: c_int, from: *const c_void, size: socklen_t);
    __wrap_listen, __real_listen, Listen, (backlog: c_int);
}

/// Calls that make a descriptor.
macro_rules! making {
    ($($wrap:ident, $real:ident, $call:ident, ($($name:ident: $kind:ty),*);)*) => {$(
        #[no_mangle]
        unsafe extern "C" fn $wrap($($name: $kind),*) -> c_int {
            let fault = is_counting().then(|| next(Call::$call, 0)).flatten();
            // SAFETY: the caller's own arguments.
            made(fault, || unsafe { $real($($name),*) })
        }
    )*};
}

making! {
    __wrap_epoll_create1, __real_epoll_create1, EpollCreate, (flags: c_int);
    __wrap_eventfd, __real_eventfd, EventFd, (start: c_uint, flags: c_int);
    // The arguments of a variadic function stand where those of any other do, on Linux.
    __wrap_open64, __real_open64, Open, (path: *const c_char, flags: c_int, mode: mode_t);
    __wrap_pipe2, __real_pipe2, Pipe2, (ends: *mut c_int, flags: c_int);
    __wrap_socket, __real_socket, Socket, (domain: c_int, kind: c_int, protocol: c_int);
}

#[no_mangle]
unsafe extern "C" fn __wrap_socketpair(
    domain: c_int,
    kind: c_int,
    protocol: c_int,
    ends: *mut c_int,
) -> c_int {
    let fault = is_counting().then(|| next(Call::SocketPair, 0)).flatten();
    // SAFETY: the caller's own arguments.
    let status = made(fault, || unsafe {
        __real_socketpair(domain, kind, protocol, ends)
    });
    if status == 0 {
        // SAFETY: the call has just written two descriptors there.
        let ends = unsafe { [*ends, *ends.add(1)] };
        known().add_wakers(ends);
    }
    status
}

#[no_mangle]
unsafe extern "C" fn __wrap_accept4(
    fd: c_int,
    to: *mut sockaddr,
    size: *mut socklen_t,
    flags: c_int,
) -> c_int {
    let call = call_on(fd, on_socket(Call::Accept4));
    let fault = call.and_then(|call| next(call, 0));
    if fault == Some(Fault::Errno(libc::EAGAIN)) {
        look_again(fd);
    }
    // SAFETY: the caller's own arguments.
    let accepted = made(fault, || unsafe { __real_accept4(fd, to, size, flags) });
    if let (Some(call), None) = (call, fault) {
        note(call, fd, accepted < 0);
    }
    accepted
}

/// A descriptor is closed, whatever the call then reports, as Linux does it.
#[no_mangle]
unsafe extern "C" fn __wrap_close(fd: c_int) -> c_int {
    let fault = rule_for(fd, |nature| match nature {
        Nature::Socket | Nature::Pipe => Some(Call::Close),
        Nature::Waker | Nature::Other => None,
    });
    known().forget(fd);
    // SAFETY: the caller's own argument.
    let status = unsafe { __real_close(fd) };
    made(fault, || status)
}

/// A side is shut down, whatever the call then reports: a kernel that refuses has no connection any
/// more, and a peer that waits for the end of one does not exist.
#[no_mangle]
unsafe extern "C" fn __wrap_shutdown(fd: c_int, how: c_int) -> c_int {
    let fault = rule_for(fd, on_socket(Call::Shutdown));
    // SAFETY: the caller's own arguments.
    let status = unsafe { __real_shutdown(fd, how) };
    made(fault, || status)
}

#[no_mangle]
unsafe extern "C" fn __wrap_epoll_ctl(
    epoll: c_int,
    change: c_int,
    fd: c_int,
    event: *mut epoll_event,
) -> c_int {
    let fault = rule_for(fd, |nature| {
        let is_ours = matches!(nature, Nature::Socket | Nature::Waker);
        (is_ours && change == libc::EPOLL_CTL_ADD).then_some(Call::EpollAdd)
    });
    // SAFETY: the caller's own arguments.
    let status = made(fault, || unsafe {
        __real_epoll_ctl(epoll, change, fd, event)
    });
    if status == 0 && change == libc::EPOLL_CTL_ADD {
        // SAFETY: the call has just read the event.
        let event = unsafe { *event };
        known().watch(fd, epoll, event);
    } else if change == libc::EPOLL_CTL_DEL {
        known().unwatch(fd);
    }
    status
}

/// Never failed: what is counted is whether a descriptor is asked with or without an event of it.
#[no_mangle]
unsafe extern "C" fn __wrap_epoll_wait(
    epoll: c_int,
    events: *mut epoll_event,
    most: c_int,
    timeout: c_int,
) -> c_int {
    // SAFETY: the caller's own arguments.
    let count = unsafe { __real_epoll_wait(epoll, events, most, timeout) };
    if let (true, Ok(length @ 1..)) = (is_counting(), usize::try_from(count)) {
        // SAFETY: the call has just written so many events there.
        known().tell(epoll, unsafe { std::slice::from_raw_parts(events, length) });
    }
    count
}

#[no_mangle]
unsafe extern "C" fn __wrap_fcntl(fd: c_int, command: c_int, argument: c_ulong) -> c_int {
    let fault = rule_for(fd, |nature| match nature {
        Nature::Socket | Nature::Pipe if command == libc::F_DUPFD_CLOEXEC => Some(Call::Dup),
        Nature::Socket | Nature::Pipe => Some(Call::Fcntl),
        Nature::Waker | Nature::Other => None,
    });
    // SAFETY: the caller's own arguments; one that was not given is not looked at.
    made(fault, || unsafe { __real_fcntl(fd, command, argument) })
}

#[no_mangle]
unsafe extern "C" fn __wrap_ioctl(fd: c_int, request: c_ulong, argument: c_ulong) -> c_int {
    let fault = rule_for(fd, |nature| match nature {
        Nature::Socket | Nature::Waker => Some(Call::Ioctl),
        Nature::Pipe | Nature::Other => None,
    });
    // SAFETY: the caller's own arguments; one that was not given is not looked at.
    made(fault, || unsafe { __real_ioctl(fd, request, argument) })
}
