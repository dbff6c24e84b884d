//! Descriptors that are passed over a Unix-domain socket (`SCM_RIGHTS`).

use std::io;
use std::mem::{size_of, MaybeUninit};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use super::socket::{receive as receive_bytes, NO_SIGNAL};
use super::{check_len, descriptor, uninterrupted};
use crate::sys::{Bytes, Received, Room};

/// The most descriptors in one message: Linux's `SCM_MAX_FD`.
const MOST: usize = 253;

/// The bytes of `MOST` descriptors, which [`space`] adds the header to.
const NUMBERS: usize = MOST * size_of::<RawFd>();

/// Room for the control data of one message, in words, so that a header is aligned. The credentials
/// that a program may have asked for fit too.
const CONTROL: usize = (NUMBERS + 256) / size_of::<u64>();

type Control = MaybeUninit<[u64; CONTROL]>;

/// Receives once. The kernel stops behind a message with descriptors, and joins the bytes of messages
/// without. Where there is no `inbox`, it closes the descriptors that came with the bytes.
///
/// # Errors
/// The kernel's; `EMFILE` where descriptors were lost, because the process has too many. Those that
/// did arrive are closed then.
pub fn receive(
    fd: BorrowedFd<'_>,
    mut room: Room<'_>,
    inbox: Option<&mut Vec<OwnedFd>>,
) -> io::Result<Received> {
    let mut vector = libc::iovec {
        iov_base: room.start().cast(),
        iov_len: room.len(),
    };
    let mut control = Control::uninit();
    let mut message = message_of(&mut vector);
    if inbox.is_some() {
        message.msg_control = control.as_mut_ptr().cast();
        message.msg_controllen = length_field(size_of::<Control>());
    }
    let received = uninterrupted(|| {
        // SAFETY: the message points to live memory: a Room, which is writable for its length, and
        // `control`.
        check_len(unsafe { libc::recvmsg(fd.as_raw_fd(), &mut message, CLOSE_ON_EXEC) })
    });
    let length = match received {
        Err(error) if error.raw_os_error() == Some(libc::ENOTSOCK) => {
            return receive_bytes(fd, room).map(Received::whole);
        }
        received => received?,
    };
    let is_cut = message.msg_flags & libc::MSG_CTRUNC != 0;
    let Some(inbox) = inbox else {
        return Ok(Received { length, is_cut });
    };
    // SAFETY: the call has filled `message` and its control data, and nobody owns the descriptors.
    let arrived = unsafe { descriptors_of(&message) };
    if is_cut {
        return Err(io::Error::from_raw_os_error(libc::EMFILE));
    }
    let is_cut = !arrived.is_empty();
    inbox.extend(arrived);
    Ok(Received { length, is_cut })
}

/// Sends what fits of `bytes`, with the descriptors if that is anything.
///
/// # Errors
/// The kernel's; `ENOTSOCK` for what is not a socket.
pub fn send(fd: BorrowedFd<'_>, bytes: Bytes<'_>, descriptors: &[OwnedFd]) -> io::Result<usize> {
    let mut vector = libc::iovec {
        iov_base: bytes.start().cast_mut().cast(),
        iov_len: bytes.len(),
    };
    let mut control = Control::uninit();
    let mut message = message_of(&mut vector);
    // SAFETY: `control` outlives the message, and has room for the most descriptors.
    unsafe { attach(&mut message, &mut control, descriptors)? };
    uninterrupted(|| {
        // SAFETY: the message points to live memory: Bytes, which are readable for their length, and
        // `control`.
        check_len(unsafe { libc::sendmsg(fd.as_raw_fd(), &message, NO_SIGNAL) })
    })
}

/// Duplicates descriptors that are owned elsewhere, so that their owner may close them before they
/// are sent.
///
/// # Errors
/// `EBADF` where a number names nothing open, `EMFILE` where no descriptor is free.
pub fn hold(numbers: &[RawFd]) -> io::Result<Vec<OwnedFd>> {
    numbers.iter().copied().map(descriptor::duplicate).collect()
}

#[cfg(not(target_vendor = "apple"))]
const CLOSE_ON_EXEC: libc::c_int = libc::MSG_CMSG_CLOEXEC;
#[cfg(target_vendor = "apple")]
const CLOSE_ON_EXEC: libc::c_int = 0;

fn message_of(vector: &mut libc::iovec) -> libc::msghdr {
    // SAFETY: an all-zero msghdr is a valid value of that plain C struct.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = vector;
    message.msg_iovlen = 1;
    message
}

/// Converts a length to the type that the platform's structs have for it.
fn length_field<T: TryFrom<usize> + Default>(length: usize) -> T {
    T::try_from(length).unwrap_or_default()
}

/// Writes descriptors into the control data of a message.
///
/// # Safety
/// The message is used only as long as `control` lives.
unsafe fn attach(
    message: &mut libc::msghdr,
    control: &mut Control,
    descriptors: &[OwnedFd],
) -> io::Result<()> {
    if descriptors.len() > MOST {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    let length = u32::try_from(size_of_val(descriptors)).unwrap_or(0);
    // The kernel reads the padding, too.
    control.write([0; CONTROL]);
    message.msg_control = control.as_mut_ptr().cast();
    // SAFETY: only computes.
    message.msg_controllen = length_field(unsafe { libc::CMSG_SPACE(length) } as usize);
    // SAFETY: the control data has room for a header, and is aligned for one.
    let header = unsafe { &mut *libc::CMSG_FIRSTHDR(message) };
    header.cmsg_level = libc::SOL_SOCKET;
    header.cmsg_type = libc::SCM_RIGHTS;
    // SAFETY: only computes.
    header.cmsg_len = length_field(unsafe { libc::CMSG_LEN(length) } as usize);
    // SAFETY: the header is followed by room for so many bytes.
    let mut to = unsafe { libc::CMSG_DATA(header) }.cast::<RawFd>();
    for descriptor in descriptors {
        // SAFETY: as above; the numbers may be unaligned on some platforms.
        unsafe { to.write_unaligned(descriptor.as_raw_fd()) };
        // SAFETY: stays within the room, or directly behind it.
        to = unsafe { to.add(1) };
    }
    Ok(())
}

/// Returns the descriptors that came with a message.
///
/// # Safety
/// `recvmsg` has filled the message, and nobody else takes its descriptors.
unsafe fn descriptors_of(message: &libc::msghdr) -> Vec<OwnedFd> {
    let mut arrived = Vec::new();
    // SAFETY: the kernel has written whole headers, as many as the message says.
    let mut header = unsafe { libc::CMSG_FIRSTHDR(message) };
    while !header.is_null() {
        // SAFETY: as above.
        let entry = unsafe { ptr::read_unaligned(header) };
        if entry.cmsg_level == libc::SOL_SOCKET && entry.cmsg_type == libc::SCM_RIGHTS {
            // SAFETY: only computes.
            let start = unsafe { libc::CMSG_LEN(0) } as usize;
            let count = (entry.cmsg_len as usize).saturating_sub(start) / size_of::<RawFd>();
            // SAFETY: the data behind the header.
            let from = unsafe { libc::CMSG_DATA(header) }.cast::<RawFd>();
            for index in 0..count {
                // SAFETY: the entry has so many numbers.
                let number = unsafe { from.add(index).read_unaligned() };
                // SAFETY: the kernel has opened it for this process, and nobody owns it.
                arrived.push(unsafe { OwnedFd::from_raw_fd(number) });
            }
        }
        // SAFETY: as above.
        header = unsafe { libc::CMSG_NXTHDR(message, header) };
    }
    close_on_exec(&arrived);
    arrived
}

/// Does what `MSG_CMSG_CLOEXEC` does elsewhere.
#[cfg(target_vendor = "apple")]
fn close_on_exec(arrived: &[OwnedFd]) {
    for descriptor in arrived {
        // SAFETY: sets a flag of an open descriptor; no memory is passed.
        unsafe { libc::fcntl(descriptor.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}

#[cfg(not(target_vendor = "apple"))]
fn close_on_exec(_: &[OwnedFd]) {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::{Read, Write};
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    fn take(from: &UnixStream, room: usize) -> (Vec<u8>, Received, Vec<OwnedFd>) {
        let mut bytes = vec![0; room];
        let mut inbox = Vec::new();
        let received = receive(from.as_fd(), (&mut bytes[..]).into(), Some(&mut inbox)).unwrap();
        bytes.truncate(received.length);
        (bytes, received, inbox)
    }

    #[test]
    fn a_descriptor_arrives_with_its_bytes_and_can_be_used() {
        let (one, two) = UnixStream::pair().unwrap();
        let (mut near, far) = UnixStream::pair().unwrap();
        (&one).write_all(b"before ").unwrap();
        let held = hold(&[far.as_raw_fd()]).unwrap();
        drop(far);
        assert_eq!(send(one.as_fd(), b"with"[..].into(), &held).unwrap(), 4);
        drop(held);
        (&one).write_all(b" after").unwrap();
        let (bytes, received, mut inbox) = take(&two, 64);
        assert_eq!(bytes, b"before with");
        assert!(received.is_cut);
        // SAFETY: only reads a flag.
        let flags = unsafe { libc::fcntl(inbox[0].as_raw_fd(), libc::F_GETFD) };
        assert_eq!(flags, libc::FD_CLOEXEC);
        File::from(inbox.remove(0)).write_all(b"used").unwrap();
        let mut used = [0; 4];
        near.read_exact(&mut used).unwrap();
        assert_eq!(&used, b"used");
        assert_eq!(take(&two, 64).0, b" after");
    }

    #[test]
    fn without_an_inbox_the_kernel_closes_them_and_says_so() {
        let (one, two) = UnixStream::pair().unwrap();
        let (mut near, far) = UnixStream::pair().unwrap();
        let held = hold(&[far.as_raw_fd()]).unwrap();
        send(one.as_fd(), b"with"[..].into(), &held).unwrap();
        drop((held, far));
        let mut bytes = [0; 64];
        let received = receive(two.as_fd(), (&mut bytes[..]).into(), None).unwrap();
        assert!(received.is_cut && received.length == 4);
        // The last of its kind is closed.
        assert_eq!(near.read(&mut bytes).unwrap(), 0);
        (&one).write_all(b"plain").unwrap();
        assert!(
            !receive(two.as_fd(), (&mut bytes[..]).into(), None)
                .unwrap()
                .is_cut
        );
    }

    #[test]
    fn the_most_fit_and_one_more_does_not() {
        let (one, two) = UnixStream::pair().unwrap();
        let number = one.as_raw_fd();
        let most = hold(&[number; MOST]).unwrap();
        assert_eq!(send(one.as_fd(), b"x"[..].into(), &most).unwrap(), 1);
        assert_eq!(take(&two, 1).2.len(), MOST);
        let more = hold(&[number; MOST + 1]).unwrap();
        let error = send(one.as_fd(), b"x"[..].into(), &more).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
    }

    #[test]
    fn a_number_that_is_not_open_cannot_be_held() {
        let error = hold(&[-1]).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EBADF));
    }
}
