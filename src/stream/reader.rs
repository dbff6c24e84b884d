//! Reads in bounded steps, so that no socket starves the others.

use std::io::ErrorKind;

use crate::error::{Errno, UV_EOF};
use crate::runtime::{Attempt, Source};
use crate::sys::{passing, socket, BorrowedDescriptor, Descriptor, Room};

/// Upper bound of one read, in bytes: the size that libuv suggests to its users.
pub const READ_STEP: usize = 64 * 1024;

/// A read of so many bytes goes straight into the memory of a chunk. Below that a copy costs less than
/// the question how many there are.
pub const DIRECT_READ: usize = 16 * 1024;

/// Where a read puts the descriptors that came with the bytes.
#[derive(Debug)]
pub enum Inbox<'a> {
    /// There can be none: this is not a Unix-domain socket.
    Absent,
    /// The kernel closes them.
    Closed,
    Open(&'a mut Vec<Descriptor>),
}

/// The outcome of one read.
#[derive(Debug, PartialEq, Eq)]
pub enum ReadStep {
    /// This many bytes were stored at the start of the room.
    Data(usize),
    /// Nothing now; the source will be ready when there is something.
    Nothing,
    /// Reading is over: `UV_EOF` or a negative errno. No step follows.
    End(i32),
}

/// Reads once into `room`. After data the source is re-armed, so a handle with more to read goes to
/// the end of the ready set.
pub fn read_step(source: &Source, room: Room<'_>, inbox: Inbox<'_>) -> ReadStep {
    let size = room.len();
    let inbox = match inbox {
        Inbox::Absent => return read_bytes(source, room),
        Inbox::Closed => None,
        Inbox::Open(inbox) => Some(inbox),
    };
    match source.try_receive(room, inbox) {
        Attempt::Done(got) if got.length == 0 => ReadStep::End(UV_EOF),
        Attempt::Done(got) => {
            if got.is_cut {
                source.follow_cut(got.length, size);
            } else {
                source.follow(got.length, size);
            }
            ReadStep::Data(got.length)
        }
        Attempt::Pending => ReadStep::Nothing,
        Attempt::Failed(error) => ReadStep::End(Errno::from(error).code()),
    }
}

fn read_bytes(source: &Source, room: Room<'_>) -> ReadStep {
    let size = room.len();
    match source.try_read(room) {
        Attempt::Done(0) => ReadStep::End(UV_EOF),
        Attempt::Done(read) => {
            source.follow(read, size);
            ReadStep::Data(read)
        }
        Attempt::Pending => ReadStep::Nothing,
        Attempt::Failed(error) => ReadStep::End(Errno::from(error).code()),
    }
}

/// Reads once from a descriptor that is not registered yet. Where this is not the end, the caller must
/// register it: data that is there then counts as an edge.
pub fn first_look(fd: BorrowedDescriptor<'_>, room: Room<'_>, inbox: Inbox<'_>) -> ReadStep {
    let read = match inbox {
        Inbox::Absent => socket::receive(fd, room),
        Inbox::Closed => passing::receive(fd, room, None).map(|got| got.length),
        Inbox::Open(inbox) => passing::receive(fd, room, Some(inbox)).map(|got| got.length),
    };
    match read {
        Ok(0) => ReadStep::End(UV_EOF),
        Ok(read) => ReadStep::Data(read),
        Err(error) if error.kind() == ErrorKind::WouldBlock => ReadStep::Nothing,
        Err(error) => ReadStep::End(Errno::from(error).code()),
    }
}
