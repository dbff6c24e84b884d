//! Accepting: how many connections at once, in which order to a connect, and what happens when no
//! descriptor is left.

use std::time::Instant;

use super::deferred_writes::DeferredWrites;
use super::handles::Handles;
use super::headers::Headers;
use crate::error::Errno;
use crate::event::{Event, Key, Kind};
use crate::net::{Accepted, Endpoint, Handle, Incoming, Transport};
use crate::sys::descriptor::Reserve;

/// The most connections that one listener accepts in one loop iteration.
const ACCEPT_STEP: usize = 64;

/// Accepts for all listeners of an environment.
#[derive(Debug)]
pub struct Acceptor {
    share: Share,
    /// All listeners, and where they listen.
    listeners: Vec<(Key, Endpoint)>,
    shortage: Shortage,
    headers: Headers,
    /// The batch that is being collected reports a new connection.
    has_admitted: bool,
}

impl Acceptor {
    pub fn new() -> Self {
        Self {
            share: Share::default(),
            listeners: Vec::new(),
            shortage: Shortage::new(),
            headers: Headers::default(),
            has_admitted: false,
        }
    }

    /// Notes that `listener` listens at `endpoint`, or that nobody knows where.
    pub fn add_listener(&mut self, listener: Key, endpoint: Option<Endpoint>) {
        self.remove_listener(listener);
        self.listeners
            .extend(endpoint.map(|endpoint| (listener, endpoint)));
    }

    /// Resets what a listener has accepted and not reported. Called before it is closed.
    pub fn discard_of(&mut self, handles: &mut Handles, listener: Key) {
        self.headers.discard_of(handles, listener);
    }

    /// Forgets a listener that is closed.
    pub fn remove_listener(&mut self, listener: Key) {
        self.listeners.retain(|&(key, _)| key != listener);
    }

    /// Begins a loop iteration. Says whether the one before it has read much.
    pub fn begin_iteration(&mut self, has_read_much: bool) {
        if has_read_much {
            self.share.reset();
        }
    }

    /// Begins to deliver what has been collected.
    pub fn begin_batch(&mut self) {
        self.has_admitted = false;
    }

    /// Has the listeners served in the next iteration that the connect of `key` has reached. A driver
    /// that reports late would miss what node does: to accept in the poll phase after a connect.
    pub fn look_behind_connect(&self, handles: &Handles, key: Key) {
        if self.listeners.is_empty() {
            return;
        }
        let destination = handles.get(key).and_then(Handle::destination);
        for listener in self.listeners_at(destination.as_ref()) {
            if let Some(listener) = handles.get(listener) {
                listener.look_later();
            }
        }
    }

    /// Serves a listener, or a connection that waits for its PROXY header.
    pub fn serve(&mut self, handles: &mut Handles, writes: &mut DeferredWrites, key: Key) {
        if handles.get(key).is_some_and(Handle::is_listening) {
            self.accept_share(handles, writes, key);
        } else {
            self.has_admitted |= self.headers.look(handles, key);
        }
    }

    /// Returns the time of the next [`Self::expire_headers`].
    pub fn deadline(&self) -> Option<Instant> {
        self.headers.deadline()
    }

    /// Gives up the PROXY headers that have taken too long.
    pub fn expire_headers(&mut self, handles: &mut Handles, now: Instant) {
        self.has_admitted |= self.headers.expire(handles, now);
    }

    /// Accepts a listener's share of this iteration. Does not ask the kernel if a connect has emptied
    /// the backlog since the listener became ready.
    fn accept_share(&mut self, handles: &mut Handles, writes: &mut DeferredWrites, listener: Key) {
        let may_accept = handles.get(listener).is_some_and(Handle::may_accept);
        if may_accept && !self.accept(handles, writes, listener, self.share.size()) {
            self.share.grow();
        }
    }

    /// Accepts from the listening sockets that a connect of this process may have reached. Runs before
    /// `SO_ERROR` of that connect is read. The reactor may not have reported the listeners yet.
    ///
    /// Returns true when the outcome must wait for the next batch, because a connection was accepted.
    /// A handler of its 'connection' event may reset it, and libuv would ask for the outcome after
    /// that.
    ///
    /// See [`LoopPhase`](crate::env::LoopPhase) for listeners of node's own.
    pub fn accept_before_connect(
        &mut self,
        handles: &mut Handles,
        writes: &mut DeferredWrites,
        key: Key,
    ) -> bool {
        // Asking where it leads to is a system call.
        if self.listeners.is_empty() {
            return false;
        }
        let Some(handle) = handles.get(key) else {
            return false;
        };
        if handle.is_connect_put_off() {
            return false;
        }
        let destination = handle.destination();
        for listener in self.listeners_at(destination.as_ref()) {
            self.accept(handles, writes, listener, ACCEPT_STEP);
        }
        let put_off =
            |handles: &mut Handles| handles.with(key, |handle, _, _| handle.put_off_connect());
        self.has_admitted && put_off(handles).unwrap_or(false)
    }

    fn listeners_at(&self, destination: Option<&Endpoint>) -> Vec<Key> {
        self.listeners
            .iter()
            .filter(|(_, endpoint)| Some(endpoint) == destination)
            .map(|&(key, _)| key)
            .collect()
    }

    /// Accepts at most `most` connections. Returns false where it stopped because of `most`.
    fn accept(
        &mut self,
        handles: &mut Handles,
        writes: &mut DeferredWrites,
        listener: Key,
        most: usize,
    ) -> bool {
        for _ in 0..most {
            let Some(handle) = handles.get(listener) else {
                return true;
            };
            let transport = handle.transport();
            match handle.accept() {
                Accepted::Nothing => return true,
                Accepted::Aborted => {}
                Accepted::Connection(incoming) => {
                    self.admit(handles, writes, listener, transport, incoming);
                }
                Accepted::Failed {
                    exhausted: true, ..
                } if self.shortage.shed_load(|| handle.accept()) => return true,
                Accepted::Failed { errno, .. } => {
                    self.shortage.starve(listener);
                    handles.queue.push(failure(listener, errno));
                    return true;
                }
            }
        }
        if let Some(handle) = handles.get(listener) {
            handle.accept_later();
        }
        false
    }

    fn admit(
        &mut self,
        handles: &mut Handles,
        writes: &mut DeferredWrites,
        listener: Key,
        transport: Transport,
        incoming: Incoming,
    ) {
        let expectation = incoming.expectation;
        let inserted = handles.insert(|key| match expectation {
            None => Handle::accepted(key, transport, incoming),
            Some(expectation) => Handle::awaiting(key, transport, incoming, listener, expectation),
        });
        let key = match inserted {
            Ok(key) => key,
            Err(errno) => {
                handles.queue.push(failure(listener, errno));
                return;
            }
        };
        writes.adopt(handles, key);
        if expectation.is_some() {
            self.has_admitted |= self.headers.look(handles, key);
        } else {
            self.has_admitted = true;
            let event = Event::new(listener, Kind::Connection, key.slot());
            handles.queue.push(event);
        }
    }

    /// True when a listener found no descriptor and has not been tried since.
    pub fn has_starved(&self) -> bool {
        !self.shortage.starved.is_empty()
    }

    /// Tries the listeners again that found no descriptor.
    pub fn retry_starved(&mut self, handles: &Handles) {
        for key in self.shortage.end() {
            if let Some(handle) = handles.get(key) {
                handle.accept_later();
            }
        }
    }
}

fn failure(listener: Key, errno: Errno) -> Event {
    Event::new(listener, Kind::AcceptFailed, errno.code())
}

/// The number of connections that a listener may accept in one iteration, shared by all listeners of
/// the environment. It is one while iterations read more than a step. Accepting faster would open many
/// connections before the first of them is finished.
#[derive(Debug, PartialEq, Eq)]
struct Share(usize);

impl Default for Share {
    fn default() -> Self {
        Self(1)
    }
}

impl Share {
    fn size(&self) -> usize {
        self.0
    }

    fn reset(&mut self) {
        self.0 = 1;
    }

    /// Doubles a share that was used up.
    fn grow(&mut self) {
        self.0 = (self.0 * 2).min(ACCEPT_STEP);
    }
}

/// What happens when the process is out of descriptors. As in libuv, one is kept in reserve and given
/// up to accept and close the connections that wait, so that their peers notice. Where even that
/// fails, the listener starves until a descriptor may be free again.
#[derive(Debug)]
struct Shortage {
    reserve: Reserve,
    /// Listeners that found no descriptor.
    starved: Vec<Key>,
}

impl Shortage {
    fn new() -> Self {
        Self {
            reserve: Reserve::new(),
            starved: Vec::new(),
        }
    }

    /// Closes every connection that waits. Returns false where the reserve was of no use.
    fn shed_load(&mut self, mut accept: impl FnMut() -> Accepted) -> bool {
        if !self.reserve.release() {
            self.reserve.refill();
            return false;
        }
        let is_empty = loop {
            match accept() {
                Accepted::Connection(incoming) => drop(incoming),
                Accepted::Aborted => {}
                Accepted::Nothing => break true,
                // Another thread has taken the descriptor.
                Accepted::Failed { .. } => break false,
            }
        };
        self.reserve.refill();
        is_empty
    }

    fn starve(&mut self, listener: Key) {
        self.starved.push(listener);
    }

    /// Refills the reserve, and returns the listeners that are to be tried again.
    fn end(&mut self) -> Vec<Key> {
        self.reserve.refill();
        std::mem::take(&mut self.starved)
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::Reactor;
    use std::net::{SocketAddr, TcpStream};
    use std::os::unix::net::UnixStream;

    struct Listening {
        handles: Handles,
        writes: DeferredWrites,
        acceptor: Acceptor,
        key: Key,
        address: SocketAddr,
    }

    fn listen() -> Listening {
        let mut handles = Handles::new(Reactor::on_loop().unwrap(), 1024);
        let make = |key| Handle::new(key, Transport::Tcp);
        let key = handles.insert(make).unwrap();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let address = handles.verb(key, |handle, reactor, _| {
            handle.bind_tcp(any, 0)?;
            handle.listen_tcp(reactor, 511)?;
            handle.local_address()
        });
        let mut acceptor = Acceptor::new();
        let endpoint = handles.get(key).unwrap().endpoint();
        acceptor.add_listener(key, endpoint);
        Listening {
            handles,
            writes: DeferredWrites::new(false, false),
            acceptor,
            key,
            address: address.unwrap().unwrap(),
        }
    }

    impl Listening {
        fn connect(&self, count: usize) -> Vec<TcpStream> {
            let connect = |_| TcpStream::connect(self.address).unwrap();
            (0..count).map(connect).collect()
        }

        fn accept_share(&mut self) {
            self.handles.reactor.poll();
            let (handles, writes) = (&mut self.handles, &mut self.writes);
            self.acceptor.accept_share(handles, writes, self.key);
        }

        fn connections(&mut self) -> usize {
            let mut count = 0;
            self.handles.begin_batch(|event| {
                assert_eq!(event.kind, Kind::Connection);
                count += 1;
            });
            count
        }
    }

    #[test]
    fn a_share_that_is_used_up_doubles_until_much_is_read() {
        let mut listening = listen();
        let _peers = listening.connect(12);
        let mut accepted = Vec::new();
        for _ in 0..3 {
            listening.accept_share();
            accepted.push(listening.connections());
        }
        listening.acceptor.begin_iteration(false);
        listening.accept_share();
        accepted.push(listening.connections());
        assert_eq!(accepted, [1, 2, 4, 5]);
        listening.acceptor.begin_iteration(true);
        assert_eq!(listening.acceptor.share, Share(1));
        for _ in 0..20 {
            listening.acceptor.share.grow();
        }
        assert_eq!(listening.acceptor.share, Share(ACCEPT_STEP));
    }

    #[test]
    fn a_connection_is_accepted_before_its_connect_is_reported() {
        let mut listening = listen();
        let (handles, writes) = (&mut listening.handles, &mut listening.writes);
        let make = |key| Handle::new(key, Transport::Tcp);
        let client = handles.insert(make).unwrap();
        let address = listening.address;
        handles
            .verb(client, |handle, reactor, _| {
                handle.connect_tcp(reactor, address)
            })
            .unwrap();
        let acceptor = &mut listening.acceptor;
        assert!(acceptor.accept_before_connect(handles, writes, client));
        // The outcome is put off once.
        assert!(!acceptor.accept_before_connect(handles, writes, client));
        assert_eq!(listening.connections(), 1);
    }

    #[test]
    fn a_listener_that_a_connect_has_emptied_is_not_asked_again() {
        let mut listening = listen();
        let _peer = listening.connect(1);
        listening.handles.reactor.poll();
        let (handles, writes) = (&mut listening.handles, &mut listening.writes);
        assert!(!listening.acceptor.accept(handles, writes, listening.key, 1));
        assert!(listening.acceptor.accept(handles, writes, listening.key, 1));
        let calls = listening.handles.reactor.calls().accepts.get();
        listening.accept_share();
        assert_eq!(listening.handles.reactor.calls().accepts.get(), calls);
        let _another = listening.connect(1);
        listening.accept_share();
        assert_eq!(listening.connections(), 2);
    }

    #[test]
    fn a_connect_without_a_listener_is_not_asked_where_it_leads() {
        let mut listening = listen();
        listening.acceptor.remove_listener(listening.key);
        let (handles, writes) = (&mut listening.handles, &mut listening.writes);
        let key = listening.key;
        assert!(!listening
            .acceptor
            .accept_before_connect(handles, writes, key));
    }

    #[test]
    fn a_listener_is_served_behind_a_connect_that_reached_it() {
        let mut listening = listen();
        let handles = &mut listening.handles;
        let client = handles.insert(|key| Handle::new(key, Transport::Tcp));
        let (client, address) = (client.unwrap(), listening.address);
        let connect = |handle: &mut Handle, reactor: &Reactor, _: &mut _| {
            handle.connect_tcp(reactor, address)
        };
        listening.acceptor.look_behind_connect(handles, client);
        assert!(handles.is_idle());
        handles.verb(client, connect).unwrap();
        listening.acceptor.look_behind_connect(handles, client);
        assert!(!handles.is_idle());
    }

    #[test]
    fn a_listener_that_is_closed_is_not_accepted_from() {
        let mut listening = listen();
        let _peers = listening.connect(1);
        let endpoint = listening.handles.get(listening.key).unwrap().endpoint();
        listening.acceptor.remove_listener(listening.key);
        assert!(listening
            .acceptor
            .listeners_at(endpoint.as_ref())
            .is_empty());
        listening.acceptor.add_listener(listening.key, None);
        assert!(listening
            .acceptor
            .listeners_at(endpoint.as_ref())
            .is_empty());
        listening.handles.close(listening.key).unwrap();
        listening.accept_share();
        assert_eq!(listening.connections(), 0);
    }

    fn exhausted() -> Accepted {
        Accepted::Failed {
            errno: Errno::NFILE,
            exhausted: true,
        }
    }

    #[test]
    fn the_reserve_closes_what_waits() {
        let mut shortage = Shortage::new();
        let (peer, waiting) = UnixStream::pair().unwrap();
        let mut accepts = vec![
            Accepted::Nothing,
            Accepted::Aborted,
            Accepted::Connection(crate::sys::Descriptor::from(waiting).into()),
        ];
        assert!(shortage.shed_load(|| accepts.pop().unwrap()));
        let mut byte = [0];
        assert_eq!(std::io::Read::read(&mut &peer, &mut byte).unwrap(), 0);
        // There is a reserve again, which is of no use where another thread takes the descriptor.
        assert!(!shortage.shed_load(exhausted));
        assert!(shortage.reserve.release());
    }

    #[test]
    fn without_a_reserve_nothing_is_accepted() {
        let mut shortage = Shortage::new();
        shortage.reserve.release();
        assert!(!shortage.shed_load(|| panic!("accepted")));
    }

    #[test]
    fn a_starved_listener_is_tried_again_once() {
        let mut shortage = Shortage::new();
        let key = Key::new(3, 1);
        shortage.starve(key);
        assert_eq!(shortage.end(), [key]);
        assert_eq!(shortage.end(), []);
    }
}
