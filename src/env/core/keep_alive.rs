//! How many handles keep the environment alive, by libuv's rule: see [`Handle::keeps_alive`].
//!
//! [`Handle::keeps_alive`]: crate::net::Handle::keeps_alive

/// Counts the handles that keep the environment alive.
#[derive(Debug, Default)]
pub struct KeepAlive {
    votes: usize,
}

/// Says whether one handle is counted.
#[derive(Debug, Default)]
pub struct Vote {
    counted: bool,
}

impl KeepAlive {
    /// True when at least one handle keeps the environment alive.
    pub fn holds(&self) -> bool {
        self.votes > 0
    }

    /// Counts a handle, or counts it no longer.
    pub fn cast(&mut self, vote: &mut Vote, keeps_alive: bool) {
        if vote.counted == keeps_alive {
            return;
        }
        vote.counted = keeps_alive;
        if keeps_alive {
            self.votes += 1;
        } else {
            self.votes -= 1;
        }
    }

    /// Forgets the vote of a handle that is gone.
    pub fn withdraw(&mut self, mut vote: Vote) {
        self.cast(&mut vote, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_counts_once() {
        let mut keep_alive = KeepAlive::default();
        let (mut one, mut two) = (Vote::default(), Vote::default());
        assert!(!keep_alive.holds());
        keep_alive.cast(&mut one, true);
        keep_alive.cast(&mut one, true);
        keep_alive.cast(&mut two, false);
        keep_alive.cast(&mut one, false);
        assert!(!keep_alive.holds());
        keep_alive.cast(&mut two, true);
        assert!(keep_alive.holds());
    }

    #[test]
    fn a_vote_goes_with_its_handle() {
        let mut keep_alive = KeepAlive::default();
        let (mut counted, uncounted) = (Vote::default(), Vote::default());
        keep_alive.cast(&mut counted, true);
        keep_alive.withdraw(uncounted);
        assert!(keep_alive.holds());
        keep_alive.withdraw(counted);
        assert!(!keep_alive.holds());
    }
}
