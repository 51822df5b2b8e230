//! KL in the reward instead of in the loss, on the host.

use crate::error::{AlgoError, same_length, same_shape};
use crate::grid::Grid;
use crate::mask::Mask;
use crate::rewards::Rewards;

/// β times the KL estimate of every token, to be subtracted from token rewards.
///
/// penaltyₜ = β·clip(k(ℓᵒₜ − ℓᶠₜ), ±bound), 0 where masked
///
/// verl: k1 without a bound. MAYE: k3 within ±10.
///
/// By hand: ℓᵒ = −1, ℓᶠ = −1.5, β = 0.1, k1 → 0.05.
///
/// ```
/// use rl_algos::{Grid, Mask, kl::{Estimator, token_penalty}};
/// let [old_bt, reference_bt] = [-1.0, -1.5].map(|logp| Grid::from_fn([1, 1], |_, _| logp));
/// let mask = Mask::from_lengths(&[1], 1)?;
/// let penalty_bt = token_penalty(&old_bt, &reference_bt, &mask, |d| 0.1 * Estimator::K1.of(d))?;
/// assert!((penalty_bt.cells()[0] - 0.05).abs() < 1e-12);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn token_penalty(
    old_bt: &Grid<f64>,
    reference_bt: &Grid<f64>,
    mask: &Mask,
    penalty: impl Fn(f64) -> f64,
) -> Result<Grid<f64>, AlgoError> {
    same_shape("old log-probabilities", old_bt.shape(), mask.shape())?;
    same_shape("reference log-probabilities", reference_bt.shape(), mask.shape())?;
    Ok(mask.fill(|row, t| penalty(old_bt.row(row)[t] - reference_bt.row(row)[t])))
}

/// Row rewards minus the penalties of their tokens: r − Σₜ m·penaltyₜ, as TRL's RLOO does.
///
/// ```
/// use rl_algos::{Grid, Mask, Rewards, kl::penalised_rewards};
/// let penalty_bt = Grid::from_rows(vec![vec![0.25, 0.5]])?;
/// let shaped = penalised_rewards(&Rewards::from_scores(&[1.0])?, &penalty_bt, &Mask::from_lengths(&[2], 2)?)?;
/// assert_eq!(shaped.get(0), Some(0.25));
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn penalised_rewards(
    rewards: &Rewards,
    penalty_bt: &Grid<f64>,
    mask: &Mask,
) -> Result<Rewards, AlgoError> {
    same_length("rewards", rewards.len(), mask.shape()[0])?;
    same_shape("token penalties", penalty_bt.shape(), mask.shape())?;
    let shaped =
        rewards.iter().enumerate().map(|(row, reward)| reward.map(|r| r - mask.row_sum(penalty_bt, row)));
    Rewards::new(shaped.collect())
}

/// The KL that controllers steer by: the mean over rows of each row's token mean; an empty row counts as 0.
///
/// ```
/// use rl_algos::{Grid, Mask, kl::mean_row_kl};
/// let kl_bt = Grid::from_rows(vec![vec![0.2, 0.4], vec![0.1, 9.0]])?;
/// assert!((mean_row_kl(&kl_bt, &Mask::from_lengths(&[2, 1], 2)?)? - 0.2).abs() < 1e-12);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn mean_row_kl(kl_bt: &Grid<f64>, mask: &Mask) -> Result<f64, AlgoError> {
    same_shape("KL per token", kl_bt.shape(), mask.shape())?;
    let rows = mask.shape()[0];
    Ok((0..rows).map(|row| mask.row_mean(kl_bt, row)).sum::<f64>() / rows.max(1) as f64)
}
