use super::*;
use crate::sys::descriptor;
use std::os::fd::AsFd;

const KEY: Key = Key::new(3, 1);
const OTHER: Key = Key::new(4, 1);

/// Nothing is sent here: any descriptor will do.
fn lent() -> Lent {
    descriptor::lend(std::io::stdin().as_fd()).unwrap()
}

fn add(
    list: &mut DeferredList,
    key: Key,
    place: Option<Place>,
    release: Release,
    bytes: &[u8],
) -> Option<Place> {
    let write = SmallWrite {
        key,
        place,
        fd: lent(),
        release,
        bytes,
    };
    list.add(&write).map(|added| added.place)
}

fn coalesced(list: &mut DeferredList) -> Vec<(Key, Vec<u8>)> {
    let mut taken = Vec::new();
    list.take_coalesced(&mut taken);
    let parts = |own: &Deferred| (own.key, own.rest().to_vec());
    taken.iter().map(parts).collect()
}

#[test]
fn writes_of_one_socket_are_joined_in_order() {
    let mut list = DeferredList::default();
    let place = add(&mut list, KEY, None, Release::Coalesce, b"one ");
    add(&mut list, OTHER, None, Release::Coalesce, b"other");
    let again = add(&mut list, KEY, place, Release::Coalesce, b"two");
    assert_eq!(again, place);
    let expected = [(KEY, b"one two".to_vec()), (OTHER, b"other".to_vec())];
    assert_eq!(coalesced(&mut list), expected);
    assert!(list.is_empty());
    // A place that is gone is not found again.
    let next = add(&mut list, KEY, place, Release::Coalesce, b"three");
    assert!(next.is_some() && next != place);
}

#[test]
fn a_full_socket_refuses_more() {
    for release in [Release::Coalesce, Release::Offload] {
        let mut list = DeferredList::default();
        let piece = [b'x'; SMALL_WRITE];
        let place = add(&mut list, KEY, None, release, &piece);
        for _ in 1..SOCKET_LIMIT / SMALL_WRITE {
            assert_eq!(add(&mut list, KEY, place, release, &piece), place);
        }
        assert_eq!(add(&mut list, KEY, place, release, b"y"), None);
        let own = list.take(place.unwrap(), KEY).unwrap();
        assert_eq!(own.rest().len(), SOCKET_LIMIT);
        assert!(list.take(place.unwrap(), KEY).is_none());
        // Its place is there, and empty.
        assert_eq!(add(&mut list, KEY, place, release, b"z"), place);
    }
}

#[test]
fn another_socket_never_gets_the_place() {
    for release in [Release::Coalesce, Release::Offload] {
        let mut list = DeferredList::default();
        let place = add(&mut list, KEY, None, release, b"secret");
        assert!(list.take(place.unwrap(), OTHER).is_none());
        let other = add(&mut list, OTHER, place, release, b"x");
        assert_ne!(other, place);
        let own = list.take(place.unwrap(), KEY).unwrap();
        assert_eq!(own.rest(), b"secret");
    }
}

#[test]
fn a_full_list_says_so_or_refuses() {
    let mut list = DeferredList::default();
    let fill = |list: &mut DeferredList, release, count| {
        let write = |index| SmallWrite {
            key: Key::new(index, 0),
            place: None,
            fd: lent(),
            release,
            bytes: b"x",
        };
        let add = |index| list.add(&write(index));
        (0..count).map(add).collect::<Vec<_>>()
    };
    let limit = u32::try_from(SOCKETS_LIMIT).unwrap();
    let added = fill(&mut list, Release::Coalesce, limit);
    let full: Vec<bool> = added.iter().map(|it| it.unwrap().is_full).collect();
    assert_eq!(full.iter().position(|&it| it), Some(SOCKETS_LIMIT - 1));
    assert_eq!(coalesced(&mut list).len(), SOCKETS_LIMIT);
    let added = fill(&mut list, Release::Offload, limit + 1);
    assert!(added[..SOCKETS_LIMIT].iter().all(Option::is_some));
    assert_eq!(added[SOCKETS_LIMIT], None);
}

#[test]
fn what_is_offloaded_is_released_by_the_next_socket() {
    let mut list = DeferredList::default();
    add(&mut list, KEY, None, Release::Offload, b"first");
    assert!(list.next_released().is_none());
    add(&mut list, OTHER, None, Release::Offload, b"second");
    assert_eq!(list.next_released().unwrap().key, KEY);
    assert!(list.next_released().is_none(), "it may still be written to");
    list.release();
    assert_eq!(list.next_released().unwrap().key, OTHER);
    assert!(list.is_empty());
}

#[test]
fn the_sender_passes_over_what_is_coalesced() {
    let mut list = DeferredList::default();
    let place = add(&mut list, KEY, None, Release::Coalesce, b"mine");
    add(&mut list, OTHER, None, Release::Offload, b"yours");
    list.release();
    assert_eq!(list.next_released().unwrap().key, OTHER);
    assert!(list.next_released().is_none());
    assert_eq!(
        add(&mut list, KEY, place, Release::Coalesce, b" too"),
        place
    );
    assert_eq!(coalesced(&mut list), [(KEY, b"mine too".to_vec())]);
    assert!(list.is_empty());
}

#[test]
fn nothing_overtakes_what_was_returned() {
    let mut list = DeferredList::default();
    let place = add(&mut list, KEY, None, Release::Offload, b"old ");
    list.release();
    let job = list.next_released().unwrap();
    let place = add(&mut list, KEY, place, Release::Offload, b"new");
    assert!(list.finish(job, Ok(1)));
    assert_eq!(add(&mut list, KEY, place, Release::Offload, b"x"), None);
    assert_eq!(add(&mut list, OTHER, None, Release::Offload, b"x"), None);
    assert!(add(&mut list, OTHER, None, Release::Coalesce, b"x").is_some());
    let mut returned = Vec::new();
    list.take_returned(&mut returned);
    assert_eq!(returned[0].rest(), b"ld new");
    assert!(add(&mut list, KEY, place, Release::Offload, b"x").is_some());
}

#[test]
fn an_empty_place_leaves_as_the_next_write_does() {
    let mut list = DeferredList::default();
    let place = add(&mut list, KEY, None, Release::Offload, b"old");
    list.take(place.unwrap(), KEY);
    let place = add(&mut list, KEY, place, Release::Coalesce, b"new");
    assert!(!place.unwrap().is_offloaded());
    list.release();
    assert!(list.next_released().is_none());
    // What waits already decides for what is added.
    let again = add(&mut list, KEY, place, Release::Offload, b"er");
    assert_eq!(again, place);
    assert_eq!(coalesced(&mut list), [(KEY, b"newer".to_vec())]);
}

#[test]
fn bytes_after_a_failure_are_refused() {
    let mut list = DeferredList::default();
    let place = add(&mut list, KEY, None, Release::Coalesce, b"lost");
    let error = || Err(io::ErrorKind::BrokenPipe.into());
    list.coalesced().for_each(|own| own.note(error()));
    assert_eq!(add(&mut list, KEY, place, Release::Coalesce, b"x"), None);
    assert_eq!(list.coalesced().count(), 0);
    assert!(list.take(place.unwrap(), KEY).unwrap().failed.is_some());
}
