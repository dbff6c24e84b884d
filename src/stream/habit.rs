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

/// Whether a stream makes several small writes in a callback, by what the last one did.
#[derive(Debug, Default)]
pub struct WriteHabit {
    /// The number of the callback in which the last small write was made.
    callback: u32,
    /// That callback made more than one.
    repeats: bool,
}

impl WriteHabit {
    /// Notes a small write. Returns true when nothing is won by coalescing it: it is most likely the
    /// only one of its callback, and the callback serves no other socket.
    pub fn note(&mut self, callback: Callback) -> bool {
        let is_first = self.callback != callback.number;
        let is_alone = is_first && !self.repeats && callback.is_single;
        self.callback = callback.number;
        self.repeats = !is_first;
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
    fn a_write_is_alone_until_a_callback_makes_two() {
        let mut habit = WriteHabit::default();
        let mut callback = Callback::default();
        let expected = [
            vec![true],
            vec![true],
            vec![true, false, false],
            vec![false, false],
            vec![false],
            vec![true],
        ];
        for notes_of_callback in expected {
            callback = callback.next(1);
            let writes = notes_of_callback.len();
            assert_eq!(notes(&mut habit, callback, writes), notes_of_callback);
        }
    }

    #[test]
    fn no_write_is_alone_in_a_callback_for_several_events() {
        let mut habit = WriteHabit::default();
        let callback = Callback::default().next(2);
        assert_eq!(notes(&mut habit, callback, 1), [false]);
        assert_eq!(notes(&mut habit, callback.next(1), 1), [true]);
    }
}
