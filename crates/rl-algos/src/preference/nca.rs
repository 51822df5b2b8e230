//! NCA: noise contrast, so that the chosen likelihood does not fall.

use burn::tensor::Tensor;
use burn::tensor::activation::log_sigmoid;

use super::PreferenceBatch;
use crate::hyper::Positive;

/// Pairwise noise-contrastive alignment.
///
/// L = −ln σ(βa) − ½·ln σ(−βa) − ½·ln σ(−βb)
///
/// Chen et al., arXiv 2402.05369.
///
/// By hand: a = 0.5, b = −0.5, β = 1 → 0.47408 + ½·0.97408 + ½·0.47408 = 1.19816.
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
/// let loss = preference::nca_pair(&batch, Positive::new(1.0)?).into_scalar::<f32>();
/// assert!((loss - 1.198_154).abs() < 1e-5);
/// # Ok::<(), AlgoError>(())
/// ```
pub fn nca_pair(batch: &PreferenceBatch, beta: Positive) -> Tensor<1> {
    let chosen_p = batch.chosen_gain() * beta.get();
    let rejected_p = batch.rejected_gain() * beta.get();
    -log_sigmoid(chosen_p.clone()) - (log_sigmoid(-chosen_p) + log_sigmoid(-rejected_p)) * 0.5
}
