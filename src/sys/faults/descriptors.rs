//! What is known of the descriptors that calls are made on.

use std::collections::{HashMap, HashSet};
use std::ffi::c_int;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use libc::epoll_event;

use super::Call;

/// How often in a row a descriptor may be asked for nothing, with no event of epoll between.
const ASKED_IN_VAIN: u32 = 1;

extern "C" {
    fn __real_epoll_ctl(epoll: c_int, change: c_int, fd: c_int, event: *mut epoll_event) -> c_int;
}

/// What is known of all of them.
#[derive(Default)]
pub(super) struct Known {
    /// The epoll instance that watches a descriptor, and what for.
    watched: HashMap<c_int, (c_int, epoll_event)>,
    /// The ends of socket pairs, which wake a thread and carry nobody's bytes.
    wakers: HashSet<c_int>,
    /// Calls that have said `EAGAIN` since the last that did not, and since the last event.
    in_vain: HashMap<(c_int, Call), u32>,
}

static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);

pub(super) fn known() -> MutexGuard<'static, Known> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Known {
    pub fn add_wakers(&mut self, ends: [c_int; 2]) {
        self.wakers.extend(ends);
    }

    pub fn watch(&mut self, fd: c_int, epoll: c_int, event: epoll_event) {
        self.watched.insert(fd, (epoll, event));
        self.clear(fd);
    }

    pub fn unwatch(&mut self, fd: c_int) {
        self.watched.remove(&fd);
    }

    pub fn forget(&mut self, fd: c_int) {
        self.unwatch(fd);
        self.wakers.remove(&fd);
        self.clear(fd);
    }

    /// Notes that epoll has reported these events.
    pub fn tell(&mut self, epoll: c_int, events: &[epoll_event]) {
        let tokens: HashSet<u64> = events.iter().map(|event| event.u64).collect();
        let is_told = |watch: &(c_int, epoll_event)| {
            let token = watch.1.u64;
            watch.0 == epoll && tokens.contains(&token)
        };
        let watched = &self.watched;
        self.in_vain
            .retain(|(fd, _), _| !watched.get(fd).is_some_and(is_told));
    }

    /// Notes that a call was not in vain.
    pub fn has_moved(&mut self, fd: c_int, call: Call) {
        self.in_vain.remove(&(fd, call));
    }

    /// Notes that a call has said `EAGAIN`. True when that was known before.
    pub fn is_futile(&mut self, fd: c_int, call: Call) -> bool {
        let count = self.in_vain.entry((fd, call)).or_default();
        *count += 1;
        *count > ASKED_IN_VAIN
    }

    fn clear(&mut self, fd: c_int) {
        self.in_vain.retain(|&(asked, _), _| asked != fd);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Nature {
    Socket,
    Waker,
    Pipe,
    Other,
}

pub(super) fn nature(fd: c_int) -> Nature {
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

/// Has epoll report anew what a descriptor is ready for.
pub(super) fn look_again(fd: c_int) {
    let watched = known().watched.get(&fd).copied();
    if let Some((epoll, mut event)) = watched {
        // SAFETY: the event outlives the call; a registration that is gone only fails.
        unsafe { __real_epoll_ctl(epoll, libc::EPOLL_CTL_MOD, fd, &mut event) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(token: u64) -> epoll_event {
        epoll_event {
            events: 0,
            u64: token,
        }
    }

    #[test]
    fn what_is_asked_in_vain_too_often_is_futile() {
        let mut known = Known::default();
        let asked = |known: &mut Known| known.is_futile(5, Call::Receive);
        known.watch(5, 3, event(7));
        assert_eq!([(); 2].map(|()| asked(&mut known)), [false, true]);
        known.tell(3, &[event(8)]);
        known.tell(4, &[event(7)]);
        assert!(asked(&mut known));
        known.tell(3, &[event(7)]);
        assert_eq!([(); 2].map(|()| asked(&mut known)), [false, true]);
        known.has_moved(5, Call::Receive);
        assert!(!asked(&mut known));
        assert!(!known.is_futile(5, Call::Send));
    }
}
