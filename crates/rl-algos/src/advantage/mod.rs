//! Advantages: how much better a completion, or a token, was than expected. Host numbers in f64.
//!
//! | symbol | meaning |
//! |---|---|
//! | rᵢ, Aᵢ, Aᵢₜ | reward of row i, its advantage, the advantage of its token t |
//! | g, G | the group of row i (completions of one prompt), its size |
//! | μ_g, σ_g | mean and standard deviation (divisor G − 1) of the group's rewards |
//! | B, nᵢ, N | rows, tokens of row i, tokens of the batch |
//!
//! Rows without a reward take no part in any statistic and get advantage 0. A group whose rewards are all equal,
//! or differ by less than rounding noise (σ < 1e-7·max|r|), gives exactly 0.

mod batch_mean;
mod floored;
mod gae;
mod gdpo;
mod gpg;
mod grpo;
mod maxrl;
mod opo;
mod pass_at_k;
mod reinforce_pp;
mod reinforce_pp_baseline;
mod remax;
mod returns;
mod rloo;
mod spread;
mod summary;
mod whiten;

pub use batch_mean::batch_mean;
pub use floored::{FlooredScale, floored_grpo};
pub use gae::{Gae, GaeOutput};
pub use gdpo::{gdpo, gdpo_tokens};
pub use gpg::gpg;
pub use grpo::{Grpo, Lonely, Scale};
pub use maxrl::maxrl;
pub use opo::opo;
pub use pass_at_k::{Normalise, pass_at_k};
pub use reinforce_pp::{ReinforcePp, ReinforcePpOutput};
pub use reinforce_pp_baseline::{reinforce_pp_baseline, reinforce_pp_baseline_rows};
pub use remax::remax;
pub use returns::{Holes, discounted_returns, terminal_rewards};
pub use rloo::rloo;
pub use spread::standardise_batch;
pub use summary::{GroupSummary, summarise};
pub use whiten::Whitening;

use crate::error::{AlgoError, all_finite, same_length, same_shape};
use crate::grid::Grid;
use crate::groups::Groups;
use crate::mask::Mask;
use crate::rewards::Rewards;
use spread::Spread;

/// Advantages ready for a loss: one per row, or one per token.
#[derive(Debug, Clone, PartialEq)]
pub enum Advantages {
    /// One per row, the same for all its tokens.
    Rows(Vec<f64>),
    /// One per token; values at masked positions are ignored.
    Tokens(Grid<f64>),
}

impl Advantages {
    /// One number per token that counts, 0 elsewhere; refuses wrong sizes, non-finite numbers and magnitudes above
    /// [`MAX_ADVANTAGE`].
    ///
    /// ```
    /// use rl_algos::{Advantages, Mask};
    /// let mask = Mask::from_lengths(&[1, 2], 2)?;
    /// let grid = Advantages::Rows(vec![0.5, -1.0]).per_token(&mask)?;
    /// assert_eq!(grid.cells(), [0.5, 0.0, -1.0, -1.0]);
    /// # Ok::<(), rl_algos::AlgoError>(())
    /// ```
    pub fn per_token(&self, mask: &Mask) -> Result<Grid<f64>, AlgoError> {
        let grid = match self {
            Self::Rows(rows) => {
                same_length("advantages", rows.len(), mask.shape()[0])?;
                all_finite("advantages", rows)?;
                mask.fill(|row, _| rows[row])
            }
            Self::Tokens(grid) => {
                same_shape("token advantages", grid.shape(), mask.shape())?;
                mask.fill(|row, t| grid.row(row)[t])
            }
        };
        (0..mask.shape()[0]).try_for_each(|row| finite_row(&grid, row))?;
        Ok(grid)
    }

    /// One number per row: the row's own, or the mean over its tokens (0 for an empty row).
    ///
    /// ```
    /// use rl_algos::{Advantages, Grid, Mask};
    /// let tokens = Advantages::Tokens(Grid::from_rows(vec![vec![1.0, 3.0, 9.0]])?);
    /// assert_eq!(tokens.per_row(&Mask::from_lengths(&[2], 3)?)?, [2.0]);
    /// # Ok::<(), rl_algos::AlgoError>(())
    /// ```
    pub fn per_row(&self, mask: &Mask) -> Result<Vec<f64>, AlgoError> {
        let grid = self.per_token(mask)?;
        Ok(match self {
            Self::Rows(rows) => rows.clone(),
            Self::Tokens(_) => (0..mask.shape()[0]).map(|row| mask.row_mean(&grid, row)).collect(),
        })
    }
}

/// Largest |A| accepted: times the largest ratio it still fits an f32, and so does the sum over a batch.
pub const MAX_ADVANTAGE: f64 = 1e15;

fn finite_row(grid: &Grid<f64>, row: usize) -> Result<(), AlgoError> {
    match grid.row(row).iter().find(|value| !value.is_finite() || value.abs() > MAX_ADVANTAGE) {
        Some(value) => Err(AlgoError::NotFinite { what: "token advantages", row, value: *value }),
        None => Ok(()),
    }
}

/// Whether the rewards of these rows differ by more than noise.
pub(crate) fn spreads(rewards: &Rewards, rows: &[usize]) -> bool {
    !Spread::of(rewards.present(rows)).is_flat()
}

/// Walks over the groups: `advantage(reward, spread of its group)` for every row that has a reward.
fn per_group(
    rewards: &Rewards,
    groups: &Groups,
    advantage: impl Fn(f64, &Spread) -> f64,
) -> Result<Vec<f64>, AlgoError> {
    same_length("rewards", rewards.len(), groups.rows())?;
    let mut advantage_b = vec![0.0; groups.rows()];
    for members in groups.iter() {
        let spread = Spread::of(rewards.present(members));
        for row in members {
            advantage_b[*row] = rewards.get(*row).map_or(0.0, |reward| advantage(reward, &spread));
        }
    }
    Ok(advantage_b)
}
