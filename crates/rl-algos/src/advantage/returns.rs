//! Rewards on tokens, and the returns that follow from them.

use serde::{Deserialize, Serialize};

use crate::error::{AlgoError, all_finite, same_length, same_shape};
use crate::grid::Grid;
use crate::hyper::Fraction;
use crate::mask::Mask;

/// What a masked token inside a row (tool output, say) does to the discount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Holes {
    /// Time stands still: verl.
    Skip,
    /// γ decays as over any token: OpenRLHF, MAYE.
    Decay,
}

/// Puts the reward of each row on its last token that counts.
///
/// rᵢₜ = rᵢ if t is the last unmasked token of row i, else 0. An empty row carries its reward nowhere.
///
/// ```
/// use rl_algos::{Grid, Mask, advantage::terminal_rewards};
/// let mask = Mask::new(Grid::from_rows(vec![vec![true, false, true, false]])?);
/// assert_eq!(terminal_rewards(&[2.0], &mask)?.cells(), [0.0, 0.0, 2.0, 0.0]);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn terminal_rewards(reward_b: &[f64], mask: &Mask) -> Result<Grid<f64>, AlgoError> {
    same_length("rewards", reward_b.len(), mask.shape()[0])?;
    all_finite("rewards", reward_b)?;
    let mut rewards_bt = mask.fill(|_, _| 0.0);
    for (row, reward) in reward_b.iter().enumerate() {
        if let Some(last) = mask.row(row).iter().rposition(|kept| *kept) {
            rewards_bt.row_mut(row)[last] = *reward;
        }
    }
    Ok(rewards_bt)
}

/// Discounted sum of the rewards from each token to the end of its row.
///
/// Rₜ = rₜ + γ·Rₜ₊₁
///
/// By hand: rewards 0, 0, 1 with γ = 0.5 → returns 0.25, 0.5, 1.
///
/// ```
/// use rl_algos::{Fraction, Grid, Mask, advantage::{Holes, discounted_returns}};
/// let rewards_bt = Grid::from_rows(vec![vec![0.0, 0.0, 1.0]])?;
/// let mask = Mask::from_lengths(&[3], 3)?;
/// let returns_bt = discounted_returns(&rewards_bt, &mask, Fraction::new(0.5)?, Holes::Skip)?;
/// assert_eq!(returns_bt.cells(), [0.25, 0.5, 1.0]);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn discounted_returns(
    rewards_bt: &Grid<f64>,
    mask: &Mask,
    gamma: Fraction,
    holes: Holes,
) -> Result<Grid<f64>, AlgoError> {
    same_shape("token rewards", rewards_bt.shape(), mask.shape())?;
    let mut returns_bt = mask.fill(|_, _| 0.0);
    for row in 0..mask.shape()[0] {
        let mut ahead = 0.0;
        for t in (0..mask.shape()[1]).rev() {
            match (mask.row(row)[t], holes) {
                (true, _) => {
                    ahead = rewards_bt.row(row)[t] + gamma.get() * ahead;
                    returns_bt.row_mut(row)[t] = ahead;
                }
                (false, Holes::Decay) => ahead *= gamma.get(),
                (false, Holes::Skip) => {}
            }
        }
    }
    Ok(returns_bt)
}
