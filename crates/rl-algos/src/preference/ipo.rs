//! IPO: a target margin instead of an ever growing one.

use burn::tensor::Tensor;

use super::{PreferenceBatch, squared};
use crate::hyper::Positive;

/// Identity preference optimisation on averaged log-probabilities, as in TRL.
///
/// L = (a/n_c − b/n_r − 1/(2β))²
///
/// Azar et al., arXiv 2310.12036.
///
/// By hand: h = 1, β = 1 → (1 − 0.5)² = 0.25.
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
/// let loss = preference::ipo(&batch, Positive::new(1.0)?).into_scalar::<f32>();
/// assert!((loss - 0.25).abs() < 1e-5);
/// # Ok::<(), AlgoError>(())
/// ```
pub fn ipo(batch: &PreferenceBatch, beta: Positive) -> Tensor<1> {
    squared(batch.mean_margin() - 0.5 / beta.get())
}

/// The same on summed log-probabilities, as in the paper's code and OpenRLHF.
///
/// L = (h − 1/(2β))²
///
/// By hand: h = 1, β = 1 → 0.25.
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
/// let loss = preference::ipo_sum(&batch, Positive::new(1.0)?).into_scalar::<f32>();
/// assert!((loss - 0.25).abs() < 1e-5);
/// # Ok::<(), AlgoError>(())
/// ```
pub fn ipo_sum(batch: &PreferenceBatch, beta: Positive) -> Tensor<1> {
    squared(batch.margin() - 0.5 / beta.get())
}
