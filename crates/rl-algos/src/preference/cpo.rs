//! CPO: preferences without a reference model.

use burn::tensor::Tensor;

use super::{PairScores, hinged, smoothed, squared};
use crate::hyper::{Fraction, Positive};

/// Contrastive preference optimisation, sigmoid form.
///
/// L = −(1 − λ)·ln σ(β(S_c − S_r)) − λ·ln σ(−β(S_c − S_r))
///
/// Xu et al., arXiv 2401.08417. The paper adds the NLL of the chosen completions: [`crate::supervised::nll`].
///
/// By hand: S_c = −1, S_r = −3, β = 1 → −ln σ(2) = 0.12693.
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
/// let loss = preference::cpo_sigmoid(&policy, Positive::new(1.0)?, Fraction::ZERO).into_scalar::<f32>();
/// assert!((loss - 0.126_928).abs() < 1e-5);
/// # Ok::<(), AlgoError>(())
/// ```
pub fn cpo_sigmoid(policy: &PairScores, beta: Positive, smoothing: Fraction) -> Tensor<1> {
    smoothed(policy.margin() * beta.get(), smoothing)
}

/// The hinge form.
///
/// L = max(0, 1 − β(S_c − S_r))
///
/// By hand: S_c − S_r = 2, β = 0.25 → 0.5.
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
/// let loss = preference::cpo_hinge(&policy, Positive::new(0.25)?).into_scalar::<f32>();
/// assert!((loss - 0.5).abs() < 1e-5);
/// # Ok::<(), AlgoError>(())
/// ```
pub fn cpo_hinge(policy: &PairScores, beta: Positive) -> Tensor<1> {
    hinged(policy.margin() * beta.get())
}

/// The IPO form, on averaged log-probabilities.
///
/// L = (s_c − s_r − 1/(2β))²
///
/// By hand: s_c − s_r = 2, β = 1 → 1.5² = 2.25.
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
/// let loss = preference::cpo_ipo(&policy, Positive::new(1.0)?).into_scalar::<f32>();
/// assert!((loss - 2.25).abs() < 1e-5);
/// # Ok::<(), AlgoError>(())
/// ```
pub fn cpo_ipo(policy: &PairScores, beta: Positive) -> Tensor<1> {
    squared(policy.mean_margin() - 0.5 / beta.get())
}
