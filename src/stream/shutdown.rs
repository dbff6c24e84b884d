//! The shutdown of the writing side, as a state machine without I/O.

/// The state of the writing side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shutdown {
    /// Not asked for.
    #[default]
    Open,
    /// Requested, but not complete: bytes are still queued before it, or its completion is not
    /// reported.
    Requested,
    /// Done, and reported.
    Done,
}

impl Shutdown {
    /// Asks for the end. Returns false if it was asked for before.
    pub fn request(&mut self) -> bool {
        let first = *self == Self::Open;
        if first {
            *self = Self::Requested;
        }
        first
    }

    /// Marks the shutdown complete: the system call was made and its event is queued.
    pub fn finish(&mut self) {
        debug_assert_eq!(*self, Self::Requested);
        *self = Self::Done;
    }

    pub fn is_requested(self) -> bool {
        self == Self::Requested
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_can_be_requested_once() {
        let mut state = Shutdown::default();
        assert!(!state.is_requested());
        assert!(state.request());
        assert!(state.is_requested());
        assert!(!state.request());
        state.finish();
        assert!(!state.is_requested());
        assert!(!state.request());
    }
}
