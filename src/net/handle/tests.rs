//! What becomes of a handle, state by state, on real sockets and without JavaScript.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::IntoRawFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::*;
use crate::error::UV_EOF;
use crate::net::stream::MAX_LOOKS;
use crate::net::{Accepted, PeerFilter, ProxyRules, Refusal};
use crate::runtime::{First, Interest};
use crate::stream::{DIRECT_READ, READ_STEP};
use crate::sys::Descriptor;

const KEY: Key = Key::new(1, 0);

/// One handle with what drives it.
struct Subject {
    handle: Handle,
    reactor: Reactor,
    queue: EventQueue,
}

impl Subject {
    fn new(transport: Transport) -> Self {
        Self::of(Handle::new(KEY, transport))
    }

    fn of(handle: Handle) -> Self {
        Self {
            handle,
            reactor: Reactor::on_loop().unwrap(),
            queue: EventQueue::new(64),
        }
    }

    fn state(&self) -> &'static str {
        match self.handle.state {
            State::Unbound(_) => "unbound",
            State::Bound(_) => "bound",
            State::Connecting(_) => "connecting",
            State::Listener(_) => "listener",
            State::Awaiting(_) => "awaiting",
            State::Stream(_) => "stream",
        }
    }

    /// Serves the handle while it is in the ready set, and returns the bytes read.
    fn serve(&mut self) -> usize {
        let mut room = vec![0; READ_STEP];
        let mut read = 0;
        self.reactor.poll();
        while !self.reactor.ready().is_empty() {
            while let Some(ready) = self.reactor.ready().pop(First::Light) {
                match ready.interest {
                    Interest::Read => {
                        read +=
                            self.handle
                                .on_readable(&self.reactor, &mut room, 0, &mut self.queue);
                    }
                    Interest::Write => self.handle.on_writable(&mut self.queue),
                }
            }
            self.reactor.ready().begin_iteration();
        }
        read
    }

    /// Serves the handle until there is an event, and returns its kind and status.
    fn event(&mut self) -> (Kind, i32) {
        for _ in 0..10_000 {
            if let Some(event) = self.queue.take_batch().next() {
                return (event.kind, event.a);
            }
            self.serve();
            std::thread::yield_now();
        }
        panic!("there is no event");
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.handle.write(&self.reactor, &mut [bytes.into()])
    }

    fn connect(&mut self, address: SocketAddr) -> Result<()> {
        self.handle.connect_tcp(&self.reactor, address)
    }

    fn listen(&mut self) -> Result<()> {
        match self.handle.transport() {
            Transport::Tcp => self.handle.listen_tcp(&self.reactor, 8),
            Transport::Pipe => self.handle.listen_pipe(&self.reactor, 8),
        }
    }

    fn address(&self) -> SocketAddr {
        self.handle.local_address().unwrap().unwrap()
    }

    /// What the verbs of a stream answer: to a start of reads, a write and a shutdown.
    fn stream_verbs(&mut self) -> [Result<()>; 3] {
        [
            self.handle.read_start(&self.reactor),
            self.write(b"x").map(|_| ()),
            self.handle.shutdown(&mut self.queue),
        ]
    }
}

fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(loopback(0)).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A port that nobody listens at.
fn closed_port() -> SocketAddr {
    listener().1
}

/// A name in the file system, for one test.
struct Name(PathBuf);

impl Name {
    fn new(test: &str) -> Self {
        let file = format!("rust-net-{}-{test}", std::process::id());
        Self(std::env::temp_dir().join(file))
    }

    fn bytes(&self) -> &[u8] {
        self.0.as_os_str().as_encoded_bytes()
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

fn accepted() -> (UnixStream, Subject) {
    let (peer, ours) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    let handle = Handle::accepted(KEY, Transport::Pipe, Descriptor::from(ours).into());
    (peer, Subject::of(handle))
}

#[test]
fn an_unbound_handle_has_nothing() {
    let mut subject = Subject::new(Transport::Tcp);
    assert_eq!(
        subject.stream_verbs(),
        [Err(Errno::NOTCONN), Err(Errno::BADF), Err(Errno::NOTCONN)]
    );
    let handle = &mut subject.handle;
    assert_eq!((handle.number(), handle.is_open()), (-1, false));
    assert_eq!(handle.local_address(), Err(Errno::BADF));
    assert_eq!(handle.prepare_reset(), Err(Errno::BADF));
    assert_eq!(handle.access(), Access::NONE);
    assert_eq!(handle.set_peer_filter(None), Err(Errno::INVAL));
    assert!(matches!(handle.accept(), Accepted::Nothing));
    assert!(!handle.keeps_alive());
    let mut pipe = Subject::new(Transport::Pipe);
    assert_eq!(pipe.listen(), Err(Errno::INVAL));
    assert_eq!(pipe.state(), "unbound");
}

#[test]
fn a_bound_handle_may_listen_and_is_no_stream() {
    let mut subject = Subject::new(Transport::Tcp);
    subject.handle.bind_tcp(loopback(0), 0).unwrap();
    assert_eq!(subject.state(), "bound");
    assert_ne!(subject.address().port(), 0);
    assert_eq!(
        subject.stream_verbs(),
        [Err(Errno::NOTCONN), Err(Errno::PIPE), Err(Errno::NOTCONN)]
    );
    assert_eq!(
        subject.handle.bind_tcp(loopback(0), 0),
        Err(Errno::INVAL),
        "the kernel binds once"
    );
    assert!(!subject.handle.keeps_alive());
    subject.listen().unwrap();
    assert_eq!(subject.state(), "listener");
    assert!(subject.handle.keeps_alive());
    subject.handle.set_referenced(false);
    assert!(!subject.handle.keeps_alive());
}

#[test]
fn a_listener_accepts_and_is_no_stream() {
    let mut subject = Subject::new(Transport::Tcp);
    subject.listen().unwrap();
    let address = loopback(subject.address().port());
    assert_eq!(
        subject.stream_verbs(),
        [Err(Errno::NOTCONN), Err(Errno::PIPE), Err(Errno::NOTCONN)]
    );
    assert!(subject.connect(address).is_err());
    assert_eq!(subject.state(), "listener");
    let _peer = TcpStream::connect(address).unwrap();
    subject.serve();
    assert!(matches!(subject.handle.accept(), Accepted::Connection(_)));
    assert!(matches!(subject.handle.accept(), Accepted::Nothing));
}

#[test]
fn a_listener_that_listens_again_still_rejects() {
    let mut subject = Subject::new(Transport::Tcp);
    subject.listen().unwrap();
    let rejects_all = Some(PeerFilter::new(|_| true));
    subject.handle.set_peer_filter(rejects_all).unwrap();
    subject.listen().unwrap();
    let address = loopback(subject.address().port());
    let mut peer = TcpStream::connect(address).unwrap();
    subject.serve();
    assert!(matches!(subject.handle.accept(), Accepted::Aborted));
    assert_eq!(subject.handle.stats(), [0, 0, 0, 1, 0, 0, 0, 0]);
    assert_eq!(peer.read(&mut [0]).unwrap_or(0), 0);
}

fn rules(is_required: bool) -> ProxyRules {
    ProxyRules {
        is_required,
        trusted: None,
        timeout: Duration::from_secs(60),
    }
}

/// A connection whose PROXY header is to come.
fn awaiting(is_required: bool) -> (TcpStream, Subject) {
    let mut listener = Subject::new(Transport::Tcp);
    listener.listen().unwrap();
    listener.handle.set_proxy_rules(rules(is_required)).unwrap();
    let address = loopback(listener.address().port());
    let peer = TcpStream::connect(address).unwrap();
    listener.serve();
    let Accepted::Connection(incoming) = listener.handle.accept() else {
        panic!("not accepted");
    };
    let expectation = incoming.expectation.unwrap();
    let handle = Handle::awaiting(KEY, Transport::Tcp, incoming, KEY, expectation);
    (peer, Subject::of(handle))
}

#[test]
fn a_connection_without_its_header_is_no_stream() {
    let (_peer, mut subject) = awaiting(true);
    assert_eq!(subject.state(), "awaiting");
    assert_eq!(
        subject.stream_verbs(),
        [Err(Errno::NOTCONN), Err(Errno::PIPE), Err(Errno::NOTCONN)]
    );
    assert_eq!(subject.listen(), Err(Errno::INVAL));
    assert!(subject.connect(loopback(1)).is_err());
    assert_eq!(subject.state(), "awaiting");
    assert_eq!(
        subject.handle.set_proxy_rules(rules(true)),
        Err(Errno::INVAL)
    );
    assert!(!subject.handle.keeps_alive());
    let look = subject.handle.look_for_header(&subject.reactor, false);
    assert!(matches!(look, Look::Later), "{look:?}");
    assert!(subject.handle.awaited().is_some());
    let look = subject.handle.look_for_header(&subject.reactor, true);
    assert!(matches!(look, Look::Refused(Refusal::Timeout)), "{look:?}");
    assert_eq!(subject.handle.awaited(), None);
}

#[test]
fn a_header_in_two_parts_makes_a_stream_of_the_data_behind_it() {
    let (mut peer, mut subject) = awaiting(true);
    for part in ["PROXY UNKN", "OWN\r\ndata"] {
        let look = subject.handle.look_for_header(&subject.reactor, false);
        assert!(matches!(look, Look::Later), "{look:?}");
        peer.write_all(part.as_bytes()).unwrap();
        subject.reactor.poll();
        while subject.reactor.ready().pop(First::Light).is_some() {}
    }
    let look = subject.handle.look_for_header(&subject.reactor, false);
    assert!(matches!(look, Look::Arrived(_)), "{look:?}");
    assert_eq!(subject.state(), "stream");
    assert_eq!(subject.handle.take_header().unwrap().len(), 15);
    assert_eq!(subject.handle.take_header(), None);
    subject.handle.read_start(&subject.reactor).unwrap();
    assert_eq!(subject.serve(), 4);
}

#[test]
fn what_was_looked_at_in_vain_is_read_after_the_time() {
    let (mut peer, mut subject) = awaiting(false);
    peer.write_all(b"PRO").unwrap();
    for _ in 0..2 {
        let look = subject.handle.look_for_header(&subject.reactor, false);
        assert!(matches!(look, Look::Later), "{look:?}");
        subject.reactor.poll();
        while subject.reactor.ready().pop(First::Light).is_some() {}
    }
    let look = subject.handle.look_for_header(&subject.reactor, true);
    assert!(matches!(look, Look::Arrived(_)), "{look:?}");
    subject.handle.read_start(&subject.reactor).unwrap();
    assert_eq!(subject.serve(), 3);
}

#[test]
fn a_connect_becomes_a_stream() {
    let (listener, address) = listener();
    let mut subject = Subject::new(Transport::Tcp);
    subject.connect(address).unwrap();
    assert_eq!(subject.state(), "connecting");
    assert!(subject.handle.keeps_alive());
    assert_eq!(subject.connect(address), Err(Errno::ALREADY));
    assert_eq!(subject.listen(), Err(Errno::INVAL));
    assert_eq!(subject.write(b"early"), Ok(0));
    subject.handle.read_start(&subject.reactor).unwrap();
    let (mut peer, _) = listener.accept().unwrap();
    peer.write_all(b"hello").unwrap();
    assert_eq!(subject.event(), (Kind::Connected, 0));
    assert_eq!(subject.state(), "stream");
    assert_eq!(subject.handle.access(), Access::FULL);
    assert_eq!(subject.write(b"late"), Ok(4));
    let mut read = [0; 4];
    peer.read_exact(&mut read).unwrap();
    assert_eq!(&read, b"late");
}

#[test]
fn a_connected_stream_reports_room_and_data_that_waited() {
    let (listener, address) = listener();
    let mut subject = Subject::new(Transport::Tcp);
    subject.connect(address).unwrap();
    assert_eq!(subject.write(b"early"), Ok(0));
    subject.handle.read_start(&subject.reactor).unwrap();
    let (mut peer, _) = listener.accept().unwrap();
    peer.write_all(b"hello").unwrap();
    drop(peer);
    let mut kinds = Vec::new();
    for _ in 0..10_000 {
        subject.serve();
        kinds.extend(subject.queue.take_batch().map(|event| event.kind));
        if kinds.last() == Some(&Kind::ReadEnd) {
            break;
        }
        std::thread::yield_now();
    }
    assert_eq!(
        kinds,
        [Kind::Connected, Kind::Writable, Kind::Read, Kind::ReadEnd]
    );
}

#[test]
fn a_refused_connect_leaves_a_stream_that_may_try_again() {
    let mut subject = Subject::new(Transport::Tcp);
    subject.connect(closed_port()).unwrap();
    let refused = Errno::CONNREFUSED.code();
    assert_eq!(subject.event(), (Kind::Connected, refused));
    assert_eq!(subject.state(), "stream");
    assert!(!subject.handle.keeps_alive());
    let (_listener, address) = listener();
    // Linux answers once more for the connect that has failed.
    if subject.connect(address).is_err() {
        assert_eq!(subject.state(), "stream");
        subject.connect(address).unwrap();
    }
    assert_eq!(subject.event(), (Kind::Connected, 0));
    assert_eq!(subject.state(), "stream");
}

#[test]
fn an_address_in_use_is_reported_by_what_follows_the_bind() {
    let (_listener, taken) = listener();
    let mut subject = Subject::new(Transport::Tcp);
    subject.handle.bind_tcp(taken, 0).unwrap();
    assert_eq!(subject.state(), "bound");
    assert_eq!(subject.handle.local_address(), Err(Errno::ADDRINUSE));
    assert_eq!(subject.listen(), Err(Errno::ADDRINUSE));
    subject.connect(closed_port()).unwrap();
    assert_eq!(subject.state(), "connecting");
    let status = Errno::ADDRINUSE.code();
    assert_eq!(subject.event(), (Kind::Connected, status));
    assert!(subject.handle.local_address().is_ok());
}

#[test]
fn a_connect_without_a_descriptor_leaves_an_unbound_handle() {
    let mut subject = Subject::new(Transport::Pipe);
    let (handle, reactor) = (&mut subject.handle, &subject.reactor);
    handle.await_connect(reactor, Some(Errno::NFILE)).unwrap();
    assert_eq!(subject.state(), "connecting");
    assert_eq!(subject.handle.number(), -1);
    assert_eq!(subject.write(b"early"), Ok(0));
    let status = Errno::NFILE.code();
    assert_eq!(subject.event(), (Kind::Connected, status));
    assert_eq!(subject.state(), "unbound");
}

#[test]
fn a_bound_name_goes_with_the_handle() {
    let name = Name::new("bound");
    let mut subject = Subject::new(Transport::Pipe);
    subject.handle.bind_pipe(name.bytes(), false, 0).unwrap();
    assert_eq!(subject.state(), "bound");
    assert_eq!(
        subject.handle.bind_pipe(name.bytes(), false, 0),
        Err(Errno::INVAL)
    );
    subject.listen().unwrap();
    assert_eq!(subject.state(), "listener");
    assert!(name.path().exists());
    subject.handle.close();
    assert!(!name.path().exists());
}

#[test]
fn a_client_of_a_name_becomes_a_stream() {
    let name = Name::new("client");
    let mut server = Subject::new(Transport::Pipe);
    server.handle.bind_pipe(name.bytes(), false, 0).unwrap();
    server.listen().unwrap();
    let mut client = Subject::new(Transport::Pipe);
    let (handle, reactor) = (&mut client.handle, &client.reactor);
    handle.connect_pipe(reactor, name.bytes(), false).unwrap();
    assert_eq!(client.state(), "connecting");
    assert_eq!(client.event(), (Kind::Connected, 0));
    assert_eq!(client.state(), "stream");
    server.serve();
    assert!(matches!(server.handle.accept(), Accepted::Connection(_)));
    // A listener answers at once, and goes on.
    let (handle, reactor) = (&mut server.handle, &server.reactor);
    assert!(handle.connect_pipe(reactor, name.bytes(), false).is_err());
    assert_eq!(server.state(), "listener");
    let _peer = UnixStream::connect(name.path()).unwrap();
    server.serve();
    assert!(matches!(server.handle.accept(), Accepted::Connection(_)));
    server.handle.close();
}

#[test]
fn an_adopted_descriptor_is_a_stream_until_it_listens() {
    let mut subject = Subject::new(Transport::Tcp);
    let (listener, _) = listener();
    let number = listener.into_raw_fd();
    subject.handle.open(number).unwrap();
    assert_eq!(subject.state(), "stream");
    assert_eq!(subject.handle.open(number), Ok(()));
    assert_eq!(subject.handle.open(number + 1), Err(Errno::BUSY));
    subject.listen().unwrap();
    assert_eq!(subject.state(), "listener");
    assert_eq!(subject.handle.number(), number);
}

#[test]
fn a_bound_handle_that_opens_its_own_descriptor_is_a_stream() {
    let mut subject = Subject::new(Transport::Tcp);
    subject.handle.bind_tcp(loopback(0), 0).unwrap();
    let number = subject.handle.number();
    subject.handle.open(number).unwrap();
    assert_eq!(subject.state(), "stream");
    assert_eq!(subject.handle.access(), Access::FULL);
}

#[test]
fn a_half_close_is_asked_for_once() {
    let (mut peer, mut subject) = accepted();
    subject.handle.shutdown(&mut subject.queue).unwrap();
    assert_eq!(subject.event(), (Kind::Shutdown, 0));
    assert_eq!(
        subject.handle.shutdown(&mut subject.queue),
        Err(Errno::NOTCONN)
    );
    assert_eq!(subject.write(b"x"), Err(Errno::PIPE));
    assert_eq!(peer.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_stream_that_lost_bytes_writes_nothing_more() {
    let (_peer, mut subject) = accepted();
    subject.handle.fail_writes(Errno::IO);
    assert_eq!(subject.write(b"x"), Err(Errno::IO));
    assert_eq!(subject.handle.check_flushed(), Err(Errno::IO));
    subject.handle.shutdown(&mut subject.queue).unwrap();
    assert_eq!(subject.event(), (Kind::Shutdown, Errno::IO.code()));
}

#[test]
fn an_upload_that_has_come_whole_is_read_without_a_source() {
    let (mut peer, mut subject) = accepted();
    peer.write_all(&vec![7; 2 * READ_STEP]).unwrap();
    drop(peer);
    subject.handle.read_start(&subject.reactor).unwrap();
    assert_eq!(subject.serve(), 2 * READ_STEP);
    let socket = subject.handle.state.socket().unwrap();
    assert!(socket.is_unregistered());
    let last = subject.queue.take_batch().last().unwrap();
    assert_eq!((last.kind, last.a), (Kind::ReadEnd, UV_EOF));
}

#[test]
fn a_stream_that_goes_on_is_registered() {
    let (mut peer, subject) = accepted();
    let Subject {
        mut handle,
        reactor,
        mut queue,
    } = subject;
    handle.read_start(&reactor).unwrap();
    let mut room = vec![0; READ_STEP];
    for look in 1..=MAX_LOOKS {
        peer.write_all(&room).unwrap();
        reactor.ready().begin_iteration();
        assert!(reactor.ready().pop(First::Light).is_some(), "look {look}");
        let read = handle.on_readable(&reactor, &mut room, 0, &mut queue);
        assert_eq!(read, READ_STEP, "look {look}");
    }
    assert!(handle.state.socket().unwrap().source().is_some());
}

/// A stream whose last read took much.
fn heavy() -> (UnixStream, Subject) {
    let (mut peer, mut subject) = accepted();
    subject.handle.read_start(&subject.reactor).unwrap();
    peer.write_all(b"x").unwrap();
    assert_eq!(subject.serve(), 1);
    peer.write_all(&vec![7; READ_STEP]).unwrap();
    assert_eq!(subject.serve(), READ_STEP);
    assert_eq!(subject.queue.take_batch().count(), 2);
    (peer, subject)
}

#[test]
fn a_heavy_stream_is_asked_to_be_read_directly() {
    let (mut peer, mut subject) = heavy();
    peer.write_all(&vec![8; DIRECT_READ]).unwrap();
    assert_eq!(
        subject.event(),
        (Kind::Readable, i32::try_from(DIRECT_READ).unwrap())
    );
    let handle = &mut subject.handle;
    assert_eq!(usize::try_from(handle.waiting()).unwrap(), DIRECT_READ);
    let mut chunk = vec![0; DIRECT_READ];
    let read = handle.read_directly(&subject.reactor, (&mut chunk[..]).into());
    assert_eq!(usize::try_from(read).unwrap(), DIRECT_READ);
    assert!(chunk.iter().all(|&byte| byte == 8));
    assert_eq!(handle.waiting(), 0);
    drop(peer);
    assert_eq!(subject.event(), (Kind::ReadEnd, UV_EOF));
}

#[test]
fn a_heavy_stream_takes_little_and_its_end_as_others_do() {
    let (mut peer, mut subject) = heavy();
    peer.write_all(&vec![8; DIRECT_READ - 1]).unwrap();
    let (kind, length) = subject.event();
    assert_eq!(kind, Kind::Read);
    assert_eq!(usize::try_from(length).unwrap(), DIRECT_READ - 1);
    let (peer, mut subject) = heavy();
    drop(peer);
    assert_eq!(subject.event(), (Kind::ReadEnd, UV_EOF));
}

#[test]
fn a_stream_that_stopped_has_nothing_to_be_read_directly() {
    let (mut peer, mut subject) = heavy();
    peer.write_all(&vec![8; READ_STEP]).unwrap();
    subject.handle.read_stop();
    assert_eq!((subject.serve(), subject.handle.waiting()), (0, 0));
    subject.handle.read_start(&subject.reactor).unwrap();
    let size = i32::try_from(READ_STEP).unwrap();
    assert_eq!(subject.event(), (Kind::Readable, size));
}

#[test]
fn a_stream_is_idle_once_all_that_came_is_read_and_answered() {
    let (mut peer, mut subject) = accepted();
    assert!(subject.handle.is_idle());
    peer.write_all(b"question").unwrap();
    assert!(!subject.handle.is_idle());
    subject.handle.read_start(&subject.reactor).unwrap();
    assert_eq!(subject.serve(), 8);
    assert!(!subject.handle.is_idle());
    subject.write(b"answer").unwrap();
    assert!(subject.handle.is_idle());
    drop(peer);
    assert!(!subject.handle.is_idle());
    assert!(!Subject::new(Transport::Tcp).handle.is_idle());
}
