//! Pass@k training: only the best completion of a group is reinforced.

use serde::{Deserialize, Serialize};

use super::Spread;
use crate::error::{AlgoError, same_length};
use crate::groups::Groups;
use crate::hyper::Positive;
use crate::rewards::Rewards;

/// Whether an advantage is divided by the deviation of its group.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Normalise {
    /// By σ_g + ε.
    ByGroup(Positive),
    /// Not at all.
    No,
}

/// The lead of the winner over the runner-up, given to the winner alone.
///
/// A_best = (r₍₁₎ − r₍₂₎) / (σ_g + ε), 0 for all other rows
///
/// | symbol | meaning |
/// |---|---|
/// | r₍₁₎, r₍₂₎ | largest and second largest reward of the group |
///
/// Tang et al., "Optimizing Language Models for Inference Time Objectives using RL", arXiv 2503.19595. A group with one scored row
/// has no runner-up and is an error.
///
/// By hand: rewards 0.2, 1, 0.5 without scaling → 0, 0.5, 0.
///
/// ```
/// use rl_algos::{Groups, Rewards, advantage::{Normalise, pass_at_k}};
/// let rewards = Rewards::from_scores(&[0.2, 1.0, 0.5])?;
/// assert_eq!(pass_at_k(&rewards, &Groups::from_sizes(&[3])?, Normalise::No)?, [0.0, 0.5, 0.0]);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn pass_at_k(rewards: &Rewards, groups: &Groups, normalise: Normalise) -> Result<Vec<f64>, AlgoError> {
    same_length("rewards", rewards.len(), groups.rows())?;
    let mut advantage_b = vec![0.0; groups.rows()];
    for (group, members) in groups.iter().enumerate() {
        let spread = Spread::of(rewards.present(members));
        if spread.count == 1 {
            return Err(AlgoError::LonelyRow { what: "pass@k", group });
        }
        let mut ranked: Vec<(f64, usize)> =
            members.iter().filter_map(|row| rewards.get(*row).map(|r| (r, *row))).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        if let [best, second, ..] = ranked[..] {
            let lead = if spread.is_flat() { 0.0 } else { best.0 - second.0 };
            advantage_b[best.1] = lead / divisor(normalise, &spread);
        }
    }
    Ok(advantage_b)
}

fn divisor(normalise: Normalise, spread: &Spread) -> f64 {
    match normalise {
        Normalise::ByGroup(epsilon) => spread.std + epsilon.get(),
        Normalise::No => 1.0,
    }
}
