//! Rewards as advantage estimators see them: a finite number or nothing.

use crate::error::{AlgoError, all_finite};

/// Largest |reward| accepted: its square, summed over a batch, still fits an f64.
pub const MAX_REWARD: f64 = 1e150;

/// One reward per row; a row that could not be scored has none. A missing reward is not a zero.
///
/// ```
/// use rl_algos::Rewards;
/// let rewards = Rewards::new(vec![Some(1.0), None])?;
/// assert_eq!(rewards.get(1), None);
/// assert!(Rewards::from_scores(&[f64::NAN]).is_err());
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Rewards(Vec<Option<f64>>);

impl Rewards {
    /// Refuses NaN, infinities and magnitudes above [`MAX_REWARD`].
    pub fn new(rewards: Vec<Option<f64>>) -> Result<Self, AlgoError> {
        let bad = |reward: &Option<f64>| reward.is_some_and(|r| !r.is_finite() || r.abs() > MAX_REWARD);
        match rewards.iter().position(bad) {
            Some(row) => {
                Err(AlgoError::NotFinite { what: "rewards", row, value: rewards[row].unwrap_or(f64::NAN) })
            }
            None => Ok(Self(rewards)),
        }
    }

    /// The common case: every row has a reward.
    pub fn from_scores(scores: &[f64]) -> Result<Self, AlgoError> {
        Self::new(scores.iter().copied().map(Some).collect())
    }

    /// Adds up several reward functions: r = Σₖ wₖ·rₖ over the components a row has; a row without any has none.
    ///
    /// ```
    /// use rl_algos::Rewards;
    /// let components = [vec![Some(1.0), Some(0.5)], vec![Some(1.0), None], vec![None, None]];
    /// let sum = Rewards::weighted_sum(&components, &[1.0, 2.0])?;
    /// assert_eq!((sum.get(0), sum.get(1), sum.get(2)), (Some(2.0), Some(1.0), None));
    /// # Ok::<(), rl_algos::AlgoError>(())
    /// ```
    pub fn weighted_sum(components: &[Vec<Option<f64>>], weights: &[f64]) -> Result<Self, AlgoError> {
        all_finite("reward weights", weights)?;
        let rows = components.iter().map(|row| {
            crate::error::same_length("reward components of a row", row.len(), weights.len())?;
            let present = row.iter().zip(weights).filter_map(|(reward, weight)| reward.map(|r| r * weight));
            Ok(row.iter().any(Option::is_some).then(|| present.sum()))
        });
        Self::new(rows.collect::<Result<_, AlgoError>>()?)
    }

    /// The reward of one row.
    ///
    /// # Panics
    /// When `row` is not below [`Rewards::len`], as slices do.
    pub fn get(&self, row: usize) -> Option<f64> {
        self.0[row]
    }

    /// Number of rows.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no row.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rewards in row order.
    pub fn iter(&self) -> impl Iterator<Item = Option<f64>> + '_ {
        self.0.iter().copied()
    }

    /// The rewards that exist, of the given rows.
    pub(crate) fn present<'a>(&'a self, rows: &'a [usize]) -> impl Iterator<Item = f64> + 'a {
        rows.iter().filter_map(|row| self.0[*row])
    }
}
