//! ORPO: an odds ratio beside supervised fine-tuning.

use burn::tensor::Tensor;
use burn::tensor::activation::log_sigmoid;

use super::PairScores;
use crate::hyper::Positive;

/// The odds-ratio term; the whole ORPO loss adds the token-mean [`crate::supervised::nll`] of the chosen completions.
///
/// L = −β·ln σ(odds(s_c) − odds(s_r)),  odds(s) = s − ln(1 − e^s)
///
/// Hong et al., arXiv 2403.07691. s is limited to at most −1e-6: a certain completion has infinite odds.
///
/// By hand: s_c = −1, s_r = −3, β = 1: odds −0.54132 and −2.94894 → −ln σ(2.40761) = 0.08622.
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
/// let loss = preference::odds_ratio(&policy, Positive::new(1.0)?).into_scalar::<f32>();
/// assert!((loss - 0.086_206).abs() < 1e-5);
/// # Ok::<(), AlgoError>(())
/// ```
pub fn odds_ratio(policy: &PairScores, beta: Positive) -> Tensor<1> {
    let margin_p = log_odds(policy.chosen().mean()) - log_odds(policy.rejected().mean());
    log_sigmoid(margin_p) * -beta.get()
}

/// s − ln(1 − e^s), with 1 − e^s = −2t/(1 − t), t = tanh(s/2), which keeps its digits near s = 0.
fn log_odds(mean_p: Tensor<1>) -> Tensor<1> {
    let mean_p = mean_p.clamp_max(-1e-6);
    let t_p = (mean_p.clone() / 2.0).tanh();
    let log_rest_p = (-t_p.clone()).log() - (-t_p + 1.0).log() + std::f64::consts::LN_2;
    mean_p - log_rest_p
}
