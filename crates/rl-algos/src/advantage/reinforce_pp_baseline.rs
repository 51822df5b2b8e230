//! Reinforce++-baseline: the group's mean as baseline, the batch's deviation as scale.

use super::{Grpo, Lonely, Scale, Spread, Whitening};
use crate::error::AlgoError;
use crate::grid::Grid;
use crate::groups::Groups;
use crate::hyper::Positive;
use crate::mask::Mask;
use crate::rewards::Rewards;

/// Centred rewards, given to every token of their row and whitened over tokens.
///
/// A = whiten(rᵢ − μ_g)
///
/// Hu et al., arXiv 2501.03262. verl: [`Whitening::Sample`] and [`Lonely::KeepReward`]; OpenRLHF:
/// [`Whitening::Population`]. The whitening centres over tokens once more, so a group of equal rewards may get a small
/// common offset here; [`reinforce_pp_baseline_rows`] does not do that.
///
/// By hand: one group, one token each, rewards 1 and 0 → ±1/2, whitened (population) ±1.
///
/// ```
/// use rl_algos::{Groups, Mask, Rewards, advantage::{Lonely, Whitening, reinforce_pp_baseline}};
/// let (rewards, groups) = (Rewards::from_scores(&[1.0, 0.0])?, Groups::from_sizes(&[2])?);
/// let centred = reinforce_pp_baseline(
///     &rewards, &groups, Lonely::Zero, Whitening::Population, &Mask::from_lengths(&[1, 1], 1)?)?;
/// assert_eq!(centred.cells(), [1.0, -1.0]);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn reinforce_pp_baseline(
    rewards: &Rewards,
    groups: &Groups,
    lonely: Lonely,
    whitening: Whitening,
    mask: &Mask,
) -> Result<Grid<f64>, AlgoError> {
    let centred_b = Grpo { scale: Scale::None, lonely }.advantages(rewards, groups)?;
    let centred_bt = super::Advantages::Rows(centred_b).per_token(mask)?;
    whitening.apply(&centred_bt, mask)
}

/// The row form of ms-swift: Aᵢ = (rᵢ − μ_g) / (std over rows of (r − μ) + ε), not centred again.
///
/// ```
/// use rl_algos::{Groups, Positive, Rewards, advantage::reinforce_pp_baseline_rows};
/// let (rewards, groups) = (Rewards::from_scores(&[1.0, 0.0])?, Groups::from_sizes(&[2])?);
/// let advantage_b = reinforce_pp_baseline_rows(&rewards, &groups, Positive::new(1e-4)?)?;
/// assert!((advantage_b[0] - 0.5 / (0.5_f64.sqrt() + 1e-4)).abs() < 1e-12);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn reinforce_pp_baseline_rows(
    rewards: &Rewards,
    groups: &Groups,
    epsilon: Positive,
) -> Result<Vec<f64>, AlgoError> {
    let centred_b = Grpo::DR_GRPO.advantages(rewards, groups)?;
    let scale = Spread::of(centred_b.iter().copied()).std + epsilon.get();
    Ok(centred_b.into_iter().map(|centred| centred / scale).collect())
}
