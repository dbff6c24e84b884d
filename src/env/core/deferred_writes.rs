//! Small writes of callbacks that leave later: coalesced, at the end of the callback, or offloaded, by
//! the sender thread.

use std::io;

use super::handles::Handles;
use crate::error::{Errno, Result};
use crate::event::Key;
use crate::net::Handle;
use crate::runtime::{Interest, Reactor, Source};
use crate::stream::{Callback, Deferred, Place, Sender};
use crate::sys::{socket, Lent};

/// Defers the small writes of one environment, and takes them back where something must come after
/// them: before anything else is done to a socket, its deferred bytes are its own again.
#[derive(Debug)]
pub struct DeferredWrites {
    /// None where every write goes straight to the kernel.
    sender: Option<Sender>,
    /// Wakes this environment when the sender thread has returned something. Registered by the first
    /// handle that offloads.
    returns: Option<Source>,
    /// New handles offload.
    offload_all: bool,
    in_callback: bool,
    /// The callback that runs, or the last one.
    callback: Callback,
    /// Of the thread's system calls, those that have been counted.
    counted_sends: u64,
    /// Empty between two calls, and kept for its memory.
    taken: Vec<Deferred>,
}

impl DeferredWrites {
    /// Says whether small writes are deferred at all, and whether new handles offload them.
    pub fn new(coalesces: bool, offload_all: bool) -> Self {
        Self {
            sender: coalesces.then(|| Sender::new(Box::new(send))),
            returns: None,
            offload_all,
            in_callback: false,
            callback: Callback::default(),
            counted_sends: 0,
            taken: Vec::new(),
        }
    }

    /// Sets what new handles do.
    pub fn adopt(&mut self, handles: &mut Handles, key: Key) {
        if self.offload_all {
            // It is open: it was made a moment ago.
            let _ = self.set_offloads(handles, key, true);
        }
    }

    /// Says whether deferred writes of a handle are sent by the sender thread. Where there is no thread
    /// to be had they are sent at the end of the callback.
    ///
    /// # Errors
    /// `EBADF` for a handle that is closed.
    pub fn set_offloads(&mut self, handles: &mut Handles, key: Key, offloads: bool) -> Result<()> {
        handles
            .with(key, |handle, _, _| handle.set_offloads(offloads))
            .ok_or(Errno::BADF)?;
        if let (true, None, Some(sender)) = (offloads, &self.returns, &mut self.sender) {
            self.returns = start_offload(sender, &handles.reactor).ok();
        }
        self.send_of(handles, key);
        Ok(())
    }

    /// Begins a callback for so many events. Its small writes may be deferred.
    pub fn begin_callback(&mut self, events: usize) {
        self.callback = self.callback.next(events);
        self.mark_callback(true);
    }

    /// Ends a callback, or what a panic has left of one.
    pub fn end_callback(&mut self) {
        self.mark_callback(false);
    }

    fn mark_callback(&mut self, runs: bool) {
        if std::mem::replace(&mut self.in_callback, runs) == runs {
            return;
        }
        if let Some(sender) = &self.sender {
            sender.mark_callback_edge();
        }
    }

    /// Defers a write. Returns false where it must be made at once. Outside of a callback it begins
    /// one, which JavaScript ends.
    pub fn defer(&mut self, handles: &mut Handles, key: Key, bytes: &[u8]) -> bool {
        if !self.in_callback {
            self.begin_callback(1);
        }
        let Some(sender) = &mut self.sender else {
            return false;
        };
        let may_offload = self.returns.is_some();
        let callback = self.callback;
        let added = handles.with(key, |handle, _, _| {
            handle.defer(sender, may_offload, callback, bytes)
        });
        let Some(added) = added.flatten() else {
            return false;
        };
        if added.is_full && !added.place.is_offloaded() {
            self.send_coalesced(handles);
        }
        true
    }

    /// Lets everything leave that the callbacks of a batch have deferred.
    pub fn release(&mut self, handles: &mut Handles) {
        self.send_coalesced(handles);
        if let (Some(sender), Some(_)) = (&self.sender, &self.returns) {
            sender.release();
        }
    }

    fn send_coalesced(&mut self, handles: &mut Handles) {
        let Some(sender) = &self.sender else {
            return;
        };
        sender.take_coalesced(&mut self.taken);
        for deferred in &self.taken {
            handles.with(deferred.key, |handle, _, queue| {
                handle.forget_place();
                handle.send(deferred, queue);
            });
        }
        if !self.taken.is_empty() {
            sender.recycle(&mut self.taken);
        }
    }

    /// Sends what a handle has deferred, ahead of something that must come after it.
    pub fn send_of(&mut self, handles: &mut Handles, key: Key) {
        if let Some(place) = handles.get(key).and_then(Handle::deferred_place) {
            self.take(handles, key, place);
        }
    }

    /// Sends what must not meet the end that the close of a handle makes: what it has deferred itself,
    /// and what is coalesced of all others, one of which may be its peer.
    pub fn send_before_close(&mut self, handles: &mut Handles, key: Key) {
        self.send_coalesced(handles);
        self.send_of(handles, key);
    }

    /// Takes back what the sender thread has of a handle, ahead of something that must come after it.
    pub fn take_back(&mut self, handles: &mut Handles, key: Key) {
        let place = handles.get(key).and_then(Handle::deferred_place);
        if let Some(place) = place.filter(|place| place.is_offloaded()) {
            self.take(handles, key, place);
        }
    }

    fn take(&mut self, handles: &mut Handles, key: Key, place: Place) {
        if let Some(sender) = &self.sender {
            sender.take(place, key, &mut self.taken);
            self.send_taken(handles);
        }
    }

    /// Goes on with what the sender thread has returned.
    pub fn take_returned(&mut self, handles: &mut Handles) {
        if let (Some(sender), Some(returns)) = (&self.sender, &self.returns) {
            returns.take_wakes();
            sender.take_returned(&mut self.taken);
            self.send_taken(handles);
        }
    }

    fn send_taken(&mut self, handles: &mut Handles) {
        for deferred in self.taken.drain(..) {
            handles.with(deferred.key, |handle, _, queue| {
                handle.send(&deferred, queue);
            });
        }
    }

    /// Sends everything, and defers no more: the process is about to exit.
    pub fn stop(&mut self, handles: &mut Handles) {
        self.send_coalesced(handles);
        if let Some(sender) = &self.sender {
            sender.take_all(&mut self.taken);
            self.send_taken(handles);
        }
        self.count_sends(handles);
        self.sender = None;
        self.returns = None;
    }

    /// Adds what the sender thread has sent to the reactor's count.
    pub fn count_sends(&mut self, handles: &Handles) {
        if let Some(sender) = &self.sender {
            let sends = sender.sends();
            handles
                .reactor
                .calls()
                .writes
                .add(sends - self.counted_sends);
            self.counted_sends = sends;
        }
    }
}

fn start_offload(sender: &mut Sender, reactor: &Reactor) -> io::Result<Source> {
    let returns = sender.start_offload(|woken| reactor.register(Key::NOBODY, woken))?;
    returns.arm(Interest::Read);
    Ok(returns)
}

/// Sends on the sender thread.
fn send(fd: Lent, bytes: &[u8]) -> io::Result<usize> {
    // SAFETY: the sender has a handle's descriptor only together with bytes of the handle, and
    // `DeferredWrites` takes these back before the handle is closed.
    unsafe { socket::send_lent(fd, bytes.into()) }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Transport;
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    /// A handle that is connected to `peer`, and the writes of its environment.
    struct Connected {
        handles: Handles,
        writes: DeferredWrites,
        key: Key,
        peer: UnixStream,
    }

    fn connected(offloads: bool) -> Connected {
        let mut handles = Handles::new(Reactor::on_loop().unwrap(), 64);
        let mut writes = DeferredWrites::new(true, offloads);
        let (peer, ours) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let fd = crate::sys::Descriptor::from(ours);
        let make = |key| Handle::accepted(key, Transport::Pipe, fd.into());
        let key = handles.insert(make).unwrap();
        writes.adopt(&mut handles, key);
        // The first write registers the descriptor; none is deferred before that.
        handles
            .verb(key, |handle, reactor, _| {
                handle.write(reactor, &mut [b"first "[..].into()])
            })
            .unwrap();
        Connected {
            handles,
            writes,
            key,
            peer,
        }
    }

    impl Connected {
        fn defer(&mut self, bytes: &[u8]) -> bool {
            self.writes.defer(&mut self.handles, self.key, bytes)
        }

        fn read(&mut self) -> String {
            let mut bytes = [0; 64];
            let read = self.peer.read(&mut bytes).unwrap();
            String::from_utf8(bytes[..read].to_vec()).unwrap()
        }
    }

    #[test]
    fn writes_are_deferred_until_their_callback_ends() {
        let mut one = connected(false);
        assert_eq!(one.read(), "first ");
        for begins in [true, false] {
            if begins {
                one.writes.begin_callback(2);
            }
            assert!(one.defer(b"one "));
            assert!(one.defer(b"two"));
            one.writes.end_callback();
            one.writes.release(&mut one.handles);
            assert_eq!(one.read(), "one two");
        }
    }

    #[test]
    fn what_is_deferred_leaves_before_what_must_come_after_it() {
        for offloads in [false, true] {
            let mut one = connected(offloads);
            one.writes.begin_callback(2);
            assert!(one.defer(b"deferred "));
            one.writes.send_of(&mut one.handles, one.key);
            let sent = one.handles.verb(one.key, |handle, reactor, _| {
                handle.write(reactor, &mut [b"after"[..].into()])
            });
            assert_eq!(sent, Ok(5));
            assert_eq!(one.read(), "first deferred after");
        }
    }

    #[test]
    fn nothing_is_lost_or_deferred_after_the_stop() {
        for offloads in [false, true] {
            let mut one = connected(offloads);
            one.writes.begin_callback(2);
            assert!(one.defer(b"last"));
            one.writes.stop(&mut one.handles);
            assert!(!one.defer(b"more"));
            assert_eq!(one.read(), "first last");
        }
    }

    #[test]
    fn a_batch_that_was_cut_short_leaves_the_thread_asleep() {
        let mut writes = DeferredWrites::new(true, false);
        let runs = |writes: &DeferredWrites| writes.sender.as_ref().unwrap().is_in_callback();
        for _ in 0..2 {
            writes.begin_callback(2);
            writes.begin_callback(2);
            assert!(runs(&writes));
            writes.end_callback();
            writes.end_callback();
            assert!(!runs(&writes));
        }
    }
}
