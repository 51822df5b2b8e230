//! Asking again, and how long to wait first.

use std::num::NonZeroU32;
use std::time::Duration;

use super::free_text::ArbiterError;

/// How often a call is tried, and how long to wait in between: 2ⁿ⁻¹·`first_wait` after the n-th failed try. Nothing
/// follows the last try, so nothing is waited for after it.
///
/// ```
/// use std::time::Duration;
/// use rewards::Retries;
/// let waits: Vec<_> = (1..=3).map(|n| Retries::default().wait_after(n).as_secs()).collect();
/// assert_eq!(waits, [1, 2, 4]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// Tries in all.
    pub tries: NonZeroU32,
    /// The wait after the first failed try.
    pub first_wait: Duration,
}

/// Three tries, the first wait one second.
impl Default for Retries {
    fn default() -> Self {
        const THREE: NonZeroU32 = NonZeroU32::MIN.saturating_add(2);
        Self { tries: THREE, first_wait: Duration::from_secs(1) }
    }
}

impl Retries {
    /// The wait after the n-th failed try, counted from 1; the doubling stops at 2³² − 1 times the first wait.
    ///
    /// ```
    /// use std::time::Duration;
    /// assert_eq!(rewards::Retries::default().wait_after(2), Duration::from_secs(2));
    /// ```
    pub fn wait_after(&self, failed: u32) -> Duration {
        let factor = 2u32.checked_pow(failed.saturating_sub(1)).unwrap_or(u32::MAX);
        self.first_wait.saturating_mul(factor)
    }

    /// The first success of `ask`, or the error of the last try; an error that is not
    /// [transient](ArbiterError::is_transient) ends it at once. The calling thread sleeps while it waits.
    ///
    /// # Errors
    /// The error of the last try.
    ///
    /// ```
    /// use std::time::Duration;
    /// use rewards::{ArbiterError, Retries};
    /// let at_once = Retries { first_wait: Duration::ZERO, ..Retries::default() };
    /// let mut replies = [Err(ArbiterError::Unavailable { message: "busy".into() }), Ok("B")].into_iter();
    /// assert_eq!(at_once.run(|| replies.next().unwrap()), Ok("B"));
    /// ```
    pub fn run<T>(&self, ask: impl FnMut() -> Result<T, ArbiterError>) -> Result<T, ArbiterError> {
        self.run_with(std::thread::sleep, ask)
    }

    fn run_with<T>(
        &self,
        mut pause: impl FnMut(Duration),
        mut ask: impl FnMut() -> Result<T, ArbiterError>,
    ) -> Result<T, ArbiterError> {
        for failed in 1..self.tries.get() {
            match ask() {
                Err(error) if error.is_transient() => pause(self.wait_after(failed)),
                settled => return settled,
            }
        }
        ask()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(replies: &[Result<char, ArbiterError>]) -> (Result<char, ArbiterError>, Vec<u64>, usize) {
        let (mut waits, mut asked) = (Vec::new(), 0);
        let ask = || {
            asked += 1;
            replies[asked - 1].clone()
        };
        let result = Retries::default().run_with(|wait| waits.push(wait.as_secs()), ask);
        (result, waits, asked)
    }

    fn busy(message: &str) -> Result<char, ArbiterError> {
        Err(ArbiterError::Unavailable { message: message.to_owned() })
    }

    #[test]
    fn three_tries_wait_one_and_two_seconds() {
        let slow = Err(ArbiterError::TimedOut { limit: Duration::from_secs(30) });
        assert_eq!(run(&[busy("1"), slow, Ok('C')]), (Ok('C'), vec![1, 2], 3));
        assert_eq!(run(&[busy("1"), Ok('B')]), (Ok('B'), vec![1], 2));
        assert_eq!(run(&[Ok('A')]), (Ok('A'), vec![], 1));
    }

    #[test]
    fn the_last_error_is_kept_and_nothing_is_waited_for_after_it() {
        assert_eq!(run(&[busy("1"), busy("2"), busy("3")]), (busy("3"), vec![1, 2], 3));
    }

    #[test]
    fn a_refusal_is_not_asked_again() {
        let refused = Err(ArbiterError::Refused { message: "no such model".to_owned() });
        assert_eq!(run(std::slice::from_ref(&refused)), (refused, vec![], 1));
    }
}
