//! A connection that was accepted, and whose PROXY header has not come yet.
//!
//! Received bytes stay in the kernel until the header is complete. Then exactly the header is read,
//! so no byte behind it is lost, and the next reader of the connection begins with the data. That
//! reader may use another descriptor.

use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::time::Instant;

use super::common::Transport;
use super::gate::{Expectation, Refusal};
use super::socket::{Io, Socket};
use super::stream::Stream;
use crate::error::{Errno, Result};
use crate::event::Key;
use crate::proxy::{self, Command, Ends, Fault, Header, Reading};
use crate::runtime::{Attempt, Interest, Reactor};
use crate::sys::{descriptor, socket, BorrowedDescriptor, Descriptor};

/// How often the bytes of a header may be found missing that were there a moment ago.
const MAX_TRIES: usize = 8;

/// What a look at a connection has brought.
#[derive(Debug)]
pub enum Look {
    /// Not enough has come.
    Later,
    Arrived(Arrival),
    Refused(Refusal),
}

/// A connection that can be reported.
#[derive(Debug)]
pub struct Arrival {
    /// The bytes of the header, if there was one.
    pub header: Option<Box<[u8]>>,
    /// Who is to be judged by the limits for each address, if that was not done before.
    pub client: Option<IpAddr>,
}

/// A connection without its header.
#[derive(Debug)]
pub(super) struct Awaiting {
    pub socket: Socket,
    /// The listener that has accepted it.
    listener: Key,
    expectation: Expectation,
    /// The outcome was reported.
    is_over: bool,
}

/// What the bytes that have come are good for.
enum Found {
    Header(Header, usize),
    /// The connection has no header.
    Nothing,
    Refused(Refusal),
}

impl Awaiting {
    pub fn new(fd: Descriptor, listener: Key, expectation: Expectation) -> Self {
        Self {
            socket: Socket::new(fd),
            listener,
            expectation,
            is_over: false,
        }
    }

    /// Returns the listener, and until when it waits; `None` once the outcome was reported.
    pub fn awaited(&self) -> Option<(Key, Instant)> {
        (!self.is_over).then_some((self.listener, self.expectation.deadline))
    }

    /// Returns the stream that it has become.
    pub fn into_stream(self, transport: Transport) -> Stream {
        Stream::accepted(self.socket, transport)
    }

    /// Looks whether the header is there. Where it is not, the key comes up again with more bytes.
    pub fn look(&mut self, key: Key, reactor: &Reactor) -> Look {
        if self.expectation.is_stranger {
            return self.refuse(Refusal::Untrusted);
        }
        let mut room = [0; proxy::MOST];
        let found = match self.find(key, reactor, &mut room) {
            Ok(None) => return Look::Later,
            Ok(Some(found)) => found,
            Err(_) => Found::Refused(Refusal::Incomplete),
        };
        match found {
            Found::Header(header, length) => match self.take(reactor, &mut room[..length]) {
                Ok(()) => self.arrive(Some((header, room[..length].into()))),
                Err(_) => self.refuse(Refusal::Incomplete),
            },
            Found::Nothing if self.expectation.is_required => self.refuse(Refusal::Invalid),
            Found::Nothing => self.arrive(None),
            Found::Refused(refusal) => self.refuse(refusal),
        }
    }

    /// Waits no longer. A connection that need not have a header has none.
    pub fn expire(&mut self) -> Look {
        // The reactor has forgotten the bytes that were looked at, and a new registration finds them.
        if self.expectation.is_required || self.socket.unregister().is_err() {
            return self.refuse(Refusal::Timeout);
        }
        self.arrive(None)
    }

    /// Looks at what has come. `None` where more may come.
    fn find(&mut self, key: Key, reactor: &Reactor, room: &mut [u8]) -> Result<Option<Found>> {
        let is_required = self.expectation.is_required;
        let calls = reactor.calls();
        if let Io::Open(fd) = self.socket.io() {
            calls.reads.add(1);
            let fd = descriptor::borrow(fd);
            return match look_at(fd, room, false) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    // What is there now counts as an edge.
                    self.socket.register(key, reactor)?.arm(Interest::Read);
                    Ok(None)
                }
                result => Ok(Some(judge(result?, is_required))),
            };
        }
        let source = self.socket.register(key, reactor)?;
        let look = |fd: BorrowedDescriptor<'_>, has_ended| look_at(fd, room, has_ended);
        match source.try_look(look) {
            Attempt::Done(reading) => Ok(Some(judge(reading, is_required))),
            Attempt::Pending => Ok(None),
            Attempt::Failed(error) => Err(error.into()),
        }
    }

    /// Takes the header out of the kernel.
    fn take(&self, reactor: &Reactor, header: &mut [u8]) -> Result<()> {
        let fd = self.socket.fd().ok_or(Errno::BADF)?;
        let (mut taken, mut tries) = (0, 0);
        while taken < header.len() {
            reactor.calls().reads.add(1);
            match socket::receive(fd, (&mut header[taken..]).into()) {
                Ok(0) => return Err(Errno::NOTCONN),
                Ok(read) => taken += read,
                // The bytes were there a moment ago.
                Err(error) if error.kind() == ErrorKind::WouldBlock && tries < MAX_TRIES => {
                    tries += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn arrive(&mut self, header: Option<(Header, Box<[u8]>)>) -> Look {
        self.is_over = true;
        let client = match &header {
            Some((header, _)) => client_of(header),
            None if self.expectation.is_exempt => self.peer(),
            None => None,
        };
        Look::Arrived(Arrival {
            header: header.map(|(_, bytes)| bytes),
            client,
        })
    }

    fn refuse(&mut self, refusal: Refusal) -> Look {
        self.is_over = true;
        Look::Refused(refusal)
    }

    fn peer(&self) -> Option<IpAddr> {
        let address = socket::peer_address(self.socket.fd()?).ok()??;
        Some(address.ip())
    }
}

/// Returns the address of a proxy's client.
fn client_of(header: &Header) -> Option<IpAddr> {
    match (header.command, &header.ends) {
        (Command::Proxy, Ends::Internet { source, .. }) => Some(source.ip()),
        _ => None,
    }
}

/// What came of a look, and whether it was all that will come.
struct Seen {
    reading: Reading,
    is_empty: bool,
}

/// Looks at the bytes that wait in the kernel.
///
/// # Errors
/// `WouldBlock` where more must come, and the system's.
fn look_at(fd: BorrowedDescriptor<'_>, room: &mut [u8], has_ended: bool) -> io::Result<Seen> {
    let mut length = socket::look(fd, room.into())?;
    loop {
        let reading = proxy::read(&room[..length]);
        let is_empty = length == 0;
        if reading != Reading::Incomplete || is_empty {
            return Ok(Seen { reading, is_empty });
        }
        if !has_ended {
            return Err(ErrorKind::WouldBlock.into());
        }
        // One look may have been short, and there is no event after the end.
        let again = socket::look(fd, room.into())?;
        if again <= length {
            return Ok(Seen { reading, is_empty });
        }
        length = again;
    }
}

/// Decides about a connection of which no more is to come before that.
fn judge(Seen { reading, is_empty }: Seen, is_required: bool) -> Found {
    match reading {
        Reading::Complete(header, length) => Found::Header(header, length),
        Reading::Absent => Found::Nothing,
        Reading::Refused(fault) => Found::Refused(match fault {
            Fault::Invalid => Refusal::Invalid,
            Fault::TooLong => Refusal::TooLong,
            Fault::Checksum => Refusal::Checksum,
        }),
        // The peer has ended.
        Reading::Incomplete if is_required || !is_empty => Found::Refused(Refusal::Incomplete),
        Reading::Incomplete => Found::Nothing,
    }
}
