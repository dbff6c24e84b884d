//! The contents of bulk transfers: the byte at position `n` is `n % 256`, so
//! that lost, doubled and swapped bytes show.

use std::sync::LazyLock;

/// The longest run of the pattern that is handed out at once.
pub const LONGEST: usize = 256 * 1024;

static PATTERN: LazyLock<Vec<u8>> =
    LazyLock::new(|| (0..=u8::MAX).cycle().take(LONGEST + 256).collect());

/// At most `LONGEST` bytes of the pattern from `position` on.
pub fn at(position: u64, length: usize) -> &'static [u8] {
    let start = usize::from(position.to_le_bytes()[0]);
    &PATTERN[start..start + length.min(LONGEST)]
}

/// Whether `bytes` are what the pattern holds from `position` on.
pub fn matches(position: u64, bytes: &[u8]) -> bool {
    let mut position = position;
    bytes.chunks(LONGEST).all(|chunk| {
        let same = chunk == at(position, chunk.len());
        position += chunk.len() as u64;
        same
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_by_one_shows() {
        assert!(matches(0, at(0, 1000)));
        assert!(matches(1000, at(1000, LONGEST)));
        assert!(!matches(1, at(0, 1000)));
        assert_eq!(at(513, 2), [1, 2]);
    }
}
