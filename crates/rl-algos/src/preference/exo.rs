//! EXO on pairs.

use burn::tensor::Tensor;
use burn::tensor::activation::{log_sigmoid, sigmoid};

use super::{PreferenceBatch, Smoothing};
use crate::hyper::Positive;

/// Efficient exact optimisation: the reverse KL to the smoothed label.
///
/// L = σ(βh)·(ln σ(βh) − ln(1 − λ)) + σ(−βh)·(ln σ(−βh) − ln λ)
///
/// Ji et al., arXiv 2402.00856. λ must be above 0.
///
/// By hand: h = 1, β = 1, λ = 0.1 → 0.73106·(−0.31326 + 0.10536) + 0.26894·(−1.31326 + 2.30259) = 0.11409.
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
/// let loss = preference::exo_pair(&batch, Positive::new(1.0)?, Smoothing::new(0.1)?).into_scalar::<f32>();
/// assert!((loss - 0.114_082).abs() < 1e-5);
/// # Ok::<(), AlgoError>(())
/// ```
pub fn exo_pair(batch: &PreferenceBatch, beta: Positive, smoothing: Smoothing) -> Tensor<1> {
    let z_p = batch.margin() * beta.get();
    let lambda = smoothing.get();
    let term = |z_p: Tensor<1>, label: f64| sigmoid(z_p.clone()) * (log_sigmoid(z_p) - label.ln());
    term(z_p.clone(), 1.0 - lambda) + term(-z_p, lambda)
}
