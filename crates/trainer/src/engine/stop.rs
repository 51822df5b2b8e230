//! The wish to stop, from a signal handler or another thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long a step may go on after the user asked to stop; what is left of ten seconds is for saving.
const PATIENCE: Duration = Duration::from_secs(5);

/// A wish that is made once and seen by everyone who holds a clone.
///
/// ```
/// use trainer::engine::Stop;
/// let stop = Stop::new();
/// let elsewhere = stop.clone();
/// elsewhere.request();
/// assert!(stop.is_requested() && !stop.is_overdue());
/// ```
#[derive(Clone, Debug)]
pub struct Stop {
    born: Instant,
    /// Milliseconds after `born` at which the wish was made, plus one; 0 while there is none.
    asked: Arc<AtomicU64>,
}

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}

impl Stop {
    /// Nobody wants to stop yet.
    pub fn new() -> Self {
        Self { born: Instant::now(), asked: Arc::default() }
    }

    /// Asks the run to finish its step, save and return.
    pub fn request(&self) {
        let now = self.born.elapsed().as_millis() as u64 + 1;
        // Only the first wish counts: patience does not start again.
        let _ = self.asked.compare_exchange(0, now, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// Whether somebody asked.
    pub fn is_requested(&self) -> bool {
        self.asked.load(Ordering::SeqCst) != 0
    }

    /// Whether somebody asked so long ago that the step should be given up.
    pub fn is_overdue(&self) -> bool {
        match self.asked.load(Ordering::SeqCst) {
            0 => false,
            asked => self.born.elapsed() > Duration::from_millis(asked) + PATIENCE,
        }
    }
}
