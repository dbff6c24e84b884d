//! The calls as the linker finds them: `__wrap_recv` stands for `recv`, and `__real_recv` is libc's.
//!
//! A rule concerns sockets, and the pipe between two of them; what else is read, written or closed by
//! std and Tokio (an eventfd) passes by.
//!
//! Readiness is edge-triggered. A kernel that says `EAGAIN`, or moves less than there is, gives an edge
//! when that changes. So does a rule: it has epoll look at the descriptor again. What a rule says is
//! thereby what a kernel may say, "not at this moment", and a reader that waits then waits in vain
//! only by its own fault.

use std::collections::{HashMap, HashSet};
use std::ffi::{c_char, c_int, c_uint, c_ulong, c_void};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use libc::{epoll_event, iovec, loff_t, mode_t, size_t, sockaddr, socklen_t, ssize_t};

use super::{is_counting, next, Call, Fault};

/// What is known of descriptors.
#[derive(Default)]
struct Known {
    /// The epoll instance that watches a descriptor, and what for.
    watched: HashMap<c_int, (c_int, epoll_event)>,
    /// The ends of socket pairs, which wake a thread and carry nobody's bytes.
    bells: HashSet<c_int>,
}

static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);

fn known() -> MutexGuard<'static, Known> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Nature {
    Socket,
    Bell,
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
        libc::S_IFSOCK if known().bells.contains(&fd) => Nature::Bell,
        libc::S_IFSOCK => Nature::Socket,
        libc::S_IFIFO => Nature::Pipe,
        _ => Nature::Other,
    }
}

/// The rule for a call on `fd`, by what that is; none for what is neither socket nor pipe.
fn rule_for(fd: c_int, length: size_t, name: impl FnOnce(Nature) -> Option<Call>) -> Option<Fault> {
    if !is_counting() {
        return None;
    }
    next(name(nature(fd))?, length)
}

fn on_socket(call: Call) -> impl FnOnce(Nature) -> Option<Call> {
    move |nature| (nature == Nature::Socket).then_some(call)
}

/// Fails a call as the C convention has it.
fn fail(code: c_int) -> c_int {
    // SAFETY: the address is this thread's own errno.
    unsafe { *libc::__errno_location() = code };
    -1
}

/// Makes a call that moves nothing, or fails it.
fn made(fault: Option<Fault>, real: impl FnOnce() -> c_int) -> c_int {
    match fault {
        Some(Fault::Errno(code)) => fail(code),
        Some(Fault::Zero) => 0,
        Some(Fault::Short) | None => real(),
    }
}

/// Makes a call that moves bytes of the descriptor `fd`, as the rule has it. `real` is told whether
/// to move less.
fn moved(fault: Option<Fault>, fd: c_int, real: impl FnOnce(bool) -> ssize_t) -> ssize_t {
    match fault {
        None => real(false),
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

/// Has epoll report anew what a descriptor is ready for.
fn look_again(fd: c_int) {
    let watched = known().watched.get(&fd).copied();
    if let Some((epoll, mut event)) = watched {
        // SAFETY: the event outlives the call; a registration that is gone only fails.
        unsafe { __real_epoll_ctl(epoll, libc::EPOLL_CTL_MOD, fd, &mut event) };
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

/// Calls on a socket that move no bytes.
macro_rules! on_sockets {
    ($($wrap:ident, $real:ident, $call:ident, ($($name:ident: $kind:ty),*);)*) => {$(
        #[no_mangle]
        unsafe extern "C" fn $wrap(fd: c_int, $($name: $kind),*) -> c_int {
            let fault = rule_for(fd, 0, on_socket(Call::$call));
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
        known().bells.extend(ends);
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
        look_again(fd);
    }
    // SAFETY: the caller's own arguments.
    made(fault, || unsafe { __real_accept4(fd, to, size, flags) })
}

/// A descriptor is closed, whatever the call then reports, as Linux does it.
#[no_mangle]
unsafe extern "C" fn __wrap_close(fd: c_int) -> c_int {
    let fault = rule_for(fd, 0, |nature| match nature {
        Nature::Socket | Nature::Pipe => Some(Call::Close),
        Nature::Bell | Nature::Other => None,
    });
    {
        let mut known = known();
        known.watched.remove(&fd);
        known.bells.remove(&fd);
    }
    // SAFETY: the caller's own argument.
    let status = unsafe { __real_close(fd) };
    made(fault, || status)
}

/// A side is shut down, whatever the call then reports: a kernel that refuses has no connection any
/// more, and a peer that waits for the end of one does not exist.
#[no_mangle]
unsafe extern "C" fn __wrap_shutdown(fd: c_int, how: c_int) -> c_int {
    let fault = rule_for(fd, 0, on_socket(Call::Shutdown));
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
    let fault = rule_for(fd, 0, |nature| {
        let is_ours = matches!(nature, Nature::Socket | Nature::Bell);
        (is_ours && change == libc::EPOLL_CTL_ADD).then_some(Call::EpollAdd)
    });
    // SAFETY: the caller's own arguments.
    let status = made(fault, || unsafe {
        __real_epoll_ctl(epoll, change, fd, event)
    });
    if status == 0 && change == libc::EPOLL_CTL_ADD {
        // SAFETY: the call has just read the event.
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
        Nature::Bell | Nature::Other => None,
    });
    // SAFETY: the caller's own arguments; one that was not given is not looked at.
    made(fault, || unsafe { __real_fcntl(fd, command, argument) })
}

#[no_mangle]
unsafe extern "C" fn __wrap_ioctl(fd: c_int, request: c_ulong, argument: c_ulong) -> c_int {
    let fault = rule_for(fd, 0, |nature| match nature {
        Nature::Socket | Nature::Bell => Some(Call::Ioctl),
        Nature::Pipe | Nature::Other => None,
    });
    // SAFETY: the caller's own arguments; one that was not given is not looked at.
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
        Nature::Bell => Some(Call::BellReceive),
        Nature::Socket => Some(Call::Receive),
        Nature::Pipe | Nature::Other => None,
    });
    moved(fault, fd, |is_cut| {
        // SAFETY: the caller's own arguments, or less room.
        unsafe { __real_recv(fd, to, least(length, is_cut), flags) }
    })
}

#[no_mangle]
unsafe extern "C" fn __wrap_read(fd: c_int, to: *mut c_void, length: size_t) -> ssize_t {
    let fault = rule_for(fd, length, |nature| match nature {
        Nature::Bell => Some(Call::BellReceive),
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
        Nature::Bell => Some(Call::BellSend),
        Nature::Socket => Some(Call::Send),
        Nature::Pipe | Nature::Other => None,
    });
    moved(fault, fd, |is_cut| {
        // SAFETY: the caller's own arguments, or fewer bytes.
        unsafe { __real_send(fd, from, half(length, is_cut), flags) }
    })
}

#[no_mangle]
unsafe extern "C" fn __wrap_write(fd: c_int, from: *const c_void, length: size_t) -> ssize_t {
    let fault = rule_for(fd, length, |nature| match nature {
        Nature::Bell => Some(Call::BellSend),
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
    // SAFETY: the caller hands over so many live entries.
    let entries =
        unsafe { std::slice::from_raw_parts(vector, usize::try_from(count).unwrap_or(0)) };
    let length = entries.iter().map(|entry| entry.iov_len).sum();
    let fault = rule_for(fd, length, on_socket(Call::WriteV));
    moved(fault, fd, |is_cut| {
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
    let (fd, call) = if is_in {
        (from, Call::SpliceIn)
    } else {
        (to, Call::SpliceOut)
    };
    let fault = rule_for(fd, length, on_socket(call));
    moved(fault, fd, |is_cut| {
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
