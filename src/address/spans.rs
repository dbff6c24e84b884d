//! A set of inclusive spans of numbers, with fast lookup.

/// An address as a number.
pub trait Point: Copy + Ord {
    /// Returns the next number; `None` after the greatest.
    fn after(self) -> Option<Self>;

    /// Returns the first sixteen bits.
    fn lead(self) -> u16;
}

impl Point for u32 {
    fn after(self) -> Option<Self> {
        self.checked_add(1)
    }

    fn lead(self) -> u16 {
        let [a, b, ..] = self.to_be_bytes();
        u16::from_be_bytes([a, b])
    }
}

impl Point for u128 {
    fn after(self) -> Option<Self> {
        self.checked_add(1)
    }

    fn lead(self) -> u16 {
        let [a, b, ..] = self.to_be_bytes();
        u16::from_be_bytes([a, b])
    }
}

/// Most pending spans that a lookup scans one by one. More are sorted in.
const PENDING_MAX: usize = 32;

/// Fewest cuts for which a directory is worth its memory.
const DIRECTORY_MIN: usize = 4096;

/// A multiset of spans.
///
/// The numbers are cut wherever a span begins or has ended. Each piece stores how many spans cover
/// it. A lookup is one binary search. Removing a span lowers the counts of its pieces and moves
/// nothing.
///
/// Only adding moves elements: added spans wait in a short list and are sorted in together. Filling
/// a list then costs one sort. Adding to a large list in use costs one pass for every few dozen
/// spans.
pub struct Spans<T> {
    /// The start of each piece, in order. Numbers below the first are not covered.
    cuts: Vec<T>,
    /// For each lead, the index in `cuts` of its first cut; at the end, the number of cuts. With it
    /// a lookup among a million spans is nearly as short as among a few thousand. Empty for a small
    /// set.
    directory: Vec<usize>,
    /// For each piece in `cuts`, how many spans cover it.
    cover: Vec<u32>,
    /// Spans that are not sorted in yet.
    pending: Vec<(T, T)>,
}

impl<T> Default for Spans<T> {
    fn default() -> Self {
        Self {
            cuts: Vec::new(),
            directory: Vec::new(),
            cover: Vec::new(),
            pending: Vec::new(),
        }
    }
}

impl<T: Point> Spans<T> {
    /// Adds the span from `first` to `last`, both included.
    pub fn insert(&mut self, first: T, last: T) {
        self.pending.push((first, last));
    }

    /// Removes one span, which must have been added with the same ends.
    pub fn remove(&mut self, first: T, last: T) {
        self.settle();
        if let Some(at) = self.pending.iter().position(|span| *span == (first, last)) {
            self.pending.swap_remove(at);
            return;
        }
        let from = self.cut_at(first);
        let to = match last.after() {
            Some(end) => self.cut_at(end),
            None => self.cuts.len(),
        };
        for count in self.cover.iter_mut().take(to).skip(from) {
            *count = count.saturating_sub(1);
        }
    }

    /// Removes every span.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Returns true if any span covers `at`. Sorts pending spans in first, if there are many.
    pub fn contains(&mut self, at: T) -> bool {
        self.settle();
        self.is_covered_by_piece(at)
            || self
                .pending
                .iter()
                .any(|(first, last)| *first <= at && at <= *last)
    }

    fn is_covered_by_piece(&self, at: T) -> bool {
        self.piece_of(at)
            .and_then(|piece| self.cover.get(piece))
            .is_some_and(|count| *count > 0)
    }

    /// Returns the index of the piece that holds `at`; `None` below the first.
    fn piece_of(&self, at: T) -> Option<usize> {
        let lead = usize::from(at.lead());
        let (begin, end) = match (self.directory.get(lead), self.directory.get(lead + 1)) {
            (Some(begin), Some(end)) => (*begin, *end),
            _ => (0, self.cuts.len()),
        };
        let cuts = self.cuts.get(begin..end)?;
        (begin + cuts.partition_point(|cut| *cut <= at)).checked_sub(1)
    }

    /// Returns the index of the piece that begins at `at`, and cuts one there if necessary.
    fn cut_at(&mut self, at: T) -> usize {
        let index = self.cuts.partition_point(|cut| *cut < at);
        if self.cuts.get(index) != Some(&at) {
            let count = index
                .checked_sub(1)
                .and_then(|before| self.cover.get(before))
                .copied();
            self.cuts.insert(index, at);
            self.cover.insert(index, count.unwrap_or(0));
            for begin in self.directory.iter_mut().skip(usize::from(at.lead()) + 1) {
                *begin += 1;
            }
        }
        index
    }

    /// Sorts the pending spans in if there are too many to scan.
    fn settle(&mut self) {
        if self.pending.len() <= PENDING_MAX {
            return;
        }
        let mut starts: Vec<T> = self.pending.iter().map(|(first, _)| *first).collect();
        let mut ends: Vec<T> = self
            .pending
            .iter()
            .filter_map(|(_, last)| last.after())
            .collect();
        self.pending.clear();
        starts.sort_unstable();
        ends.sort_unstable();
        self.merge(&starts, &ends);
    }

    /// Rebuilds the pieces in one pass over the old ones and the sorted ends of the new spans.
    fn merge(&mut self, starts: &[T], ends: &[T]) {
        let old_cuts = std::mem::take(&mut self.cuts);
        let old_cover = std::mem::take(&mut self.cover);
        let mut old = old_cuts
            .iter()
            .copied()
            .zip(old_cover.iter().copied())
            .peekable();
        let mut starts = starts.iter().copied().peekable();
        let mut ends = ends.iter().copied().peekable();
        let (mut covered, mut opened, mut closed) = (0_u32, 0_u32, 0_u32);

        loop {
            let next_old = old.peek().map(|(cut, _)| *cut);
            let nearest = [next_old, starts.peek().copied(), ends.peek().copied()];
            let Some(cut) = nearest.into_iter().flatten().min() else {
                break;
            };
            while let Some((_, count)) = old.next_if(|(at, _)| *at == cut) {
                covered = count;
            }
            while starts.next_if_eq(&cut).is_some() {
                opened = opened.saturating_add(1);
            }
            while ends.next_if_eq(&cut).is_some() {
                closed = closed.saturating_add(1);
            }
            let count = covered.saturating_add(opened.saturating_sub(closed));
            // Drop a cut between two pieces with the same count. It remains where a span was
            // removed, or where one span follows another. `remove` cuts again if it needs to.
            if self.cover.last().copied().unwrap_or(0) != count {
                self.cuts.push(cut);
                self.cover.push(count);
            }
        }
        self.put_directory();
    }

    fn put_directory(&mut self) {
        self.directory.clear();
        if self.cuts.len() < DIRECTORY_MIN {
            return;
        }
        for (index, cut) in self.cuts.iter().enumerate() {
            let lead = usize::from(cut.lead());
            if lead >= self.directory.len() {
                self.directory.resize(lead + 1, index);
            }
        }
        self.directory
            .resize(usize::from(u16::MAX) + 2, self.cuts.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(spans: &[(u32, u32)]) -> Spans<u32> {
        let mut made = Spans::default();
        for (first, last) in spans {
            made.insert(*first, *last);
        }
        made
    }

    /// A small generator with a fixed seed, so that a failure can be repeated.
    fn numbers(mut state: u32) -> impl FnMut(u32) -> u32 {
        move |below| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state % below
        }
    }

    #[test]
    fn covers_both_ends_and_nothing_beside() {
        let mut spans = filled(&[(10, 20)]);
        for (at, expected) in [(9, false), (10, true), (15, true), (20, true), (21, false)] {
            assert_eq!(spans.contains(at), expected, "{at}");
        }
    }

    #[test]
    fn reaches_the_first_and_the_last_number() {
        let mut spans = filled(&[(0, 0), (u32::MAX, u32::MAX)]);
        assert!(spans.contains(0) && spans.contains(u32::MAX) && !spans.contains(1));
        spans.remove(u32::MAX, u32::MAX);
        assert!(!spans.contains(u32::MAX));
    }

    #[test]
    fn counts_a_span_that_was_added_twice() {
        let mut spans = filled(&[(1, 5), (1, 5)]);
        spans.remove(1, 5);
        assert!(spans.contains(3));
        spans.remove(1, 5);
        assert!(!spans.contains(3));
    }

    #[test]
    fn agrees_with_a_plain_list_whatever_is_added_and_removed() {
        let mut next = numbers(42);
        let mut spans = Spans::default();
        let mut plain: Vec<(u32, u32)> = Vec::new();
        let (steps, stretch) = if cfg!(miri) { (400, 50) } else { (20_000, 500) };
        for step in 0..steps {
            // Grows, then shrinks, then grows again, across the limit of the pending list.
            let growing = (step / stretch) % 3 != 2;
            if growing || plain.is_empty() {
                let first = next(500);
                let span = (first, (first + next(40)).min(499));
                spans.insert(span.0, span.1);
                plain.push(span);
            } else {
                let index = next(u32::try_from(plain.len()).unwrap()) as usize;
                let span = plain.swap_remove(index);
                spans.remove(span.0, span.1);
            }
            let at = next(520);
            let expected = plain
                .iter()
                .any(|(first, last)| *first <= at && at <= *last);
            assert_eq!(spans.contains(at), expected, "step {step}, {at}");
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes minutes, and is about numbers alone")]
    fn agrees_with_a_plain_list_when_it_is_large() {
        let mut next = numbers(7);
        let plain: Vec<(u32, u32)> = (0..5_000)
            .map(|_| (next(u32::MAX / 2), next(100_000)))
            .map(|(first, length)| (first, first + length))
            .collect();
        let mut spans = filled(&plain);
        assert!(!spans.contains(u32::MAX) && !spans.directory.is_empty());
        for (first, last) in &plain[..2_500] {
            spans.remove(*first, *last);
        }
        let left = &plain[2_500..];
        for (first, last) in &plain {
            for at in [first.saturating_sub(1), *first, *last, last + 1] {
                let expected = left.iter().any(|(first, last)| *first <= at && at <= *last);
                assert_eq!(spans.contains(at), expected, "{at}");
            }
        }
    }

    #[test]
    fn forgets_all_when_cleared() {
        let mut spans = filled(&[(0, u32::MAX); 100]);
        assert!(spans.contains(7));
        spans.clear();
        assert!(!spans.contains(7));
    }

    #[test]
    fn works_for_the_numbers_of_ipv6() {
        let mut spans = Spans::default();
        for n in 0..100_u128 {
            spans.insert(n << 64, (n << 64) | 0xffff);
        }
        assert!(spans.contains((99 << 64) | 0xffff));
        assert!(!spans.contains((99 << 64) | 0x1_0000));
    }
}
