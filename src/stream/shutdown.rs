//! The orderly end of the writing side, as a state machine without I/O.

/// Where the writing side stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shutdown {
    /// Not asked for.
    #[default]
    Open,
    /// Asked for; bytes are still queued before it, or its completion has not been reported.
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

    /// The system call was made and its completion is on its way.
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
