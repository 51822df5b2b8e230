//! DAPO's soft overlong punishment.

use serde::Serialize;

use crate::error::{AlgoError, in_range};
use crate::hyper::Positive;

/// A penalty that grows linearly over the last tokens before the limit.
///
/// penalty = −min(max(n − (L − C), 0), C)/C · factor
///
/// | symbol | meaning |
/// |---|---|
/// | n | length of the completion |
/// | L, C | longest completion allowed, width of the ramp before it |
///
/// Yu et al., DAPO, arXiv 2503.14476, equation 13.
///
/// By hand: L = 10, C = 4: n = 6 → 0, n = 8 → −0.5, n = 12 → −1.
///
/// ```
/// use rl_algos::{Positive, shaping::Overlong};
/// let overlong = Overlong::new(10, 4, Positive::new(1.0)?)?;
/// assert_eq!([6, 8, 12].map(|n| overlong.penalty(n)), [0.0, -0.5, -1.0]);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Overlong {
    limit: usize,
    ramp: usize,
    factor: Positive,
}

impl Overlong {
    /// Accepts a ramp of 1 to `limit` tokens.
    pub fn new(limit: usize, ramp: usize, factor: Positive) -> Result<Self, AlgoError> {
        in_range("overlong ramp", ramp as f64, "1 to the longest completion allowed", |_| {
            (1..=limit).contains(&ramp)
        })?;
        Ok(Self { limit, ramp, factor })
    }

    /// The penalty of a completion of this many tokens, 0 or negative.
    pub fn penalty(&self, tokens: usize) -> f64 {
        let over = tokens.saturating_sub(self.limit - self.ramp).min(self.ramp);
        if over == 0 { 0.0 } else { -(over as f64 / self.ramp as f64) * self.factor.get() }
    }
}
