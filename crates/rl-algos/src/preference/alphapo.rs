//! AlphaPO: SimPO with a bent reward.

use burn::tensor::Tensor;

use serde::{Deserialize, Serialize};

use super::{PairScores, Simpo, smoothed};
use crate::hyper::Positive;
use crate::log_ratio::bounded_exp;

/// The knobs of [`alphapo`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Alphapo {
    /// Everything SimPO has.
    pub simpo: Simpo,
    /// α: how strongly the reward is bent; towards 0 it is SimPO's.
    pub alpha: Positive,
}

/// Reward shaping by a power of the likelihood.
///
/// f(s) = (1 − e^(−αs))/α,  z = β(f(s_c) − f(s_r)) − γ,  L as in [`super::simpo`]
///
/// Gupta et al., arXiv 2501.03884.
///
/// By hand: s_c = −1, s_r = −3, α = β = 1, γ = 0 → f = 1 − e, 1 − e³: z = 17.36726 → e^(−z) = 0.00000.
///
/// # Shapes
/// `[P]`.
///
/// ```
/// # use burn::tensor::{Device, Tensor};
/// # use rl_algos::{AlgoError, Fraction, Mask, Positive, preference::{self, *}};
/// # let device = Device::default();
/// # let mask = Mask::from_lengths(&[1], 1)?.to_device(&device);
/// # let score = |logp: f32| SequenceScores::new(Tensor::from_data([[logp]], &device), &mask);
/// let policy = PairScores::new(score(-1.0)?, score(-3.0)?)?;
/// let simpo = Simpo { beta: Positive::new(1.0)?, margin: 0.0, smoothing: Fraction::ZERO };
/// let loss = preference::alphapo(&policy, Alphapo { simpo, alpha: Positive::new(1.0)? }).into_scalar::<f32>();
/// assert!((loss - 0.0).abs() < 1e-5);
/// # Ok::<(), AlgoError>(())
/// ```
pub fn alphapo(policy: &PairScores, config: Alphapo) -> Tensor<1> {
    let Alphapo { simpo, alpha } = config;
    let bend = |mean_p: Tensor<1>| (-bounded_exp(mean_p * -alpha.get()) + 1.0) / alpha.get();
    let margin_p = bend(policy.chosen().mean()) - bend(policy.rejected().mean());
    smoothed(margin_p * simpo.beta.get() - simpo.margin, simpo.smoothing)
}
