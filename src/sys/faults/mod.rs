//! Makes system calls fail by rules. Only for tests: compiled in by the feature `faults`.
//!
//! The linker redirects the addon's calls to `calls.rs` (`--wrap`, see `build.rs`). That includes
//! the calls of `sys` and those that socket2, std and Tokio make for the addon. Node's own calls
//! and libuv's are not affected.
//!
//! Rules and counts belong to the process. All threads of the addon share them: the sender thread,
//! the driver and workers. A test therefore sets one rule and runs one scenario at a time.

mod calls;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The effect of a rule on a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The call is not made and reports this errno. `close` and `shutdown` are made all the same.
    Errno(i32),
    /// The call is made with fewer bytes, or less room for them.
    Short,
    /// The call is not made and returns 0.
    Zero,
}

/// The calls that can fail. A function with several uses has one variant for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Accept4,
    Bind,
    Close,
    Connect,
    /// `fcntl` that duplicates a descriptor.
    Dup,
    EpollCreate,
    /// `epoll_ctl` that adds a registration.
    EpollAdd,
    EventFd,
    Fcntl,
    GetPeerName,
    GetSockName,
    GetSockOpt,
    Ioctl,
    Listen,
    Open,
    Pipe2,
    Read,
    /// `read` from the pipe between two sockets.
    ReadPipe,
    Receive,
    Send,
    SetSockOpt,
    Shutdown,
    Socket,
    SocketPair,
    SpliceIn,
    SpliceOut,
    /// A read from the sender thread's waker.
    WakerReceive,
    /// A write to the sender thread's waker.
    WakerSend,
    Write,
    WriteV,
}

/// Every call, in the order of [`Call`], with the name that rules and counts use.
pub const CALLS: [(Call, &str); 30] = [
    (Call::Accept4, "accept4"),
    (Call::Bind, "bind"),
    (Call::Close, "close"),
    (Call::Connect, "connect"),
    (Call::Dup, "dup"),
    (Call::EpollCreate, "epoll_create1"),
    (Call::EpollAdd, "epoll_ctl"),
    (Call::EventFd, "eventfd"),
    (Call::Fcntl, "fcntl"),
    (Call::GetPeerName, "getpeername"),
    (Call::GetSockName, "getsockname"),
    (Call::GetSockOpt, "getsockopt"),
    (Call::Ioctl, "ioctl"),
    (Call::Listen, "listen"),
    (Call::Open, "open"),
    (Call::Pipe2, "pipe2"),
    (Call::Read, "read"),
    (Call::ReadPipe, "read-pipe"),
    (Call::Receive, "recv"),
    (Call::Send, "send"),
    (Call::SetSockOpt, "setsockopt"),
    (Call::Shutdown, "shutdown"),
    (Call::Socket, "socket"),
    (Call::SocketPair, "socketpair"),
    (Call::SpliceIn, "splice-in"),
    (Call::SpliceOut, "splice-out"),
    (Call::WakerReceive, "waker-recv"),
    (Call::WakerSend, "waker-send"),
    (Call::Write, "write"),
    (Call::WriteV, "writev"),
];

/// Fails `times` calls, beginning with the `nth`; the first call has the number 1.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    pub call: Call,
    pub fault: Fault,
    pub nth: u32,
    pub times: u32,
}

impl Rule {
    fn applies_to(&self, place: u32) -> bool {
        place >= self.nth && place - self.nth < self.times
    }
}

/// Returns the call with this name; `None` if there is none.
pub fn call_named(name: &str) -> Option<Call> {
    CALLS.iter().find(|it| it.1 == name).map(|&(call, _)| call)
}

/// Replaces all rules and resets the counts. Without rules every call is made unchanged.
pub fn set_rules(rules: Vec<Rule>) {
    let mut state = lock();
    *state = State {
        rules: rules.into_iter().map(|rule| (rule, 0)).collect(),
        ..State::default()
    };
    IS_COUNTING.store(true, Ordering::Release);
}

/// Returns how often each call was reached since the last [`set_rules`].
pub fn reached() -> Vec<(&'static str, u32)> {
    let state = lock();
    CALLS
        .iter()
        .map(|&(call, name)| (name, state.reached[call as usize]))
        .collect()
}

/// Returns how many calls the rules have failed since the last [`set_rules`].
pub fn struck() -> u32 {
    lock().struck
}

/// False until the first [`set_rules`]: until then no call is counted and no lock is taken.
static IS_COUNTING: AtomicBool = AtomicBool::new(false);
static STATE: Mutex<State> = Mutex::new(State {
    rules: Vec::new(),
    reached: [0; CALLS.len()],
    struck: 0,
});

#[derive(Debug, Default)]
struct State {
    /// Each rule, with the number of calls so far that it could have failed.
    rules: Vec<(Rule, u32)>,
    reached: [u32; CALLS.len()],
    struck: u32,
}

fn lock() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_counting() -> bool {
    IS_COUNTING.load(Ordering::Acquire)
}

/// Counts a call that moves up to `length` bytes, and returns its fault if a rule applies. A call
/// that moves one byte cannot be shortened, so such rules skip it.
fn next(call: Call, length: usize) -> Option<Fault> {
    lock().next(call, length)
}

impl State {
    fn next(&mut self, call: Call, length: usize) -> Option<Fault> {
        self.reached[call as usize] += 1;
        let mut outcome = None;
        for (rule, seen) in &mut self.rules {
            if rule.call != call || rule.fault == Fault::Short && length < 2 {
                continue;
            }
            *seen += 1;
            if outcome.is_none() && rule.applies_to(*seen) {
                outcome = Some(rule.fault);
            }
        }
        self.struck += u32::from(outcome.is_some());
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(call: Call, fault: Fault, nth: u32, times: u32) -> State {
        let rule = Rule {
            call,
            fault,
            nth,
            times,
        };
        State {
            rules: vec![(rule, 0)],
            ..State::default()
        }
    }

    #[test]
    fn the_nth_call_fails_and_as_many_as_were_asked_for() {
        let mut state = state(Call::Send, Fault::Errno(5), 2, 2);
        let found: Vec<_> = (0..4).map(|_| state.next(Call::Send, 9)).collect();
        let fault = Some(Fault::Errno(5));
        assert_eq!(found, [None, fault, fault, None]);
        assert_eq!(state.next(Call::Receive, 9), None);
        assert_eq!(state.struck, 2);
        assert_eq!(state.reached[Call::Send as usize], 4);
    }

    #[test]
    fn one_byte_is_not_cut_short() {
        let mut state = state(Call::Send, Fault::Short, 1, 1);
        assert_eq!(state.next(Call::Send, 1), None);
        assert_eq!(state.next(Call::Send, 2), Some(Fault::Short));
    }

    #[test]
    fn each_call_has_its_own_place_and_name() {
        for (place, &(call, name)) in CALLS.iter().enumerate() {
            assert_eq!(call as usize, place);
            assert_eq!(call_named(name), Some(call));
        }
    }
}
