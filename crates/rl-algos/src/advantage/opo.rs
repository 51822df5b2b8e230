//! OPO: the baseline that minimises the gradient's variance, approximated by lengths.

use super::{Lonely, Spread};
use crate::error::{AlgoError, same_length};
use crate::groups::Groups;
use crate::rewards::Rewards;

/// Length-weighted group baseline.
///
/// Aᵢ = rᵢ − Σⱼ nⱼ rⱼ / Σⱼ nⱼ  (j over the group of i)
///
/// Hao et al., "On-Policy RL with Optimal Reward Baseline", arXiv 2505.23585. `tokens_b` holds nᵢ. A group without
/// any token uses the plain mean.
///
/// By hand: rewards 1, 0 with lengths 3, 1 → baseline 3/4, advantages 1/4 and −3/4.
///
/// ```
/// use rl_algos::{Groups, Rewards, advantage::{Lonely, opo}};
/// let rewards = Rewards::from_scores(&[1.0, 0.0])?;
/// assert_eq!(opo(&rewards, &Groups::from_sizes(&[2])?, &[3, 1], Lonely::Zero)?, [0.25, -0.75]);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn opo(
    rewards: &Rewards,
    groups: &Groups,
    tokens_b: &[usize],
    lonely: Lonely,
) -> Result<Vec<f64>, AlgoError> {
    same_length("rewards", rewards.len(), groups.rows())?;
    same_length("tokens per row", tokens_b.len(), groups.rows())?;
    let mut advantage_b = vec![0.0; groups.rows()];
    for members in groups.iter() {
        let spread = Spread::of(rewards.present(members));
        let baseline = match (spread.count, lonely) {
            (1, Lonely::KeepReward) => 0.0,
            _ => length_weighted_mean(rewards, members, tokens_b).unwrap_or(spread.mean),
        };
        let informative = !spread.is_flat() || (spread.count, lonely) == (1, Lonely::KeepReward);
        for row in members.iter().filter(|_| informative) {
            advantage_b[*row] = rewards.get(*row).map_or(0.0, |reward| reward - baseline);
        }
    }
    Ok(advantage_b)
}

fn length_weighted_mean(rewards: &Rewards, members: &[usize], tokens_b: &[usize]) -> Option<f64> {
    let scored =
        members.iter().filter_map(|row| rewards.get(*row).map(|reward| (reward, tokens_b[*row] as f64)));
    let (sum, tokens) = scored.fold((0.0, 0.0), |(sum, tokens), (reward, n)| (sum + n * reward, tokens + n));
    (tokens > 0.0).then(|| sum / tokens)
}
