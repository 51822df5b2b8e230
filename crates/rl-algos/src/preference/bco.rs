//! BCO on pairs.

use burn::tensor::Tensor;
use burn::tensor::activation::log_sigmoid;

use super::PreferenceBatch;
use crate::hyper::Positive;

/// Binary classifier optimisation: chosen against reference, rejected against reference, each on its own.
///
/// L = −ln σ(βa) − ln σ(−βb)
///
/// Jung et al., arXiv 2404.04656, without the reward shift; TRL's `bco_pair`, a part of MPO.
///
/// By hand: a = 0.5, b = −0.5, β = 1 → 2·0.47408 = 0.94815.
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
/// let loss = preference::bco_pair(&batch, Positive::new(1.0)?).into_scalar::<f32>();
/// assert!((loss - 0.948_154).abs() < 1e-5);
/// # Ok::<(), AlgoError>(())
/// ```
pub fn bco_pair(batch: &PreferenceBatch, beta: Positive) -> Tensor<1> {
    let rejected_p = batch.rejected_gain() * beta.get();
    -log_sigmoid(batch.chosen_gain() * beta.get()) - log_sigmoid(-rejected_p)
}
