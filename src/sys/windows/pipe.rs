//! One end of a named pipe, or a listening pipe.
//!
//! Tokio cannot release a pipe once it is registered. Its reads are started ahead into Tokio's
//! memory, and its handle is bound to one completion port. Whether a pipe is registered is
//! therefore part of its own state, and does not depend on its owner.

use std::cell::{OnceCell, RefCell};
use std::future::Future;
use std::io;
use std::mem;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, IntoRawHandle, OwnedHandle};
use std::pin::pin;
use std::ptr;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::net::windows::named_pipe::{NamedPipeClient, NamedPipeServer};
use tokio::runtime::Handle;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, HANDLE};
use windows_sys::Win32::Networking::WinSock::{WSAECONNABORTED, WSAEWOULDBLOCK};
use windows_sys::Win32::Storage::FileSystem::{
    FlushFileBuffers, FILE_FLAG_FIRST_PIPE_INSTANCE, FILE_FLAG_OVERLAPPED, PIPE_ACCESS_DUPLEX,
    WRITE_DAC,
};
use windows_sys::Win32::System::Pipes::{
    CreateNamedPipeW, WaitNamedPipeW, PIPE_READMODE_BYTE, PIPE_TYPE_BYTE, PIPE_UNLIMITED_INSTANCES,
    PIPE_WAIT,
};

use super::half_close::HalfClose;
use super::opening::Opening;
use super::path::{own, Name};
use super::permissions::allow_everyone;
use super::socket::join;
use super::{system_error, Descriptor};
use crate::sys::{Bytes, Interest, Room};

/// Buffer size of each direction, in bytes.
const BUFFER: u32 = 64 * 1024;
/// Upper bound of one read from Tokio's memory, in bytes.
const READ_STEP: usize = 64 * 1024;
/// Upper bound of one write, in bytes: Tokio copies it. The rest stays in rust-net's own queue,
/// where it is counted.
const WRITE_STEP: usize = 64 * 1024;
/// How many clients can connect before JavaScript runs (libuv's number).
const INSTANCES: usize = 4;
/// How long one wait for a free instance may take, in milliseconds (libuv's number).
const WAIT_LIMIT: u32 = 30_000;

/// A pipe. Only one thread uses it.
#[derive(Debug)]
pub struct Pipe {
    state: RefCell<State>,
    /// The runtime that the pipe is registered with; set once.
    runtime: OnceCell<Handle>,
    /// The last waker that waited for data. A half-close that starts later wakes it when reading
    /// ends.
    reader: RefCell<Option<Waker>>,
    /// Set once the writing side is shut down.
    half_close: OnceCell<Arc<HalfClose>>,
}

#[derive(Debug)]
enum State {
    /// The first instance of a name, not registered yet.
    Bound(Name, OwnedHandle),
    Listening(Listener),
    Opening(Arc<Opening>),
    /// A client's end, not registered yet.
    Opened(OwnedHandle),
    Client(NamedPipeClient),
    Server(NamedPipeServer),
    /// A state change failed, and the handle is gone.
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
            half_close: OnceCell::new(),
        }
    }

    /// Creates a bound pipe from the first instance of its name.
    pub fn bound(name: Name, first: OwnedHandle) -> Self {
        Self::new(State::Bound(name, first))
    }

    /// Creates a client's end from an open handle.
    pub fn opened(handle: OwnedHandle) -> Self {
        Self::new(State::Opened(handle))
    }

    /// Creates a client's end that is still being opened.
    pub fn opening(opening: Arc<Opening>) -> Self {
        Self::new(State::Opening(opening))
    }

    /// Checks that the pipe has a bound name.
    ///
    /// # Errors
    /// `EINVAL` where it has none.
    pub fn check_bound(&self) -> io::Result<()> {
        match &*self.state.borrow() {
            State::Bound(..) | State::Listening(_) => Ok(()),
            _ => Err(system_error(ERROR_INVALID_PARAMETER)),
        }
    }

    /// Checks that a client's end is open.
    ///
    /// # Errors
    /// `WSAEWOULDBLOCK` while it is being opened, `EINVAL` where a name is bound.
    pub fn check_connecting(&self) -> io::Result<()> {
        match &*self.state.borrow() {
            State::Opening(_) => Err(system_error(WSAEWOULDBLOCK)),
            State::Bound(..) | State::Listening(_) => Err(system_error(ERROR_INVALID_PARAMETER)),
            _ => Ok(()),
        }
    }

    /// Registers the pipe with the runtime of the current context.
    ///
    /// # Errors
    /// The system's error; the pipe is then closed.
    pub fn register(&self) -> io::Result<()> {
        self.runtime.get_or_init(Handle::current);
        self.advance(|state| match state {
            State::Bound(name, first) => Listener::start(name, first).map(State::Listening),
            State::Opened(handle) => client_of(handle).map(State::Client),
            other => Ok(other),
        })
    }

    /// Takes the outcome of an open, if there is one.
    ///
    /// # Errors
    /// The error of the open.
    pub fn finish_opening(&self) -> io::Result<()> {
        self.advance(|state| match state {
            State::Opening(opening) => match opening.take() {
                Some(outcome) => self.register_client(outcome?),
                None => Ok(State::Opening(opening)),
            },
            other => Ok(other),
        })
    }

    fn register_client(&self, handle: OwnedHandle) -> io::Result<State> {
        let _context = self.runtime.get().map(Handle::enter);
        client_of(handle).map(State::Client)
    }

    fn advance(&self, step: impl FnOnce(State) -> io::Result<State>) -> io::Result<()> {
        let mut state = self.state.borrow_mut();
        *state = step(mem::replace(&mut *state, State::Lost))?;
        Ok(())
    }

    /// Returns `Ready` when the reactor has reported readiness; otherwise registers `waker` for it.
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
        match self.half_close.get() {
            Some(half_close) => half_close.poll_silent(waker).map(Ok),
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

    /// Accepts a client that has opened an instance.
    ///
    /// # Errors
    /// `WouldBlock` where there is none; `WSAECONNABORTED` for a client that is already gone.
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

    /// Reads the bytes that are available. Returns 0 once a half-close has ended reading.
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
        let Some(half_close) = self.half_close.get() else {
            return read;
        };
        match read {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && half_close.is_silent() => {
                Ok(0)
            }
            read => {
                if read.is_ok() {
                    half_close.mark_received();
                }
                read
            }
        }
    }

    /// Sends as much of several buffers as fits, in order. Tokio sends its copy even after a close.
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

    /// Starts the half-close: the writing side ends after the bytes already written.
    ///
    /// # Errors
    /// The system's error where it has no handle or thread for it.
    pub fn shutdown(&self) -> io::Result<()> {
        self.half_close().map(|_| ())
    }

    /// Does the same as [`Self::shutdown`], and returns `Ready` when the peer has read everything;
    /// otherwise registers `waker` for it.
    pub fn poll_shutdown(&self, waker: &Waker) -> Poll<io::Result<()>> {
        match self.half_close() {
            Ok(half_close) => half_close.poll_flushed(waker),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn half_close(&self) -> io::Result<&Arc<HalfClose>> {
        if let Some(half_close) = self.half_close.get() {
            return Ok(half_close);
        }
        let copy = self.with_handle(|handle| handle.try_clone_to_owned())?;
        let half_close = HalfClose::start(Flusher(copy), self.reader.take())?;
        Ok(self.half_close.get_or_init(|| half_close))
    }

    /// Lets all users read or write the pipe.
    ///
    /// # Errors
    /// The system's error.
    pub fn allow_everyone(&self, readable: bool, writable: bool) -> io::Result<()> {
        self.with_handle(|handle| allow_everyone(handle.as_raw_handle(), readable, writable))
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

    /// Returns `Ready` when a client has opened an instance, which makes it writable.
    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut ready = Poll::Pending;
        for instance in &self.instances {
            // Poll every instance, so that each has registered the waker.
            if let done @ Poll::Ready(_) = instance.poll_write_ready(context) {
                ready = done;
            }
        }
        ready
    }

    /// Must run in the context of the runtime.
    fn accept(&mut self) -> io::Result<NamedPipeServer> {
        let opened = |instance: &NamedPipeServer| poll_client(instance).is_ready();
        let place = self.instances.iter().position(opened);
        let place = place.ok_or(io::ErrorKind::WouldBlock)?;
        let instance = self.instances.remove(place);
        let outcome = poll_client(&instance);
        // Replace the instance even if its client failed, so that waiting clients find a free one.
        self.add_instance()?;
        match outcome {
            Poll::Ready(Ok(())) => Ok(instance),
            _ => Err(system_error(WSAECONNABORTED)),
        }
    }
}

/// A separate handle, with which a thread waits until the peer has read everything.
#[derive(Debug)]
pub struct Flusher(OwnedHandle);

impl Flusher {
    /// Blocks until the peer has read everything. An error also ends the wait: a peer that is gone
    /// reads nothing.
    pub fn flush(&self) {
        // SAFETY: the handle stays open until the flusher is dropped.
        unsafe { FlushFileBuffers(raw(&self.0)) };
    }
}

/// Creates an instance of a pipe. With `first` it fails if the pipe exists already.
///
/// # Errors
/// The system's error.
pub fn create_instance(name: &Name, first: bool) -> io::Result<OwnedHandle> {
    let only_first = if first {
        FILE_FLAG_FIRST_PIPE_INSTANCE
    } else {
        0
    };
    // SAFETY: the name is terminated; null selects the default security.
    own(unsafe {
        CreateNamedPipeW(
            name.as_ptr(),
            PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | WRITE_DAC | only_first,
            PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT,
            PIPE_UNLIMITED_INSTANCES,
            BUFFER,
            BUFFER,
            0,
            ptr::null(),
        )
    })
}

/// Blocks until an instance can be opened, or libuv's time limit ends. Another client may still
/// take it first.
///
/// # Errors
/// The system's error.
pub fn wait_for_instance(name: &Name) -> io::Result<()> {
    // SAFETY: the name is terminated.
    if unsafe { WaitNamedPipeW(name.as_ptr(), WAIT_LIMIT) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

pub(super) fn raw(handle: &OwnedHandle) -> HANDLE {
    handle.as_raw_handle()
}

/// Makes the runtime of the current context wait for a client.
fn await_client(instance: OwnedHandle) -> io::Result<NamedPipeServer> {
    // SAFETY: the handle is a pipe's, created for overlapped operations, with no other owner.
    let instance = unsafe { NamedPipeServer::from_raw_handle(instance.into_raw_handle()) }?;
    // The first poll starts the wait. A client that is there already is found by the next poll.
    let _ = poll_client(&instance);
    Ok(instance)
}

/// Polls whether a client has opened the instance, without registering a waker.
fn poll_client(instance: &NamedPipeServer) -> Poll<io::Result<()>> {
    let mut context = Context::from_waker(Waker::noop());
    pin!(instance.connect()).poll(&mut context)
}

fn client_of(handle: OwnedHandle) -> io::Result<NamedPipeClient> {
    // SAFETY: the handle is a pipe's, opened for overlapped operations, with no other owner.
    unsafe { NamedPipeClient::from_raw_handle(handle.into_raw_handle()) }
}
