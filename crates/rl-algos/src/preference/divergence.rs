//! DPO under other divergences than the reverse KL.

use burn::tensor::Tensor;
use burn::tensor::activation::log_sigmoid;

use serde::{Deserialize, Serialize};

use super::{PreferenceBatch, smoothed};
use crate::hyper::{Fraction, Positive};
use crate::log_ratio::bounded_exp;

/// The f-divergence that holds the policy near its reference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Divergence {
    /// Reverse KL: plain DPO, a itself.
    ReverseKl,
    /// Forward KL: 1 − e^(−a).
    ForwardKl,
    /// Jensen–Shannon: ln 2 + ln σ(a).
    JensenShannon,
    /// α-divergence: (e^((α−1)a) − 1)/(α − 1), with α below 1.
    Alpha(Fraction),
}

impl Divergence {
    fn of(self, gain_p: Tensor<1>) -> Tensor<1> {
        match self {
            Self::ReverseKl => gain_p,
            Self::ForwardKl => -bounded_exp(-gain_p) + 1.0,
            Self::JensenShannon => log_sigmoid(gain_p) + std::f64::consts::LN_2,
            Self::Alpha(Fraction::ONE) => gain_p,
            Self::Alpha(alpha) => {
                let slope = alpha.get() - 1.0;
                (bounded_exp(gain_p * slope) - 1.0) / slope
            }
        }
    }
}

/// DPO's sigmoid loss with a and b transformed.
///
/// L = −ln σ(β(f(a) − f(b)))
///
/// Wang et al., "Beyond Reverse KL", arXiv 2309.16240; TRL's `f_divergence_type`. α = 1 is the reverse KL.
///
/// By hand: Jensen–Shannon, a = 0.5, b = −0.5: ln σ(0.5) − ln σ(−0.5) = 0.5 → −ln σ(0.5) = 0.47408.
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
/// let loss = preference::sigmoid_divergence(&batch, Positive::new(1.0)?, Divergence::JensenShannon).into_scalar::<f32>();
/// assert!((loss - 0.474_077).abs() < 1e-5);
/// # Ok::<(), AlgoError>(())
/// ```
pub fn sigmoid_divergence(batch: &PreferenceBatch, beta: Positive, divergence: Divergence) -> Tensor<1> {
    let margin_p = divergence.of(batch.chosen_gain()) - divergence.of(batch.rejected_gain());
    smoothed(margin_p * beta.get(), Fraction::ZERO)
}
