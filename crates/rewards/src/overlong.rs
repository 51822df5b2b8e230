//! A penalty that grows over the last tokens before the length limit.

use crate::{Completion, Group, Outcome, RewardFn};

/// Soft overlong punishment (DAPO, arXiv 2503.14476): with n tokens, limit L and cache C,
/// r = −min(max(n − (L − C), 0), C) / C · factor.
///
/// ```
/// let rule = rewards::SoftOverlong::new(100, 20).unwrap();
/// assert_eq!((rule.score(80), rule.score(90), rule.score(500)), (0.0, -0.5, -1.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoftOverlong {
    limit: usize,
    cache: usize,
}

/// A cache that is empty or larger than the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the overlong cache is {cache}; expected 1 to the length limit {limit}")]
pub struct BadOverlong {
    /// The length limit given.
    pub limit: usize,
    /// The cache given.
    pub cache: usize,
}

impl SoftOverlong {
    /// The penalty over the last `cache` of `limit` tokens.
    ///
    /// # Errors
    /// [`BadOverlong`] unless 1 ≤ cache ≤ limit.
    ///
    /// ```
    /// assert!(rewards::SoftOverlong::new(100, 0).is_err());
    /// ```
    pub fn new(limit: usize, cache: usize) -> Result<Self, BadOverlong> {
        if (1..=limit).contains(&cache) {
            Ok(Self { limit, cache })
        } else {
            Err(BadOverlong { limit, cache })
        }
    }

    /// The penalty for a number of tokens.
    ///
    /// ```
    /// assert_eq!(rewards::SoftOverlong::new(10, 4).unwrap().score(8), -0.5);
    /// ```
    pub fn score(&self, tokens: usize) -> f64 {
        let over = tokens.saturating_sub(self.limit - self.cache).min(self.cache);
        if over == 0 { 0.0 } else { -(over as f64) / self.cache as f64 }
    }
}

impl RewardFn for SoftOverlong {
    fn name(&self) -> &str {
        "soft_overlong"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        let score = |completion: &Completion| Outcome::from_f64(self.score(completion.tokens));
        group.completions().iter().map(score).collect()
    }
}
