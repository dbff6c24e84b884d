//! How many handles keep the environment alive, by libuv's rule: see [`Handle::keeps_alive`].
//!
//! [`Handle::keeps_alive`]: crate::net::Handle::keeps_alive

/// Counts the handles that keep the environment alive.
#[derive(Debug, Default)]
pub struct ActiveCount {
    handles: usize,
}

/// Says whether one handle is counted.
#[derive(Debug, Default)]
pub struct Counted(bool);

impl ActiveCount {
    /// True when at least one handle keeps the environment alive.
    pub fn any(&self) -> bool {
        self.handles > 0
    }

    /// Counts a handle, or counts it no longer.
    pub fn set(&mut self, counted: &mut Counted, keeps_alive: bool) {
        if counted.0 == keeps_alive {
            return;
        }
        counted.0 = keeps_alive;
        if keeps_alive {
            self.handles += 1;
        } else {
            self.handles -= 1;
        }
    }

    /// Stops counting a handle that is gone.
    pub fn remove(&mut self, mut counted: Counted) {
        self.set(&mut counted, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_counts_once() {
        let mut count = ActiveCount::default();
        let (mut one, mut two) = (Counted::default(), Counted::default());
        assert!(!count.any());
        count.set(&mut one, true);
        count.set(&mut one, true);
        count.set(&mut two, false);
        count.set(&mut one, false);
        assert!(!count.any());
        count.set(&mut two, true);
        assert!(count.any());
    }

    #[test]
    fn a_handle_that_is_gone_does_not_count() {
        let mut count = ActiveCount::default();
        let (mut counted, uncounted) = (Counted::default(), Counted::default());
        count.set(&mut counted, true);
        count.remove(uncounted);
        assert!(count.any());
        count.remove(counted);
        assert!(!count.any());
    }
}
