//! SimPO: averaged log-probabilities as reward, with a margin.

use burn::tensor::Tensor;

use serde::{Deserialize, Serialize};

use super::{PairScores, smoothed};
use crate::hyper::{Fraction, Positive};

/// The knobs of [`simpo`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Simpo {
    /// β, 2 to 10 in the paper.
    pub beta: Positive,
    /// γ, the margin that a pair must reach; 0.5 in TRL.
    pub margin: f64,
    /// λ.
    pub smoothing: Fraction,
}

/// Simple preference optimisation: no reference, no reward for length.
///
/// z = β(s_c − s_r) − γ,  L = −(1 − λ)·ln σ(z) − λ·ln σ(−z)
///
/// Meng et al., arXiv 2405.14734.
///
/// By hand: s_c − s_r = 2, β = 1, γ = 1 → −ln σ(1) = 0.31326.
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
/// let loss = preference::simpo(&policy, Simpo { beta: Positive::new(1.0)?, margin: 1.0, smoothing: Fraction::ZERO }).into_scalar::<f32>();
/// assert!((loss - 0.313_262).abs() < 1e-5);
/// # Ok::<(), AlgoError>(())
/// ```
pub fn simpo(policy: &PairScores, config: Simpo) -> Tensor<1> {
    smoothed(policy.mean_margin() * config.beta.get() - config.margin, config.smoothing)
}
