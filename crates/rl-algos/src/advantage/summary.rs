//! What the groups of a batch can teach, counted before anybody asks why a loss is zero.

use super::Spread;
use crate::error::{AlgoError, same_length};
use crate::groups::Groups;
use crate::rewards::Rewards;

/// Counts over the groups of one batch; log them next to the loss.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GroupSummary {
    /// Groups in the batch.
    pub groups: usize,
    /// Groups in which fewer than two rows have a reward: nothing to compare.
    pub lonely: usize,
    /// Groups with two rewards or more, all equal: no signal.
    pub flat: usize,
    /// Rows without a reward.
    pub unscored_rows: usize,
}

/// Counts lonely groups, flat groups and rows without a reward.
///
/// lonely = #{g : fewer than two rᵢ},  flat = #{g : at least two rᵢ and σ_g = 0}
///
/// ```
/// use rl_algos::{Groups, Rewards, advantage::summarise};
/// let rewards = Rewards::new(vec![Some(1.0), Some(1.0), Some(0.0), None])?;
/// let summary = summarise(&rewards, &Groups::from_sizes(&[2, 2])?)?;
/// assert_eq!((summary.flat, summary.lonely, summary.unscored_rows), (1, 1, 1));
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn summarise(rewards: &Rewards, groups: &Groups) -> Result<GroupSummary, AlgoError> {
    same_length("rewards", rewards.len(), groups.rows())?;
    let spreads = groups.iter().map(|members| Spread::of(rewards.present(members))).collect::<Vec<_>>();
    Ok(GroupSummary {
        groups: spreads.len(),
        lonely: spreads.iter().filter(|spread| spread.count < 2).count(),
        flat: spreads.iter().filter(|spread| spread.count >= 2 && spread.is_flat()).count(),
        unscored_rows: rewards.iter().filter(Option::is_none).count(),
    })
}
