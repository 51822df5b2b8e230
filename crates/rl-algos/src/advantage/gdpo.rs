//! GDPO: every reward function is normalised on its own before they are added.

use super::{Grpo, Lonely, Scale, Spread, Whitening};
use crate::error::{AlgoError, all_finite, same_length};
use crate::grid::Grid;
use crate::groups::Groups;
use crate::hyper::Positive;
use crate::mask::Mask;
use crate::rewards::Rewards;

/// Group-decoupled normalisation: rewards with different spreads keep their weights.
///
/// zᵢₖ = (rᵢₖ − μ_{g,k}) / (σ_{g,k} + ε),  sᵢ = Σₖ wₖ zᵢₖ,  Aᵢ = (sᵢ − mean s) / (std s + ε) over the batch
///
/// | symbol | meaning |
/// |---|---|
/// | rᵢₖ | reward k of row i; missing ones are skipped |
/// | wₖ | weight of reward k |
///
/// Liu et al., arXiv 2601.05242; TRL's `multi_objective_aggregation="normalize_then_sum"`.
///
/// By hand: with one reward and one group, s is GRPO's advantage and the batch step rescales it to deviation 1:
/// rewards 1, 0 → s = ±0.70701, A = ±0.70700.
///
/// ```
/// use rl_algos::{Groups, Positive, advantage::gdpo};
/// let components = [vec![Some(1.0)], vec![Some(0.0)]];
/// let advantage_b = gdpo(&components, &[1.0], &Groups::from_sizes(&[2])?, Positive::new(1e-4)?)?;
/// assert!((advantage_b[0] - 0.707_04).abs() < 1e-4);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn gdpo(
    components: &[Vec<Option<f64>>],
    weights: &[f64],
    groups: &Groups,
    epsilon: Positive,
) -> Result<Vec<f64>, AlgoError> {
    let each = Grpo { scale: Scale::Group(epsilon), lonely: Lonely::Zero };
    let score_b = weighted_scores(components, weights, groups, each)?;
    let batch = Spread::of(score_b.iter().copied().flatten());
    Ok(score_b.into_iter().map(|score| score.map_or(0.0, |s| batch.standardise(s, epsilon))).collect())
}

/// verl's form: the weighted sum of scores is given to every token of its row and whitened over tokens;
/// a row that is alone with a reward keeps it, as in verl's GRPO.
///
/// ```
/// use rl_algos::{Groups, Mask, Positive, advantage::gdpo_tokens};
/// let components = [vec![Some(1.0)], vec![Some(0.0)]];
/// let mask = Mask::from_lengths(&[1, 1], 1)?;
/// let advantage_bt = gdpo_tokens(&components, &[1.0], &Groups::from_sizes(&[2])?, Positive::new(1e-6)?, &mask)?;
/// assert!((advantage_bt.cells()[0] - 0.707_1).abs() < 1e-4);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn gdpo_tokens(
    components: &[Vec<Option<f64>>],
    weights: &[f64],
    groups: &Groups,
    epsilon: Positive,
    mask: &Mask,
) -> Result<Grid<f64>, AlgoError> {
    let each = Grpo { scale: Scale::Group(epsilon), lonely: Lonely::KeepReward };
    let score_b = weighted_scores(components, weights, groups, each)?;
    same_length("reward components", score_b.len(), mask.shape()[0])?;
    Whitening::Sample.apply(&mask.fill(|row, _| score_b[row].unwrap_or(0.0)), mask)
}

/// s of every row that has any reward.
fn weighted_scores(
    components: &[Vec<Option<f64>>],
    weights: &[f64],
    groups: &Groups,
    each: Grpo,
) -> Result<Vec<Option<f64>>, AlgoError> {
    all_finite("reward weights", weights)?;
    components
        .iter()
        .try_for_each(|row| same_length("reward components of a row", row.len(), weights.len()))?;
    let mut score_b = vec![0.0; components.len()];
    for (k, weight) in weights.iter().enumerate() {
        let rewards = Rewards::new(components.iter().map(|row| row[k]).collect())?;
        let z_b = each.advantages(&rewards, groups)?;
        score_b.iter_mut().zip(z_b).for_each(|(score, z)| *score += weight * z);
    }
    let scored = components.iter().map(|row| row.iter().any(Option::is_some));
    Ok(score_b.into_iter().zip(scored).map(|(score, scored)| scored.then_some(score)).collect())
}
