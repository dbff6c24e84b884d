//! Memory lent to the operating system for one call.
//!
//! The memory may belong to JavaScript, so another thread (a worker's or the file system's) may
//! write to it while the system reads it. It is therefore never a slice, only an address and a
//! length.

use std::marker::PhantomData;

/// Bytes for the system to send.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'a> {
    start: *const u8,
    length: usize,
    lent: PhantomData<&'a [u8]>,
}

impl Bytes<'_> {
    /// Wraps memory for the system to read.
    ///
    /// # Safety
    /// `length` bytes from `start` on must stay readable for the lifetime that the caller chooses.
    pub const unsafe fn new(start: *const u8, length: usize) -> Self {
        Self {
            start,
            length,
            lent: PhantomData,
        }
    }

    /// Returns the address of the first byte.
    pub fn start(&self) -> *const u8 {
        self.start
    }

    /// Returns the number of bytes.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Returns the bytes after the first `count`; empty if there are no more.
    #[must_use]
    pub fn skip(self, count: usize) -> Self {
        let passed = count.min(self.length);
        Self {
            start: self.start.wrapping_add(passed),
            length: self.length - passed,
            lent: PhantomData,
        }
    }

    /// Returns the first `count` bytes; all of them if there are no more.
    #[must_use]
    pub fn first(self, count: usize) -> Self {
        Self {
            length: count.min(self.length),
            ..self
        }
    }

    /// Copies the first `most` bytes, or all if there are fewer. For system interfaces that take
    /// only a slice.
    #[cfg(windows)]
    pub fn copy(self, most: usize) -> Vec<u8> {
        let length = self.length.min(most);
        let mut copy = Vec::with_capacity(length);
        // SAFETY: the source is readable for `length` bytes, the new allocation has room for as
        // many, and both hold plain bytes.
        unsafe { std::ptr::copy_nonoverlapping(self.start, copy.as_mut_ptr(), length) };
        // SAFETY: the first `length` bytes were written just now.
        unsafe { copy.set_len(length) };
        copy
    }

    /// Drops the first `count` bytes of a list, and the buffers that become empty.
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

    /// Returns the total number of bytes in a list.
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

/// Writable memory for the system to fill.
#[derive(Debug)]
pub struct Room<'a> {
    start: *mut u8,
    length: usize,
    lent: PhantomData<&'a mut [u8]>,
}

impl Room<'_> {
    /// Wraps memory for the system to write.
    ///
    /// # Safety
    /// `length` bytes from `start` on must stay writable for the lifetime that the caller chooses.
    pub const unsafe fn new(start: *mut u8, length: usize) -> Self {
        Self {
            start,
            length,
            lent: PhantomData,
        }
    }

    /// Returns the address of the first byte.
    pub fn start(&mut self) -> *mut u8 {
        self.start
    }

    /// Reborrows the room for one of several attempts.
    pub fn reborrow(&mut self) -> Room<'_> {
        Room {
            start: self.start,
            length: self.length,
            lent: PhantomData,
        }
    }

    /// Copies `bytes` to the start of the room. Bytes that do not fit are dropped.
    #[cfg(windows)]
    pub fn fill(&mut self, bytes: &[u8]) {
        let length = bytes.len().min(self.length);
        // SAFETY: the room is writable for `length` bytes, and no Rust reference overlaps a room.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.start, length) };
    }

    /// Returns the length in bytes.
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
    fn skip_and_first_stop_at_the_end() {
        let bytes = Bytes::from(&[7u8; 3][..]);
        assert_eq!(bytes.skip(2).len(), 1);
        assert_eq!(bytes.skip(9).len(), 0);
        assert_eq!(bytes.first(2).len(), 2);
        assert_eq!(bytes.first(9).len(), 3);
        assert_eq!(bytes.first(2).skip(3).len(), 0);
    }
}
