use super::*;
use crate::stream::deferred::{Release, SMALL_WRITE};
use crate::sys::descriptor;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

const KEY: Key = Key::new(3, 1);

/// A sender for one socket, and that socket's peer.
struct Pair {
    sender: Sender,
    ours: UnixStream,
    peer: UnixStream,
    place: Option<Place>,
}

fn pair() -> Pair {
    let (ours, peer) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    peer.set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let own = ours.try_clone().unwrap();
    let send = move |_: Lent, bytes: &[u8]| (&own).write(bytes);
    Pair {
        sender: Sender::new(Box::new(send)),
        ours,
        peer,
        place: None,
    }
}

/// As [`pair`], with the descriptor that the thread wakes.
fn offloading() -> (Pair, UnixStream) {
    let mut pair = pair();
    let woken = pair.sender.start_offload(Ok).unwrap();
    (pair, woken.into())
}

impl Pair {
    fn add(&mut self, release: Release, bytes: &[u8]) -> bool {
        let added = self.sender.add(&SmallWrite {
            key: KEY,
            place: self.place,
            fd: descriptor::lend(self.ours.as_fd()).unwrap(),
            release,
            bytes,
        });
        self.place = added.map(|added| added.place).or(self.place);
        added.is_some()
    }

    fn read(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.peer.read_exact(&mut bytes).unwrap();
        bytes
    }

    fn take(&self) -> Vec<Deferred> {
        let mut back = Vec::new();
        self.sender.take(self.place.unwrap(), KEY, &mut back);
        back
    }

    fn returned(&self) -> Vec<Deferred> {
        let mut returned = Vec::new();
        self.sender.take_returned(&mut returned);
        returned
    }
}

// The callback never ends here: only the thread can have sent what the peer reads.
#[test]
fn what_is_coalesced_is_sent_while_a_callback_blocks() {
    let mut pair = pair();
    for round in 0..3 {
        pair.sender.mark_callback_edge();
        assert!(pair.add(Release::Coalesce, b"late"));
        assert_eq!(pair.read(4), b"late", "round {round}");
        let mut all = Vec::new();
        pair.sender.take_coalesced(&mut all);
        assert!(all[0].rest().is_empty());
        assert_eq!(all[0].sends, 1);
        pair.sender.mark_callback_edge();
    }
    assert_eq!(pair.sender.sends(), 3);
}

#[test]
fn released_bytes_are_sent_in_order() {
    let (mut pair, _woken) = offloading();
    for round in 0..1000u32 {
        assert!(pair.add(Release::Offload, &round.to_be_bytes()));
        pair.sender.release();
        assert_eq!(pair.read(4), round.to_be_bytes());
    }
}

#[test]
fn a_callback_that_does_not_end_delays_no_longer_than_a_beat() {
    let (mut pair, _woken) = offloading();
    assert!(pair.add(Release::Offload, b"late"));
    assert_eq!(pair.read(4), b"late");
}

#[test]
fn what_the_kernel_refuses_comes_back_once_and_in_order() {
    let (mut pair, mut woken) = offloading();
    let piece: Vec<u8> = (0..=255u8).cycle().take(SMALL_WRITE).collect();
    let mut added = 0;
    let mut back = Vec::new();
    while back.is_empty() {
        if pair.add(Release::Offload, &piece) {
            added += piece.len();
        } else {
            back = pair.returned();
        }
        pair.sender.release();
    }
    woken.set_nonblocking(false).unwrap();
    woken.read_exact(&mut [0]).unwrap();
    back.extend(pair.take());
    let mut received = Vec::new();
    let Pair {
        sender,
        ours,
        mut peer,
        ..
    } = pair;
    drop((sender, ours));
    peer.read_to_end(&mut received).unwrap();
    back.iter()
        .for_each(|own| received.extend_from_slice(own.rest()));
    assert_eq!(received.len(), added);
    assert!(received.chunks(SMALL_WRITE).all(|chunk| chunk == piece));
}

#[test]
fn a_socket_that_was_taken_back_is_not_sent_to() {
    for _ in 0..200 {
        let (mut pair, _woken) = offloading();
        assert!(pair.add(Release::Offload, b"x"));
        // Either it was sent or it is back, and never both.
        if pair.take().is_empty() {
            assert_eq!(pair.read(1), b"x");
        }
        drop(pair.sender);
        pair.peer.set_nonblocking(true).unwrap();
        let error = pair.peer.read(&mut [0; 1]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    }
}

#[test]
fn a_failure_comes_back() {
    let (mut pair, _woken) = offloading();
    pair.peer.shutdown(std::net::Shutdown::Both).unwrap();
    pair.add(Release::Offload, b"lost");
    let mut back = Vec::new();
    while back.is_empty() {
        back = pair.returned();
        std::thread::yield_now();
    }
    assert_eq!(back[0].failed, Some(crate::error::Errno::PIPE));
}

#[test]
fn a_thread_that_sleeps_is_woken_by_the_next_write() {
    let (mut pair, _woken) = offloading();
    for round in 0..2 {
        while pair.sender.shared.lock().sleep != Sleep::Deep {
            std::thread::sleep(BEAT);
        }
        assert!(pair.add(Release::Offload, b"wake"));
        assert_eq!(pair.read(4), b"wake", "round {round}");
    }
}
