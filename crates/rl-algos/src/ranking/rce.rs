//! Reward-weighted cross-entropy: imitate every candidate, the rewarded ones most.

use burn::tensor::{Tensor, TensorData};
use serde::{Deserialize, Serialize};

use crate::error::{AlgoError, all_finite, same_length};
use crate::hyper::Positive;

/// How the rewards of one query are brought to a common scale before they become weights.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RewardScale {
    /// (R − mean)/std within ±3; only centred when std < 1e-6.
    #[default]
    ZScoreClamped,
    /// (R − mean)/std; only centred when std < 1e-6.
    ZScore,
    /// Ranks spread evenly over [−1, 1], ties averaged.
    Rank,
    /// Left alone.
    None,
}

impl RewardScale {
    fn apply(self, rewards: &[f64]) -> Vec<f64> {
        match self {
            Self::None => rewards.to_vec(),
            Self::ZScore => z_scores(rewards),
            Self::ZScoreClamped => z_scores(rewards).into_iter().map(|z| z.clamp(-3.0, 3.0)).collect(),
            Self::Rank => ranks(rewards),
        }
    }
}

/// A temperature that moves linearly over a run.
///
/// τ(step) = start + (end − start)·step/(steps − 1), and `start` for a run of one step
///
/// ```
/// use rl_algos::{Positive, ranking::LinearTemperature};
/// let schedule = LinearTemperature { start: Positive::new(2.0)?, end: Positive::new(0.5)? };
/// assert_eq!(schedule.at(50, 101).get(), 1.25);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LinearTemperature {
    /// At the first step.
    pub start: Positive,
    /// At the last step and after it.
    pub end: Positive,
}

impl LinearTemperature {
    /// The temperature of a step, counted from 0.
    pub fn at(self, step: usize, steps: usize) -> Positive {
        let last = steps.saturating_sub(1);
        let progress = if last == 0 { 0.0 } else { step.min(last) as f64 / last as f64 };
        Positive::constant(self.start.get() * (1.0 - progress) + self.end.get() * progress)
    }
}

/// The weight of each candidate of one query.
///
/// w = softmax(R̂/τ)
///
/// By hand: rewards 1.5, 0.5, 0 unscaled with τ = 2 → 0.481024, 0.291756, 0.227220.
///
/// ```
/// use rl_algos::{Positive, ranking::{RewardScale, rce_weights}};
/// let weights = rce_weights(&[1.5, 0.5, 0.0], RewardScale::None, Positive::new(2.0)?)?;
/// assert!((weights[0] - 0.481_024).abs() < 1e-6);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn rce_weights(
    rewards: &[f64],
    scale: RewardScale,
    temperature: Positive,
) -> Result<Vec<f64>, AlgoError> {
    all_finite("rewards", rewards)?;
    Ok(softmax_of(&scale.apply(rewards), temperature.get()))
}

/// Reward-weighted cross-entropy over the candidates of one query.
///
/// L = Σᵢ wᵢ·CEᵢ,  CEᵢ = Σₛ −ln p(label of step s)
///
/// The first training stage of Lever-Plus v4: the sum over steps, weights over the query's candidates.
///
/// By hand: weights 0.481024, 0.291756, 0.227220 and CE 1, 2, 3 → 1.746195.
///
/// # Shapes
/// `cross_entropy_c` `[C]`; the result has one element.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use rl_algos::ranking::weighted_cross_entropy;
/// let cross_entropy_c = Tensor::<1>::from_data([1.0, 2.0, 3.0], &Device::default());
/// let loss = weighted_cross_entropy(cross_entropy_c, &[0.481_024, 0.291_756, 0.227_220])?;
/// assert!((loss.into_scalar::<f32>() - 1.746_195).abs() < 1e-5);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn weighted_cross_entropy(cross_entropy_c: Tensor<1>, weight_c: &[f64]) -> Result<Tensor<1>, AlgoError> {
    same_length("candidate weights", weight_c.len(), cross_entropy_c.dims()[0])?;
    all_finite("candidate weights", weight_c)?;
    let data = TensorData::new(weight_c.to_vec(), [weight_c.len()]);
    let weights = Tensor::<1>::from_data(data, (&cross_entropy_c.device(), cross_entropy_c.dtype()));
    Ok((cross_entropy_c * weights).sum())
}

/// softmax(x/τ), shifted by its maximum.
pub(super) fn softmax_of(values: &[f64], temperature: f64) -> Vec<f64> {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exponentials = values.iter().map(|value| ((value - largest) / temperature).exp()).collect::<Vec<_>>();
    let sum = exponentials.iter().sum::<f64>();
    exponentials.into_iter().map(|exponential| exponential / sum).collect()
}

fn z_scores(rewards: &[f64]) -> Vec<f64> {
    let count = rewards.len().max(1) as f64;
    let mean = rewards.iter().sum::<f64>() / count;
    let std = (rewards.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0)).sqrt();
    let scale = if std < 1e-6 { 1.0 } else { std };
    rewards.iter().map(|r| (r - mean) / scale).collect()
}

fn ranks(rewards: &[f64]) -> Vec<f64> {
    let span = rewards.len().saturating_sub(1).max(1) as f64;
    let rank = |reward: &f64| {
        let below = rewards.iter().filter(|other| *other < reward).count() as f64;
        let ties = rewards.iter().filter(|other| *other == reward).count() as f64;
        below + (ties - 1.0) / 2.0
    };
    let centred = |rank: f64| if rewards.len() < 2 { 0.0 } else { 2.0 * rank / span - 1.0 };
    rewards.iter().map(|reward| centred(rank(reward))).collect()
}
