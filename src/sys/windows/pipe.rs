//! One end of a named pipe, or a name that is listened on.
//!
//! Tokio knows a pipe for good once it has seen it: its reads are started ahead into memory of its own,
//! and its handle is bound to one completion port. So whether a pipe is known already is part of what
//! it is, and is no matter of who holds it.

use std::cell::{OnceCell, RefCell};
use std::future::Future;
use std::io;
use std::mem;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, IntoRawHandle, OwnedHandle};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::net::windows::named_pipe::{NamedPipeClient, NamedPipeServer};
use tokio::runtime::Handle;
use windows_sys::Win32::Foundation::ERROR_INVALID_PARAMETER;
use windows_sys::Win32::Networking::WinSock::{WSAECONNABORTED, WSAEWOULDBLOCK};

use super::ending::{Ending, Flusher};
use super::name::{create_instance, Name};
use super::opening::Opening;
use super::permissions::grant_everybody;
use super::socket::join;
use super::{system_error, Descriptor};
use crate::sys::{Bytes, Interest, Room};

/// The most that one read takes out of Tokio's memory.
const READ_STEP: usize = 64 * 1024;
/// The most of one write that Tokio copies: what is beyond waits in our own queue, and is counted.
const WRITE_STEP: usize = 64 * 1024;
/// Clients that can connect before JavaScript has had a turn (libuv's number).
const INSTANCES: usize = 4;

/// A pipe, used by one thread.
#[derive(Debug)]
pub struct Pipe {
    state: RefCell<State>,
    /// Since it is watched.
    runtime: OnceCell<Handle>,
    /// Whom to tell that reading is over, should the writing side be ended while somebody reads.
    reader: RefCell<Option<Waker>>,
    /// Since the writing side was ended.
    ending: OnceCell<Arc<Ending>>,
}

#[derive(Debug)]
enum State {
    /// The first instance of a name, not watched yet.
    Bound(Name, OwnedHandle),
    Listening(Listener),
    Opening(Arc<Opening>),
    /// A client's end, not watched yet.
    Opened(OwnedHandle),
    Client(NamedPipeClient),
    Server(NamedPipeServer),
    /// A change of state has failed: there is nothing left.
    Lost,
}

#[derive(Debug)]
struct Listener {
    name: Name,
    instances: Vec<NamedPipeServer>,
}

impl Pipe {
    fn new(state: State) -> Self {
        Self {
            state: RefCell::new(state),
            runtime: OnceCell::new(),
            reader: RefCell::default(),
            ending: OnceCell::new(),
        }
    }

    pub fn bound(name: Name, first: OwnedHandle) -> Self {
        Self::new(State::Bound(name, first))
    }

    pub fn opened(handle: OwnedHandle) -> Self {
        Self::new(State::Opened(handle))
    }

    pub fn opening(opening: Arc<Opening>) -> Self {
        Self::new(State::Opening(opening))
    }

    /// # Errors
    /// `EINVAL` where no name is bound.
    pub fn check_bound(&self) -> io::Result<()> {
        match &*self.state.borrow() {
            State::Bound(..) | State::Listening(_) => Ok(()),
            _ => Err(system_error(ERROR_INVALID_PARAMETER)),
        }
    }

    /// # Errors
    /// In progress while it is being opened, `EINVAL` where a name is bound.
    pub fn check_connecting(&self) -> io::Result<()> {
        match &*self.state.borrow() {
            State::Opening(_) => Err(system_error(WSAEWOULDBLOCK)),
            State::Bound(..) | State::Listening(_) => Err(system_error(ERROR_INVALID_PARAMETER)),
            _ => Ok(()),
        }
    }

    /// Makes the pipe known to the runtime of the current context.
    ///
    /// # Errors
    /// The system's; the pipe is closed then.
    pub fn watch(&self) -> io::Result<()> {
        self.runtime.get_or_init(Handle::current);
        self.advance(|state| match state {
            State::Bound(name, first) => Listener::start(name, first).map(State::Listening),
            State::Opened(handle) => client_of(handle).map(State::Client),
            other => Ok(other),
        })
    }

    /// Takes the outcome of an opening.
    ///
    /// # Errors
    /// Why it could not be opened.
    pub fn finish_opening(&self) -> io::Result<()> {
        self.advance(|state| match state {
            State::Opening(opening) => match opening.take() {
                Some(outcome) => self.watched(outcome?),
                None => Ok(State::Opening(opening)),
            },
            other => Ok(other),
        })
    }

    fn watched(&self, handle: OwnedHandle) -> io::Result<State> {
        let _context = self.runtime.get().map(Handle::enter);
        client_of(handle).map(State::Client)
    }

    fn advance(&self, step: impl FnOnce(State) -> io::Result<State>) -> io::Result<()> {
        let mut state = self.state.borrow_mut();
        *state = step(mem::replace(&mut *state, State::Lost))?;
        Ok(())
    }

    /// Whether the reactor knows of readiness; if not, `waker` is told when it does.
    pub fn poll_ready(&self, interest: Interest, waker: &Waker) -> Poll<io::Result<()>> {
        let context = &mut Context::from_waker(waker);
        let ready = match (&*self.state.borrow(), interest) {
            (State::Client(pipe), Interest::Read) => pipe.poll_read_ready(context),
            (State::Client(pipe), Interest::Write) => pipe.poll_write_ready(context),
            (State::Server(pipe), Interest::Read) => pipe.poll_read_ready(context),
            (State::Server(pipe), Interest::Write) => pipe.poll_write_ready(context),
            (State::Listening(listener), _) => listener.poll_ready(context),
            (State::Opening(opening), _) => opening.poll(waker).map(Ok),
            (State::Bound(..) | State::Opened(_) | State::Lost, _) => Poll::Ready(Ok(())),
        };
        if ready.is_ready() || interest == Interest::Write {
            return ready;
        }
        match self.ending.get() {
            Some(ending) => ending.poll_silent(waker).map(Ok),
            None => {
                self.remember_reader(waker);
                Poll::Pending
            }
        }
    }

    fn remember_reader(&self, waker: &Waker) {
        let mut reader = self.reader.borrow_mut();
        if !reader.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *reader = Some(waker.clone());
        }
    }

    /// Takes the connection of a client that has opened an instance.
    ///
    /// # Errors
    /// `WSAEWOULDBLOCK` where there is none; an abort for a client that has gone already.
    pub fn accept(&self) -> io::Result<Descriptor> {
        match &mut *self.state.borrow_mut() {
            State::Listening(listener) => {
                let _context = self.runtime.get().map(Handle::enter);
                let connected = listener.accept()?;
                let pipe = Self::new(State::Server(connected));
                Ok(Descriptor::Pipe(Box::new(pipe)))
            }
            _ => Err(system_error(ERROR_INVALID_PARAMETER)),
        }
    }

    /// Reads what is there.
    pub fn receive(&self, mut room: Room<'_>) -> io::Result<usize> {
        let mut buffer = vec![0; room.len().min(READ_STEP)];
        let read = match &*self.state.borrow() {
            State::Client(pipe) => pipe.try_read(&mut buffer),
            State::Server(pipe) => pipe.try_read(&mut buffer),
            _ => Err(io::ErrorKind::WouldBlock.into()),
        };
        if let Ok(read) = read {
            room.fill(&buffer[..read]);
        }
        let Some(ending) = self.ending.get() else {
            return read;
        };
        match read {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && ending.is_silent() => Ok(0),
            read => {
                if read.is_ok() {
                    ending.hear();
                }
                read
            }
        }
    }

    /// Writes what fits of several buffers, in order. What Tokio has taken, a copy, leaves by
    /// itself, even after a close.
    pub fn send_vectored(&self, buffers: &[Bytes<'_>]) -> io::Result<usize> {
        let bytes = join(buffers, WRITE_STEP);
        if bytes.is_empty() {
            return Ok(0);
        }
        match &*self.state.borrow() {
            State::Client(pipe) => pipe.try_write(&bytes),
            State::Server(pipe) => pipe.try_write(&bytes),
            _ => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Ends the writing side, behind what has been written.
    ///
    /// # Errors
    /// Where the system refuses a handle or a thread for it.
    pub fn end(&self) -> io::Result<()> {
        self.ending().map(|_| ())
    }

    /// As [`Self::end`]; ready when the peer has read everything, and if that is not yet so `waker` is
    /// told when it is.
    pub fn poll_end(&self, waker: &Waker) -> Poll<io::Result<()>> {
        match self.ending() {
            Ok(ending) => ending.poll_flushed(waker),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn ending(&self) -> io::Result<&Arc<Ending>> {
        if let Some(ending) = self.ending.get() {
            return Ok(ending);
        }
        let copy = self.with_handle(|handle| handle.try_clone_to_owned())?;
        let ending = Ending::start(Flusher(copy), self.reader.take())?;
        Ok(self.ending.get_or_init(|| ending))
    }

    /// Lets everybody read or write the pipe.
    ///
    /// # Errors
    /// The system's.
    pub fn admit_everybody(&self, readable: bool, writable: bool) -> io::Result<()> {
        self.with_handle(|handle| grant_everybody(handle.as_raw_handle(), readable, writable))
    }

    fn with_handle<T>(
        &self,
        act: impl FnOnce(BorrowedHandle<'_>) -> io::Result<T>,
    ) -> io::Result<T> {
        match &*self.state.borrow() {
            State::Bound(_, handle) | State::Opened(handle) => act(handle.as_handle()),
            State::Client(pipe) => act(pipe.as_handle()),
            State::Server(pipe) => act(pipe.as_handle()),
            State::Listening(Listener { instances, .. }) => match instances.first() {
                Some(instance) => act(instance.as_handle()),
                None => Err(system_error(ERROR_INVALID_PARAMETER)),
            },
            State::Opening(_) | State::Lost => Err(system_error(ERROR_INVALID_PARAMETER)),
        }
    }
}

impl Listener {
    fn start(name: Name, first: OwnedHandle) -> io::Result<Self> {
        let mut listener = Self {
            name,
            instances: vec![await_client(first)?],
        };
        while listener.instances.len() < INSTANCES {
            listener.add_instance()?;
        }
        Ok(listener)
    }

    fn add_instance(&mut self) -> io::Result<()> {
        let instance = await_client(create_instance(&self.name, false)?)?;
        self.instances.push(instance);
        Ok(())
    }

    /// An instance becomes writable when a client has opened it.
    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut ready = Poll::Pending;
        for instance in &self.instances {
            // All are asked, so that each knows whom to wake.
            if let done @ Poll::Ready(_) = instance.poll_write_ready(context) {
                ready = done;
            }
        }
        ready
    }

    /// In the context of the runtime.
    fn accept(&mut self) -> io::Result<NamedPipeServer> {
        let opened = |instance: &NamedPipeServer| poll_client(instance).is_ready();
        let place = self.instances.iter().position(opened);
        let place = place.ok_or(io::ErrorKind::WouldBlock)?;
        let instance = self.instances.remove(place);
        let outcome = poll_client(&instance);
        // Whoever waits for an instance has one again, whatever became of this one.
        self.add_instance()?;
        match outcome {
            Poll::Ready(Ok(())) => Ok(instance),
            _ => Err(system_error(WSAECONNABORTED)),
        }
    }
}

/// Has the runtime of the current context wait for a client.
fn await_client(instance: OwnedHandle) -> io::Result<NamedPipeServer> {
    // SAFETY: the handle is that of a pipe, made for overlapped operations, and nobody else's.
    let instance = unsafe { NamedPipeServer::from_raw_handle(instance.into_raw_handle()) }?;
    // The first look begins to wait, and a client that was there already will be seen by the next.
    let _ = poll_client(&instance);
    Ok(instance)
}

/// Whether a client has opened the instance. Nobody is woken by this.
fn poll_client(instance: &NamedPipeServer) -> Poll<io::Result<()>> {
    let mut context = Context::from_waker(Waker::noop());
    pin!(instance.connect()).poll(&mut context)
}

fn client_of(handle: OwnedHandle) -> io::Result<NamedPipeClient> {
    // SAFETY: the handle is that of a pipe, opened for overlapped operations, and nobody else's.
    unsafe { NamedPipeClient::from_raw_handle(handle.into_raw_handle()) }
}
