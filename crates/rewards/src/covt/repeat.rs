//! Rewards against saying the same again.

use std::collections::HashSet;

use crate::reward::each;
use crate::{Finite, Group, Outcome, RewardFn};

/// Whether at most one sentence (a piece between dots, trimmed) repeats an earlier one.
///
/// ```
/// assert!(rewards::has_no_repeats("A b. A b. C d."));
/// assert!(!rewards::has_no_repeats("A b. A b. A b."));
/// ```
pub fn has_no_repeats(text: &str) -> bool {
    let mut seen = HashSet::new();
    let pieces = text.split('.').map(str::trim).filter(|piece| !piece.is_empty());
    pieces.filter(|piece| !seen.insert(*piece)).nth(1).is_none()
}

/// Non-repeat N: 0 as soon as two sentences equal an earlier one, else 1.
///
/// ```
/// use rewards::{Group, NonRepeat, RewardFn, Sample};
/// assert_eq!(NonRepeat.judge(&Group::of_texts(Sample::default(), ["3.5 and 3.5."]))[0].value(), Some(1.0));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct NonRepeat;

impl RewardFn for NonRepeat {
    fn name(&self) -> &str {
        "non_repeat"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        each(group, |text| Outcome::from(has_no_repeats(text)))
    }
}

/// Share of word n-grams that occurred before: 1 − distinct / all; 0 for texts of fewer than n words.
///
/// ```
/// assert_eq!(rewards::repetition_share("a b a b a b", 2), 0.6);
/// ```
pub fn repetition_share(text: &str, n: usize) -> f64 {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    if n == 0 || words.len() < n {
        return 0.0;
    }
    let all = words.len() - n + 1;
    let distinct = words.windows(n).collect::<HashSet<_>>().len();
    1.0 - distinct as f64 / all as f64
}

/// Repetition penalty: r = (1 − distinct/all) · worst over word n-grams (open-r1's form; n = 3, worst = −1).
///
/// ```
/// use rewards::{Group, RepetitionPenalty, RewardFn, Sample};
/// let values = RepetitionPenalty::default().judge(&Group::of_texts(Sample::default(), ["all words differ here"]));
/// assert_eq!(values[0].value(), Some(0.0));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RepetitionPenalty {
    n: usize,
    worst: Finite,
}

impl Default for RepetitionPenalty {
    fn default() -> Self {
        Self { n: 3, worst: Finite::constant(-1.0) }
    }
}

impl RepetitionPenalty {
    /// The penalty over n-grams of `n` words, `worst` for a text that is all repetition.
    ///
    /// ```
    /// use rewards::{Finite, Group, RepetitionPenalty, RewardFn, Sample};
    /// let reward = RepetitionPenalty::new(2, Finite::new(-0.5).unwrap());
    /// let values = reward.judge(&Group::of_texts(Sample::default(), ["a b a b a b"]));
    /// assert_eq!(values[0].value(), Some(-0.3));
    /// ```
    pub const fn new(n: usize, worst: Finite) -> Self {
        Self { n, worst }
    }
}

impl RewardFn for RepetitionPenalty {
    fn name(&self) -> &str {
        "repetition_penalty"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        each(group, |text| Outcome::from_f64(repetition_share(text, self.n) * self.worst.get()))
    }
}
