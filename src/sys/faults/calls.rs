//! The wrappers that the linker calls: `__wrap_recv` stands for `recv`, and `__real_recv` is
//! libc's.
//!
//! Rules apply to sockets and to the pipe between two of them. Other descriptors that std and Tokio
//! read, write or close, such as an eventfd, are not affected.
//!
//! Readiness is edge-triggered. A kernel that returns `EAGAIN`, or moves less than is available,
//! reports an edge when that changes. A rule must do the same, so it makes epoll check the
//! descriptor again. The fault is then one that a kernel may produce, and a reader that hangs after
//! it has a defect.

use std::collections::{HashMap, HashSet};
use std::ffi::{c_char, c_int, c_uint, c_ulong, c_void};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use libc::{epoll_event, iovec, loff_t, mode_t, size_t, sockaddr, socklen_t, ssize_t};

use super::{is_counting, next, Call, Fault};

/// What the wrappers know about open descriptors.
#[derive(Default)]
struct Known {
    /// The epoll instance that a descriptor is registered with, and the event of that registration.
    watched: HashMap<c_int, (c_int, epoll_event)>,
    /// The ends of socket pairs: they wake a thread and carry no user data.
    wakers: HashSet<c_int>,
}

static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);

fn known() -> MutexGuard<'static, Known> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Nature {
    Socket,
    Waker,
    Pipe,
    Other,
}

fn nature(fd: c_int) -> Nature {
    // SAFETY: an all-zero stat is a valid value of that plain C struct.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: the struct outlives the call; a bad descriptor only returns an error.
    if unsafe { libc::fstat(fd, &mut stat) } != 0 {
        return Nature::Other;
    }
    match stat.st_mode & libc::S_IFMT {
        libc::S_IFSOCK if known().wakers.contains(&fd) => Nature::Waker,
        libc::S_IFSOCK => Nature::Socket,
        libc::S_IFIFO => Nature::Pipe,
        _ => Nature::Other,
    }
}

/// Returns the fault for a call on `fd`, by the kind of descriptor; `None` if no rule applies.
fn rule_for(fd: c_int, length: size_t, name: impl FnOnce(Nature) -> Option<Call>) -> Option<Fault> {
    if !is_counting() {
        return None;
    }
    next(name(nature(fd))?, length)
}

fn on_socket(call: Call) -> impl FnOnce(Nature) -> Option<Call> {
    move |nature| (nature == Nature::Socket).then_some(call)
}

/// Sets errno and returns -1.
fn fail(code: c_int) -> c_int {
    // SAFETY: the pointer is to this thread's own errno.
    unsafe { *libc::__errno_location() = code };
    -1
}

/// Makes a call that moves no bytes, or fails it.
fn made(fault: Option<Fault>, real: impl FnOnce() -> c_int) -> c_int {
    match fault {
        Some(Fault::Errno(code)) => fail(code),
        Some(Fault::Zero) => 0,
        Some(Fault::Short) | None => real(),
    }
}

/// Makes a call that moves bytes of the descriptor `fd`, with the fault. `real` receives true when
/// it must move fewer.
fn moved(fault: Option<Fault>, fd: c_int, real: impl FnOnce(bool) -> ssize_t) -> ssize_t {
    match fault {
        None => real(false),
        Some(Fault::Zero) => 0,
        Some(Fault::Short) => {
            let count = real(true);
            if count > 0 {
                rearm(fd);
            }
            count
        }
        Some(Fault::Errno(code)) => {
            if code == libc::EAGAIN {
                rearm(fd);
            }
            fail(code) as ssize_t
        }
    }
}

/// Makes epoll report the descriptor's readiness again.
fn rearm(fd: c_int) {
    let watched = known().watched.get(&fd).copied();
    if let Some((epoll, mut event)) = watched {
        // SAFETY: the event outlives the call; a missing registration only returns an error.
        unsafe { __real_epoll_ctl(epoll, libc::EPOLL_CTL_MOD, fd, &mut event) };
    }
}

/// Returns the length of a send: half of it, rounded up, if it is shortened.
fn half(length: size_t, is_cut: bool) -> size_t {
    if is_cut {
        length.div_ceil(2)
    } else {
        length
    }
}

/// Returns the room of a read: one byte if it is shortened, as nearly every read brings more.
fn least(length: size_t, is_cut: bool) -> size_t {
    if is_cut {
        length.min(1)
    } else {
        length
    }
}

extern "C" {
    fn __real_accept4(fd: c_int, to: *mut sockaddr, size: *mut socklen_t, flags: c_int) -> c_int;
    fn __real_bind(fd: c_int, address: *const sockaddr, size: socklen_t) -> c_int;
    fn __real_close(fd: c_int) -> c_int;
    fn __real_connect(fd: c_int, address: *const sockaddr, size: socklen_t) -> c_int;
    fn __real_epoll_create1(flags: c_int) -> c_int;
    fn __real_epoll_ctl(epoll: c_int, change: c_int, fd: c_int, event: *mut epoll_event) -> c_int;
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
    fn __real_read(fd: c_int, to: *mut c_void, length: size_t) -> ssize_t;
    fn __real_recv(fd: c_int, to: *mut c_void, length: size_t, flags: c_int) -> ssize_t;
    fn __real_send(fd: c_int, from: *const c_void, length: size_t, flags: c_int) -> ssize_t;
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

/// Defines wrappers of calls on a socket that move no bytes.
macro_rules! on_sockets {
    ($($wrap:ident, $real:ident, $call:ident, ($($name:ident: $kind:ty),*);)*) => {$(
        #[no_mangle]
        unsafe extern "C" fn $wrap(fd: c_int, $($name: $kind),*) -> c_int {
            let fault = rule_for(fd, 0, on_socket(Call::$call));
            // SAFETY: passes the caller's own arguments on.
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

/// Defines wrappers of calls that create a descriptor.
macro_rules! making {
    ($($wrap:ident, $real:ident, $call:ident, ($($name:ident: $kind:ty),*);)*) => {$(
        #[no_mangle]
        unsafe extern "C" fn $wrap($($name: $kind),*) -> c_int {
            let fault = is_counting().then(|| next(Call::$call, 0)).flatten();
            // SAFETY: passes the caller's own arguments on.
            made(fault, || unsafe { $real($($name),*) })
        }
    )*};
}

making! {
    __wrap_epoll_create1, __real_epoll_create1, EpollCreate, (flags: c_int);
    __wrap_eventfd, __real_eventfd, EventFd, (start: c_uint, flags: c_int);
    // On Linux a variadic function's arguments are passed like those of any other.
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
    // SAFETY: passes the caller's own arguments on.
    let status = made(fault, || unsafe {
        __real_socketpair(domain, kind, protocol, ends)
    });
    if status == 0 {
        // SAFETY: the call has just written two descriptors there. This needs a real call: no rule
        // may give `Fault::Zero` for a socket pair.
        let ends = unsafe { [*ends, *ends.add(1)] };
        known().wakers.extend(ends);
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
    let fault = rule_for(fd, 0, on_socket(Call::Accept4));
    if fault == Some(Fault::Errno(libc::EAGAIN)) {
        rearm(fd);
    }
    // SAFETY: passes the caller's own arguments on.
    made(fault, || unsafe { __real_accept4(fd, to, size, flags) })
}

/// Closes the descriptor even if the call then reports an error, as Linux does.
#[no_mangle]
unsafe extern "C" fn __wrap_close(fd: c_int) -> c_int {
    let fault = rule_for(fd, 0, |nature| match nature {
        Nature::Socket | Nature::Pipe => Some(Call::Close),
        Nature::Waker | Nature::Other => None,
    });
    {
        let mut known = known();
        known.watched.remove(&fd);
        known.wakers.remove(&fd);
    }
    // SAFETY: passes the caller's own argument on.
    let status = unsafe { __real_close(fd) };
    made(fault, || status)
}

/// Shuts the side down even if the call then reports an error. A kernel reports one only for a
/// connection that is already gone, so no peer is left waiting for the end.
#[no_mangle]
unsafe extern "C" fn __wrap_shutdown(fd: c_int, how: c_int) -> c_int {
    let fault = rule_for(fd, 0, on_socket(Call::Shutdown));
    // SAFETY: passes the caller's own arguments on.
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
    let fault = rule_for(fd, 0, |nature| {
        let is_registrable = matches!(nature, Nature::Socket | Nature::Waker);
        (is_registrable && change == libc::EPOLL_CTL_ADD).then_some(Call::EpollAdd)
    });
    // SAFETY: passes the caller's own arguments on.
    let status = made(fault, || unsafe {
        __real_epoll_ctl(epoll, change, fd, event)
    });
    if status == 0 && change == libc::EPOLL_CTL_ADD {
        // SAFETY: the caller of EPOLL_CTL_ADD passes a valid event.
        let event = unsafe { *event };
        known().watched.insert(fd, (epoll, event));
    } else if change == libc::EPOLL_CTL_DEL {
        known().watched.remove(&fd);
    }
    status
}

#[no_mangle]
unsafe extern "C" fn __wrap_fcntl(fd: c_int, command: c_int, argument: c_ulong) -> c_int {
    let fault = rule_for(fd, 0, |nature| match nature {
        Nature::Socket | Nature::Pipe if command == libc::F_DUPFD_CLOEXEC => Some(Call::Dup),
        Nature::Socket | Nature::Pipe => Some(Call::Fcntl),
        Nature::Waker | Nature::Other => None,
    });
    // SAFETY: passes the caller's own arguments on; a missing one is not read.
    made(fault, || unsafe { __real_fcntl(fd, command, argument) })
}

#[no_mangle]
unsafe extern "C" fn __wrap_ioctl(fd: c_int, request: c_ulong, argument: c_ulong) -> c_int {
    let fault = rule_for(fd, 0, |nature| match nature {
        Nature::Socket | Nature::Waker => Some(Call::Ioctl),
        Nature::Pipe | Nature::Other => None,
    });
    // SAFETY: passes the caller's own arguments on; a missing one is not read.
    made(fault, || unsafe { __real_ioctl(fd, request, argument) })
}

#[no_mangle]
unsafe extern "C" fn __wrap_recv(
    fd: c_int,
    to: *mut c_void,
    length: size_t,
    flags: c_int,
) -> ssize_t {
    let fault = rule_for(fd, length, |nature| match nature {
        Nature::Waker => Some(Call::WakerReceive),
        Nature::Socket => Some(Call::Receive),
        Nature::Pipe | Nature::Other => None,
    });
    moved(fault, fd, |is_cut| {
        // SAFETY: passes the caller's own arguments on, or less room.
        unsafe { __real_recv(fd, to, least(length, is_cut), flags) }
    })
}

#[no_mangle]
unsafe extern "C" fn __wrap_read(fd: c_int, to: *mut c_void, length: size_t) -> ssize_t {
    let fault = rule_for(fd, length, |nature| match nature {
        Nature::Waker => Some(Call::WakerReceive),
        Nature::Socket => Some(Call::Read),
        Nature::Pipe => Some(Call::ReadPipe),
        Nature::Other => None,
    });
    moved(fault, fd, |is_cut| {
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
    let fault = rule_for(fd, length, |nature| match nature {
        Nature::Waker => Some(Call::WakerSend),
        Nature::Socket => Some(Call::Send),
        Nature::Pipe | Nature::Other => None,
    });
    moved(fault, fd, |is_cut| {
        // SAFETY: passes the caller's own arguments on, or fewer bytes.
        unsafe { __real_send(fd, from, half(length, is_cut), flags) }
    })
}

#[no_mangle]
unsafe extern "C" fn __wrap_write(fd: c_int, from: *const c_void, length: size_t) -> ssize_t {
    let fault = rule_for(fd, length, |nature| match nature {
        Nature::Waker => Some(Call::WakerSend),
        Nature::Socket | Nature::Pipe => Some(Call::Write),
        Nature::Other => None,
    });
    moved(fault, fd, |is_cut| {
        // SAFETY: as above.
        unsafe { __real_write(fd, from, half(length, is_cut)) }
    })
}

#[no_mangle]
unsafe extern "C" fn __wrap_writev(fd: c_int, vector: *const iovec, count: c_int) -> ssize_t {
    // SAFETY: the caller passes `count` valid entries.
    let entries =
        unsafe { std::slice::from_raw_parts(vector, usize::try_from(count).unwrap_or(0)) };
    let length = entries.iter().map(|entry| entry.iov_len).sum();
    let fault = rule_for(fd, length, on_socket(Call::WriteV));
    moved(fault, fd, |is_cut| {
        let cut = first_of(entries, half(length, is_cut));
        let count = c_int::try_from(cut.len()).unwrap_or(c_int::MAX);
        // SAFETY: the entries are the caller's own, or shorter copies of them.
        unsafe { __real_writev(fd, cut.as_ptr(), count) }
    })
}

/// Returns the entries, shortened to the first `length` bytes in total.
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
    let (fd, call) = if is_in {
        (from, Call::SpliceIn)
    } else {
        (to, Call::SpliceOut)
    };
    let fault = rule_for(fd, length, on_socket(call));
    moved(fault, fd, |is_cut| {
        // SAFETY: passes the caller's own arguments on, or fewer bytes.
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
