//! SPPO with hard labels.

use burn::tensor::Tensor;

use super::{PreferenceBatch, squared};
use crate::hyper::Positive;

/// Self-play preference optimisation: implicit rewards of ±1/(2β).
///
/// L = (a − 1/(2β))² + (b + 1/(2β))²
///
/// Wu et al., arXiv 2405.00675.
///
/// By hand: a = 0.5, b = −0.5, β = 0.5 → 0.25 + 0.25.
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
/// let loss = preference::sppo_hard(&batch, Positive::new(0.5)?).into_scalar::<f32>();
/// assert!((loss - 0.5).abs() < 1e-5);
/// # Ok::<(), AlgoError>(())
/// ```
pub fn sppo_hard(batch: &PreferenceBatch, beta: Positive) -> Tensor<1> {
    let target = 0.5 / beta.get();
    squared(batch.chosen_gain() - target) + squared(batch.rejected_gain() + target)
}
