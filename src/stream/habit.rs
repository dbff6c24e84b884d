//! How often a stream writes in one callback.

/// A callback into JavaScript, as far as it matters to the small writes made in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Callback {
    number: u32,
    /// It delivers one event alone.
    is_single: bool,
}

impl Callback {
    /// Returns the callback after this one, which delivers so many events.
    #[must_use]
    pub fn next(self, events: usize) -> Self {
        Self {
            number: self.number.wrapping_add(1),
            is_single: events == 1,
        }
    }
}

/// How many callbacks in a row make one small write before the next one is taken to be alone.
///
/// It must not be few. A first write that is sent at once keeps the second one waiting for the
/// peer's acknowledgement, by Nagle's algorithm: 40 ms.
const LONE_CALLBACKS: u8 = 16;

/// Whether a stream makes several small writes in a callback, by what the last ones did.
#[derive(Debug, Default)]
pub struct WriteHabit {
    /// The number of the callback in which the last small write was made.
    callback: u32,
    /// The last callbacks, in a row, that have made one small write, as far as they are counted.
    lone: u8,
}

impl WriteHabit {
    /// Notes a small write. Returns true when nothing is won by coalescing it: it is most likely the
    /// only one of its callback, and the callback serves no other socket.
    pub fn note(&mut self, callback: Callback) -> bool {
        if self.callback == callback.number {
            self.lone = 0;
            return false;
        }
        self.callback = callback.number;
        let is_alone = self.lone == LONE_CALLBACKS && callback.is_single;
        self.lone = LONE_CALLBACKS.min(self.lone + 1);
        is_alone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns which of the small writes of a callback are alone.
    fn notes(habit: &mut WriteHabit, callback: Callback, writes: usize) -> Vec<bool> {
        (0..writes).map(|_| habit.note(callback)).collect()
    }

    #[test]
    fn a_write_is_alone_after_many_that_were() {
        let mut habit = WriteHabit::default();
        let mut callback = Callback::default();
        let mut next = |writes| {
            callback = callback.next(1);
            notes(&mut habit, callback, writes)
        };
        for _ in 0..2 {
            for _ in 0..LONE_CALLBACKS {
                assert_eq!(next(1), [false]);
            }
            assert_eq!(next(1), [true]);
            assert_eq!(next(3), [true, false, false]);
            // The one with three counts for nothing, and so do the next.
            assert_eq!(next(2), [false, false]);
        }
    }

    #[test]
    fn no_write_is_alone_in_a_callback_for_several_events() {
        let mut habit = WriteHabit {
            lone: LONE_CALLBACKS,
            ..WriteHabit::default()
        };
        let callback = Callback::default().next(2);
        assert_eq!(notes(&mut habit, callback, 1), [false]);
        assert_eq!(notes(&mut habit, callback.next(1), 1), [true]);
    }
}
