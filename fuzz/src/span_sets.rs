//! Sets of spans: each answer is that of a plain list.

use crate::input::Input;
use crate::spans::Spans;

/// The most steps of one input.
const STEPS: usize = 150;
/// Spans of the step that fills a set, enough for its directory.
const MANY: u32 = 2100;

#[derive(Default)]
struct Both {
    set: Spans<u32>,
    plain: Vec<(u32, u32)>,
}

impl Both {
    fn insert(&mut self, first: u32, length: u32) {
        let last = first.saturating_add(length);
        self.set.insert(first, last);
        self.plain.push((first, last));
    }

    fn step(&mut self, input: &mut Input<'_>) {
        match input.byte() {
            0..=119 => {
                let (first, length) = (near(input), u32::from(input.byte()));
                self.insert(first, length);
            }
            120..=199 if !self.plain.is_empty() => {
                let place = input.below(self.plain.len());
                let (first, last) = self.plain.swap_remove(place);
                self.set.remove(first, last);
            }
            200..=239 => {
                let start = input.number();
                for step in 0..40 {
                    self.insert(start.wrapping_add(step * 7), step % 9);
                }
            }
            240 if self.plain.len() < 2 * MANY as usize => {
                let start = input.number();
                for step in 0..MANY {
                    self.insert(start.wrapping_add(step << 20), step);
                }
            }
            241 => {
                self.set.clear();
                self.plain.clear();
            }
            _ => self.check(near(input)),
        }
    }

    fn check(&mut self, at: u32) {
        for at in [at.saturating_sub(1), at, at.saturating_add(1)] {
            let mut spans = self.plain.iter();
            let expected = spans.any(|(first, last)| *first <= at && at <= *last);
            assert_eq!(self.set.contains(at), expected, "{at}");
        }
    }
}

/// Takes a number, most often one near others or near an end.
fn near(input: &mut Input<'_>) -> u32 {
    match input.byte() % 4 {
        0 => input.number(),
        1 => u32::MAX - u32::from(input.byte()),
        2 => u32::from(input.byte()),
        _ => 0x0a00_0000 + u32::from(input.byte()),
    }
}

/// A set covers what the plain list covers, whatever was added and removed.
pub fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let mut both = Both::default();
    input.for_each_step(STEPS, |input| both.step(input));
    let ends: Vec<u32> = both.plain.iter().map(|span| span.0).take(50).collect();
    for end in ends {
        both.check(end);
    }
    for (first, last) in std::mem::take(&mut both.plain) {
        both.set.remove(first, last);
        // Removing all is not worth a look at each.
        if first % 16 == 0 {
            both.set.contains(first);
        }
    }
    for at in [0, 0x0a00_0000, u32::MAX] {
        assert!(!both.set.contains(at), "{at} in an empty set");
    }
}
