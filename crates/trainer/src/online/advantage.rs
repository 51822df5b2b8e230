//! From the rewards of a generation to an advantage for every token.

use super::experience::{Experience, Written};
use rl_algos::advantage::{self, Grpo, Lonely, Normalise, ReinforcePp, Whitening};
use rl_algos::kl::{Estimator, token_penalty};
use rl_algos::{Advantages, AlgoError, Grid, Groups, Mask, Positive, Rewards};

/// How good a token was, compared with what was expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AdvantageRule {
    /// (r − μ_g) / σ_g.
    Grpo(Grpo),
    /// r minus the mean of the others.
    Rloo,
    /// (r − μ_g) / μ_g.
    MaxRl,
    /// r minus the length-weighted mean.
    Opo,
    /// Centred rewards, scaled by the share of groups that earn any.
    Gpg,
    /// The lead of a group's best over its second, for the best alone.
    PassAtK(Normalise),
    /// Every reward function standardised on its own, then added and standardised again.
    Gdpo,
    /// r minus the reward of the greedy completion.
    Remax,
    /// Centred by group, whitened over the batch.
    ReinforcePpBaseline,
    /// Discounted returns with the KL in the reward, whitened over the batch.
    ReinforcePp {
        /// Discount and whitening.
        returns: ReinforcePp,
        /// β of the KL in the reward, 0 for none.
        kl: f64,
    },
}

impl AdvantageRule {
    /// Whether log-probabilities under the reference are needed.
    pub fn needs_reference(self) -> bool {
        matches!(self, Self::ReinforcePp { kl, .. } if kl != 0.0)
    }

    /// Whether every prompt is answered greedily, too.
    pub fn needs_greedy(self) -> bool {
        self == Self::Remax
    }

    /// Writes the advantage of every token of a whole generation; `weights` are those of the reward functions.
    pub fn apply(self, generation: &mut [Experience], weights: &[f64]) -> Result<(), AlgoError> {
        let rows: Vec<&Written> = generation.iter().flat_map(|experience| &experience.completions).collect();
        let sizes: Vec<usize> = generation.iter().map(|experience| experience.completions.len()).collect();
        let groups = Groups::from_sizes(&sizes)?;
        let rewards = Rewards::new(rows.iter().map(|row| row.reward).collect())?;
        let lengths: Vec<usize> = rows.iter().map(|row| row.token_ids.len()).collect();
        let mask = Mask::from_lengths(&lengths, lengths.iter().copied().max().unwrap_or(0))?;
        let advantages = match self {
            Self::Grpo(grpo) => Advantages::Rows(grpo.advantages(&rewards, &groups)?),
            Self::Rloo => Advantages::Rows(advantage::rloo(&rewards, &groups, Lonely::Zero)?),
            Self::MaxRl => Advantages::Rows(advantage::maxrl(&rewards, &groups)?),
            Self::Opo => Advantages::Rows(advantage::opo(&rewards, &groups, &lengths, Lonely::Zero)?),
            Self::Gpg => Advantages::Rows(advantage::gpg(&rewards, &groups, Lonely::Zero)?),
            Self::PassAtK(normalise) => Advantages::Rows(advantage::pass_at_k(&rewards, &groups, normalise)?),
            Self::Gdpo => {
                let component =
                    |f: usize| rows.iter().map(|row| row.components.get(f).copied().flatten()).collect();
                let components: Vec<Vec<Option<f64>>> = (0..weights.len()).map(component).collect();
                Advantages::Rows(advantage::gdpo(&components, weights, &groups, Positive::new(1e-4)?)?)
            }
            Self::Remax => {
                let greedy = |experience: &Experience| {
                    vec![experience.greedy_reward.unwrap_or(0.0); experience.completions.len()]
                };
                let greedy_b: Vec<f64> = generation.iter().flat_map(greedy).collect();
                Advantages::Rows(advantage::remax(&rewards, &greedy_b)?)
            }
            Self::ReinforcePpBaseline => {
                let whitening = Whitening::SampleLenient;
                Advantages::Tokens(advantage::reinforce_pp_baseline(
                    &rewards,
                    &groups,
                    Lonely::Zero,
                    whitening,
                    &mask,
                )?)
            }
            Self::ReinforcePp { returns, kl } => {
                let penalty = if kl == 0.0 { None } else { Some(penalty(&rows, &mask, kl)?) };
                let rewards: Vec<f64> = rewards.iter().map(|reward| reward.unwrap_or(0.0)).collect();
                returns.advantages(&rewards, penalty.as_ref(), &mask)?.into()
            }
        };
        let advantage_bt = advantages.per_token(&mask)?;
        let written = generation.iter_mut().flat_map(|experience| &mut experience.completions);
        for (row, written) in written.enumerate() {
            written.advantages = advantage_bt.row(row)[..written.token_ids.len()].to_vec();
        }
        Ok(())
    }
}

/// β·k3 of every token, k3 within ±10 as MAYE clamps it.
fn penalty(rows: &[&Written], mask: &Mask, beta: f64) -> Result<Grid<f64>, AlgoError> {
    let cells = |of: &dyn Fn(&Written) -> Option<&[f32]>| {
        mask.fill(|row, t| {
            of(rows[row]).and_then(|values| values.get(t)).map_or(0.0, |value| f64::from(*value))
        })
    };
    let old_bt = cells(&|row| Some(&row.logprobs));
    let reference_bt = cells(&|row| row.reference.as_deref());
    token_penalty(&old_bt, &reference_bt, mask, |d| beta * Estimator::K3.of(d).clamp(-10.0, 10.0))
}
