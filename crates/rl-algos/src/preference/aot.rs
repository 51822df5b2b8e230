//! AOT: alignment of distributions instead of pairs.

use burn::tensor::Tensor;

use super::{PreferenceBatch, smoothed};
use crate::hyper::{Fraction, Positive};

/// Alignment via optimal transport, paired: the sorted margins of the policy should exceed those of the reference.
///
/// z = sort(S_c − S_r) − sort(F_c − F_r) over the batch,  L = −(1 − λ)·ln σ(βz) − λ·ln σ(−βz)
///
/// Melnyk et al., arXiv 2406.05882. The whole batch takes part in each loss: micro-batches change the result.
///
/// By hand: with one pair sorting does nothing: z = h = 1 → 0.31326.
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
/// let loss = preference::aot(&batch, Positive::new(1.0)?, Fraction::ZERO).into_scalar::<f32>();
/// assert!((loss - 0.313_262).abs() < 1e-5);
/// # Ok::<(), AlgoError>(())
/// ```
pub fn aot(batch: &PreferenceBatch, beta: Positive, smoothing: Fraction) -> Tensor<1> {
    let z_p = sorted(batch.policy().margin()) - sorted(batch.reference().margin());
    smoothed(z_p * beta.get(), smoothing)
}

/// The unpaired form: chosen gains against rejected gains, each sorted.
///
/// z = sort(a) − sort(b)
///
/// By hand: one pair, z = h = 1 → 0.31326.
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
/// let loss = preference::aot_unpaired(&batch, Positive::new(1.0)?, Fraction::ZERO).into_scalar::<f32>();
/// assert!((loss - 0.313_262).abs() < 1e-5);
/// # Ok::<(), AlgoError>(())
/// ```
pub fn aot_unpaired(batch: &PreferenceBatch, beta: Positive, smoothing: Fraction) -> Tensor<1> {
    let z_p = sorted(batch.chosen_gain()) - sorted(batch.rejected_gain());
    smoothed(z_p * beta.get(), smoothing)
}

/// Ascending, with the gradient carried along.
fn sorted(values_p: Tensor<1>) -> Tensor<1> {
    let order_p = values_p.clone().detach().argsort(0);
    values_p.select(0, order_p)
}
