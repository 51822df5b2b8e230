//! DiscoPOP: a loss found by a language model.

use burn::tensor::Tensor;
use burn::tensor::activation::{log_sigmoid, sigmoid};

use super::PreferenceBatch;
use crate::hyper::Positive;
use crate::log_ratio::bounded_exp;

/// Log-ratio modulated loss: logistic for small margins, exponential for large ones.
///
/// g = σ(βh/τ),  L = (1 − g)·(−ln σ(βh)) + g·e^(−βh)
///
/// Lu et al., arXiv 2406.08414; τ = 0.05.
///
/// By hand: h = 1, β = 1, τ = 1 → 0.26894·0.31326 + 0.73106·0.36788 = 0.35319.
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
/// let loss = preference::discopop(&batch, Positive::new(1.0)?, Positive::new(1.0)?).into_scalar::<f32>();
/// assert!((loss - 0.353_190).abs() < 1e-5);
/// # Ok::<(), AlgoError>(())
/// ```
pub fn discopop(batch: &PreferenceBatch, beta: Positive, tau: Positive) -> Tensor<1> {
    let z_p = batch.margin() * beta.get();
    let gate_p = sigmoid(z_p.clone() / tau.get());
    let logistic_p = -log_sigmoid(z_p.clone());
    (-gate_p.clone() + 1.0) * logistic_p + gate_p * bounded_exp(-z_p)
}
