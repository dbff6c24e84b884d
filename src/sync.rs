//! What threads meet at: the locks, atomics, threads and time of std.
//!
//! `npm run test:loom` has those of loom instead, which runs a model in every order in which its
//! threads can take their steps. Time stands still in a model, unless the model lets it pass.

#[cfg(not(loom))]
pub use std::{
    sync::{atomic, Condvar, Mutex, MutexGuard},
    thread,
};

#[cfg(loom)]
pub use loom::{
    sync::{atomic, Condvar, Mutex, MutexGuard},
    thread,
};

use std::sync::PoisonError;
use std::time::Duration;

/// Returns the time.
#[cfg(not(loom))]
pub fn now() -> std::time::Instant {
    std::time::Instant::now()
}

#[cfg(loom)]
pub use model::now;

/// Locks a mutex, and ignores that it is poisoned.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until another thread notifies.
pub fn wait<'state, T>(condition: &Condvar, guard: MutexGuard<'state, T>) -> MutexGuard<'state, T> {
    condition
        .wait(guard)
        .unwrap_or_else(PoisonError::into_inner)
}

/// Waits for a notification, but no longer than `time`. Returns true where that has passed.
#[cfg(not(loom))]
pub fn wait_for<'state, T>(
    (_, condition): (&'state Mutex<T>, &Condvar),
    guard: MutexGuard<'state, T>,
    time: Duration,
) -> (MutexGuard<'state, T>, bool) {
    let (guard, waited) = condition
        .wait_timeout(guard, time)
        .unwrap_or_else(PoisonError::into_inner);
    (guard, waited.timed_out())
}

/// As the one above. loom knows no time: a model allows some waits to end, at any moment. All others
/// wait for a notification.
#[cfg(loom)]
pub fn wait_for<'state, T>(
    (mutex, condition): (&'state Mutex<T>, &Condvar),
    mut guard: MutexGuard<'state, T>,
    time: Duration,
) -> (MutexGuard<'state, T>, bool) {
    if model::ends_wait(time) {
        drop(guard);
        return (lock(mutex), true);
    }
    guard = wait(condition, guard);
    (guard, model::ends_wait(time))
}

/// What a model is run with. loom runs all its threads on one, so that each can see the cells.
#[cfg(loom)]
pub mod model {
    use std::cell::Cell;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, OnceLock};
    use std::time::{Duration, Instant};

    thread_local! {
        static PASSED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
        static TIMEOUTS: Cell<usize> = const { Cell::new(0) };
    }

    /// Runs a model in every order of its threads: in those in which these are interrupted at most
    /// `interruptions` times, where all would take too long.
    pub fn check(name: &str, interruptions: Option<usize>, run: impl Fn() + Send + Sync + 'static) {
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&runs);
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = interruptions;
        builder.check(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            PASSED.set(Duration::ZERO);
            TIMEOUTS.set(0);
            run();
        });
        println!("model {name}: {} runs", runs.load(Ordering::Relaxed));
    }

    /// Lets so many waits end that have a limit.
    pub fn end_waits(count: usize) {
        TIMEOUTS.set(TIMEOUTS.get() + count);
    }

    pub(super) fn ends_wait(time: Duration) -> bool {
        let left = TIMEOUTS.get();
        TIMEOUTS.set(left.saturating_sub(1));
        if left > 0 {
            pass(time);
        }
        left > 0
    }

    /// Lets time pass.
    pub fn pass(time: Duration) {
        PASSED.set(PASSED.get() + time);
    }

    /// Returns the time.
    pub fn now() -> Instant {
        static START: OnceLock<Instant> = OnceLock::new();
        *START.get_or_init(Instant::now) + PASSED.get()
    }
}
