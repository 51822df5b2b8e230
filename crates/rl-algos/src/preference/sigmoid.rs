//! DPO.

use burn::tensor::Tensor;

use super::{PreferenceBatch, smoothed};
use crate::hyper::{Fraction, Positive};

/// Direct preference optimisation, with label smoothing for labels that may be wrong (conservative DPO).
///
/// L = −(1 − λ)·ln σ(βh) − λ·ln σ(−βh)
///
/// Rafailov et al., arXiv 2305.18290; the smoothing: Mitchell, "A note on DPO with noisy preferences" (2023).
///
/// By hand: h = 1, β = 1, λ = 0 → −ln σ(1) = 0.31326.
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
/// let reference = PairScores::new(score(-1.5)?, score(-2.5)?)?;
/// let batch = PreferenceBatch::new(policy, reference)?; // a = 0.5, b = −0.5, h = 1
/// let loss = preference::sigmoid(&batch, Positive::new(1.0)?, Fraction::ZERO).into_scalar::<f32>();
/// assert!((loss - 0.313_262).abs() < 1e-5);
/// # Ok::<(), AlgoError>(())
/// ```
pub fn sigmoid(batch: &PreferenceBatch, beta: Positive, smoothing: Fraction) -> Tensor<1> {
    smoothed(batch.margin() * beta.get(), smoothing)
}

/// DPO on length-normalised margins.
///
/// L = −ln σ(β(a/n_c − b/n_r))
///
/// Tulu 3, arXiv 2411.15124; TRL's `sigmoid_norm`.
///
/// By hand: completions of one token are their own mean: h = 1, β = 1 → 0.31326.
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
/// let reference = PairScores::new(score(-1.5)?, score(-2.5)?)?;
/// let batch = PreferenceBatch::new(policy, reference)?; // a = 0.5, b = −0.5, h = 1
/// let loss = preference::sigmoid_norm(&batch, Positive::new(1.0)?).into_scalar::<f32>();
/// assert!((loss - 0.313_262).abs() < 1e-5);
/// # Ok::<(), AlgoError>(())
/// ```
pub fn sigmoid_norm(batch: &PreferenceBatch, beta: Positive) -> Tensor<1> {
    smoothed(batch.mean_margin() * beta.get(), Fraction::ZERO)
}
