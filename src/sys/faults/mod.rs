//! Rules by which system calls fail. For tests: compiled in by the feature `faults` alone.
//!
//! The linker hands the addon's calls to `calls.rs` and `transfers.rs` (`--wrap`, see `build.rs`):
//! those of `sys` and those that socket2, std and Tokio make on its behalf. Node's own calls and
//! libuv's are untouched.
//!
//! Rules and counts belong to the process. Every thread of the addon shares them, the sender's and the
//! driver's included, and so do workers: a test arms one rule and runs one scenario at a time.

mod calls;
mod descriptors;
mod transfers;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a rule does to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The call is not made and reports this errno. A `close` and a `shutdown` are made all the same.
    Errno(i32),
    /// The call is made with less room or fewer bytes.
    Short,
    /// The call is not made and reports that it moved nothing.
    Zero,
}

/// The calls that can be failed. One that serves several ends has several names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    Accept4,
    /// The sender's wake-up of the JavaScript thread.
    WakerReceive,
    WakerSend,
    Bind,
    Close,
    Connect,
    /// `fcntl` that duplicates.
    Dup,
    EpollCreate,
    /// `epoll_ctl` that registers.
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
    Write,
    WriteV,
}

/// Every call, with the name that rules and counts have for it.
pub const CALLS: [(Call, &str); 30] = [
    (Call::Accept4, "accept4"),
    (Call::WakerReceive, "waker-recv"),
    (Call::WakerSend, "waker-send"),
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
    (Call::Write, "write"),
    (Call::WriteV, "writev"),
];

/// Fails the `nth` call, the first being 1, and those after it until `times` have failed.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    pub call: Call,
    pub fault: Fault,
    pub nth: u32,
    pub times: u32,
}

impl Rule {
    fn strikes(&self, place: u32) -> bool {
        place >= self.nth && place - self.nth < self.times
    }
}

/// Returns the call of a name.
pub fn call_named(name: &str) -> Option<Call> {
    CALLS.iter().find(|it| it.1 == name).map(|&(call, _)| call)
}

/// Replaces all rules, and counts from zero again. Without rules every call is made as it is.
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
    named(&lock().reached)
}

/// Returns how often the kernel has answered each call with `EAGAIN` since the last [`set_rules`].
pub fn blocked() -> Vec<(&'static str, u32)> {
    named(&lock().blocked)
}

/// Returns how many of these calls were made although the same call on the same descriptor had been
/// answered so, and epoll had reported nothing of it since.
pub fn futile() -> Vec<(&'static str, u32)> {
    named(&lock().futile)
}

fn named(counts: &Counts) -> Vec<(&'static str, u32)> {
    CALLS
        .iter()
        .map(|&(call, name)| (name, counts[call as usize]))
        .collect()
}

/// Returns how many calls the rules have failed since the last [`set_rules`].
pub fn struck() -> u32 {
    lock().struck
}

/// Nothing is counted, and no lock is taken, before the first [`set_rules`].
static IS_COUNTING: AtomicBool = AtomicBool::new(false);
static STATE: Mutex<State> = Mutex::new(State {
    rules: Vec::new(),
    reached: [0; CALLS.len()],
    blocked: [0; CALLS.len()],
    futile: [0; CALLS.len()],
    struck: 0,
});

/// A number a call.
type Counts = [u32; CALLS.len()];

#[derive(Debug, Default)]
struct State {
    /// Each with the number of calls that it could have failed.
    rules: Vec<(Rule, u32)>,
    reached: Counts,
    blocked: Counts,
    futile: Counts,
    struck: u32,
}

fn lock() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_counting() -> bool {
    IS_COUNTING.load(Ordering::Acquire)
}

/// Counts a call that moves up to `length` bytes, and says what is to become of it. One byte cannot
/// be cut short: a rule passes over such a call.
fn next(call: Call, length: usize) -> Option<Fault> {
    lock().next(call, length)
}

/// Counts a call that the kernel has answered with `EAGAIN`.
fn note_blocked(call: Call, is_futile: bool) {
    let mut state = lock();
    state.blocked[call as usize] += 1;
    state.futile[call as usize] += u32::from(is_futile);
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
            if outcome.is_none() && rule.strikes(*seen) {
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
        for (index, &(call, name)) in CALLS.iter().enumerate() {
            assert_eq!(call as usize, index);
            assert_eq!(call_named(name), Some(call));
        }
    }
}
