//! Robust DPO, and the smoothing it needs.

use burn::tensor::Tensor;
use burn::tensor::activation::log_sigmoid;

use serde::{Deserialize, Serialize};

use super::PreferenceBatch;
use crate::error::{AlgoError, in_range};
use crate::hyper::Positive;

/// A share of flipped labels strictly between 0 and ½.
///
/// ```
/// use rl_algos::preference::Smoothing;
/// assert!(Smoothing::new(0.1).is_ok() && Smoothing::new(0.5).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64")]
pub struct Smoothing(f64);

impl Smoothing {
    /// Accepts 0 < λ < ½: at ½ a label says nothing.
    pub fn new(lambda: f64) -> Result<Self, AlgoError> {
        in_range("label smoothing", lambda, "a number above 0 and below 0.5", |v| v > 0.0 && v < 0.5)
            .map(Self)
    }

    /// The number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Smoothing {
    type Error = AlgoError;

    fn try_from(lambda: f64) -> Result<Self, AlgoError> {
        Self::new(lambda)
    }
}

/// DPO that is unbiased under a known share of flipped labels.
///
/// L = \[−(1 − λ)·ln σ(βh) + λ·ln σ(−βh)\] / (1 − 2λ)
///
/// Chowdhury et al., arXiv 2403.00409. Unlike conservative DPO the second term has the other sign; losses can be
/// negative.
///
/// By hand: h = 1, β = 1, λ = 0.1 → (0.9·0.31326 − 0.1·1.31326) / 0.8 = 0.18826.
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
/// let loss = preference::robust(&batch, Positive::new(1.0)?, Smoothing::new(0.1)?).into_scalar::<f32>();
/// assert!((loss - 0.188_262).abs() < 1e-5);
/// # Ok::<(), AlgoError>(())
/// ```
pub fn robust(batch: &PreferenceBatch, beta: Positive, smoothing: Smoothing) -> Tensor<1> {
    let z_p = batch.margin() * beta.get();
    let lambda = smoothing.get();
    (log_sigmoid(-z_p.clone()) * lambda - log_sigmoid(z_p) * (1.0 - lambda)) / (1.0 - 2.0 * lambda)
}
