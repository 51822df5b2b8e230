//! The hinge loss of SLiC on DPO margins.

use burn::tensor::Tensor;

use super::{PreferenceBatch, hinged};
use crate::hyper::Positive;

/// A margin of 1/β is enough.
///
/// L = max(0, 1 − βh)
///
/// Zhao et al., SLiC, arXiv 2305.10425; with DPO's margins: RSO, arXiv 2309.06657.
///
/// By hand: h = 1, β = 0.5 → 0.5.
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
/// let loss = preference::hinge(&batch, Positive::new(0.5)?).into_scalar::<f32>();
/// assert!((loss - 0.5).abs() < 1e-5);
/// # Ok::<(), AlgoError>(())
/// ```
pub fn hinge(batch: &PreferenceBatch, beta: Positive) -> Tensor<1> {
    hinged(batch.margin() * beta.get())
}
