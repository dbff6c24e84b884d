//! Memory that is lent to the system for one call.
//!
//! It may belong to JavaScript: another thread, a worker or the file system's, may write to it while
//! the system reads it. Such memory is never seen as a slice, only as an address and a length.

use std::marker::PhantomData;

/// Bytes that the system is to send.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'a> {
    start: *const u8,
    length: usize,
    lent: PhantomData<&'a [u8]>,
}

impl Bytes<'_> {
    /// # Safety
    /// `length` bytes from `start` on stay readable for the lifetime that the caller chooses.
    pub const unsafe fn new(start: *const u8, length: usize) -> Self {
        Self {
            start,
            length,
            lent: PhantomData,
        }
    }

    pub fn start(&self) -> *const u8 {
        self.start
    }

    /// Returns the number of bytes.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Returns what follows the first `count` bytes; nothing where there are no more.
    #[must_use]
    pub fn skip(self, count: usize) -> Self {
        let passed = count.min(self.length);
        Self {
            start: self.start.wrapping_add(passed),
            length: self.length - passed,
            lent: PhantomData,
        }
    }

    /// Copies the first `most` bytes, for a system interface that takes nothing but a slice.
    #[cfg(windows)]
    pub fn copy(self, most: usize) -> Vec<u8> {
        let length = self.length.min(most);
        let mut copy = Vec::with_capacity(length);
        // SAFETY: the source is readable over its length, the copy has room for as much, and both
        // are of plain bytes.
        unsafe { std::ptr::copy_nonoverlapping(self.start, copy.as_mut_ptr(), length) };
        // SAFETY: so many bytes have just been written.
        unsafe { copy.set_len(length) };
        copy
    }

    /// Drops the first `count` bytes of a list, with the buffers that they fill.
    pub fn advance(list: &mut &mut [Self], mut count: usize) {
        let whole = list
            .iter()
            .take_while(|bytes| {
                let passes = bytes.length <= count;
                if passes {
                    count -= bytes.length;
                }
                passes
            })
            .count();
        *list = &mut std::mem::take(list)[whole..];
        if let Some(first) = list.first_mut() {
            *first = first.skip(count);
        }
    }

    /// Returns the number of bytes of a list.
    pub fn total(list: &[Self]) -> usize {
        list.iter().map(Self::len).sum()
    }
}

impl<'a> From<&'a [u8]> for Bytes<'a> {
    fn from(slice: &'a [u8]) -> Self {
        // SAFETY: a shared slice is readable for its lifetime.
        unsafe { Self::new(slice.as_ptr(), slice.len()) }
    }
}

/// Room that the system is to fill.
#[derive(Debug)]
pub struct Room<'a> {
    start: *mut u8,
    length: usize,
    lent: PhantomData<&'a mut [u8]>,
}

impl Room<'_> {
    /// # Safety
    /// `length` bytes from `start` on stay writable for the lifetime that the caller chooses.
    pub const unsafe fn new(start: *mut u8, length: usize) -> Self {
        Self {
            start,
            length,
            lent: PhantomData,
        }
    }

    pub fn start(&mut self) -> *mut u8 {
        self.start
    }

    /// Returns the same room, for one of several tries.
    pub fn reborrow(&mut self) -> Room<'_> {
        Room {
            start: self.start,
            length: self.length,
            lent: PhantomData,
        }
    }

    /// Fills the front with `bytes`, which must not be longer.
    #[cfg(windows)]
    pub fn fill(&mut self, bytes: &[u8]) {
        let length = bytes.len().min(self.length);
        // SAFETY: the room is writable over its length, and nothing of Rust's lies in it.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.start, length) };
    }

    /// Returns the number of bytes that fit.
    pub fn len(&self) -> usize {
        self.length
    }
}

impl<'a> From<&'a mut [u8]> for Room<'a> {
    fn from(slice: &'a mut [u8]) -> Self {
        // SAFETY: an exclusive slice is writable for its lifetime.
        unsafe { Self::new(slice.as_mut_ptr(), slice.len()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(list: &[Bytes<'_>]) -> Vec<usize> {
        list.iter().map(Bytes::len).collect()
    }

    #[test]
    fn a_list_advances_over_buffers_and_within_one() {
        let (first, second, empty) = ([1u8; 4], [2u8; 6], [0u8; 0]);
        let mut all = [
            Bytes::from(&empty[..]),
            first[..].into(),
            second[..].into(),
            empty[..].into(),
        ];
        let mut list = &mut all[..];
        assert_eq!(Bytes::total(list), 10);
        Bytes::advance(&mut list, 0);
        assert_eq!(lengths(list), [4, 6, 0]);
        Bytes::advance(&mut list, 7);
        assert_eq!(lengths(list), [3, 0]);
        assert_eq!(list[0].start(), second[3..].as_ptr());
        Bytes::advance(&mut list, 3);
        assert!(list.is_empty());
    }

    #[test]
    fn no_more_is_skipped_than_there_is() {
        let bytes = Bytes::from(&[7u8; 3][..]);
        assert_eq!(bytes.skip(2).len(), 1);
        assert_eq!(bytes.skip(9).len(), 0);
    }
}
