//! APO: which way both likelihoods should move.

use burn::tensor::Tensor;
use burn::tensor::activation::sigmoid;

use super::{JudgedBatch, KtoWeights, PreferenceBatch, kto};
use crate::error::AlgoError;
use crate::hyper::Positive;

/// Anchored preference optimisation, zero form: chosen up, rejected down, for chosen data better than the model.
///
/// L = 1 − σ(βa) + σ(βb)
///
/// D'Oosterlinck et al., arXiv 2408.06266.
///
/// By hand: a = 0.5, b = −0.5, β = 1 → 1 − 0.62246 + 0.37754 = 0.75508.
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
/// let loss = preference::apo_zero(&batch, Positive::new(1.0)?).into_scalar::<f32>();
/// assert!((loss - 0.755_081).abs() < 1e-5);
/// # Ok::<(), AlgoError>(())
/// ```
pub fn apo_zero(batch: &PreferenceBatch, beta: Positive) -> Tensor<1> {
    let rejected_p = sigmoid(batch.rejected_gain() * beta.get());
    -sigmoid(batch.chosen_gain() * beta.get()) + 1.0 + rejected_p
}

/// The down form: both fall, rejected faster, for chosen data worse than the model.
///
/// L = σ(βa) + 1 − σ(βh)
///
/// By hand: a = 0.5, h = 1, β = 1 → 0.62246 + 1 − 0.73106 = 0.89140.
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
/// let loss = preference::apo_down(&batch, Positive::new(1.0)?).into_scalar::<f32>();
/// assert!((loss - 0.891_401).abs() < 1e-5);
/// # Ok::<(), AlgoError>(())
/// ```
pub fn apo_down(batch: &PreferenceBatch, beta: Positive) -> Tensor<1> {
    let margin_p = sigmoid(batch.margin() * beta.get());
    sigmoid(batch.chosen_gain() * beta.get()) + 1.0 - margin_p
}

/// The zero form on single judged completions: [`kto`] without a reference point.
///
/// L = w_d·(1 − σ(βa)) where desirable, w_u·σ(βa) where not
///
/// TRL's `apo_zero_unpaired`.
///
/// By hand: a = 0.5, β = w = 1, desirable → 0.37754.
///
/// # Shapes
/// `[P]`.
///
/// ```
/// # use burn::tensor::{Device, Tensor};
/// # use rl_algos::{AlgoError, Mask, Positive, preference::*};
/// # let device = Device::default();
/// # let mask = Mask::from_lengths(&[1], 1)?.to_device(&device);
/// # let score = |logp: f32| SequenceScores::new(Tensor::from_data([[logp]], &device), &mask);
/// let batch = JudgedBatch::new(score(-1.0)?, score(-1.5)?, vec![Verdict::Desirable])?;
/// let weights = KtoWeights { desirable: Positive::ONE, undesirable: Positive::ONE };
/// let loss = apo_zero_unpaired(&batch, Positive::ONE, weights)?.into_scalar::<f32>();
/// assert!((loss - 0.377_54).abs() < 1e-5);
/// # Ok::<(), AlgoError>(())
/// ```
pub fn apo_zero_unpaired(
    batch: &JudgedBatch,
    beta: Positive,
    weights: KtoWeights,
) -> Result<Tensor<1>, AlgoError> {
    let gain_p = batch.gain();
    let no_baseline = Tensor::zeros([1], (&gain_p.device(), gain_p.dtype()));
    kto(batch, beta, weights, no_baseline)
}
