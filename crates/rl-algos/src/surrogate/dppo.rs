//! DPPO: trust regions measured in probability, not in ratio.

use burn::tensor::{Bool, Tensor};
use serde::{Deserialize, Serialize};

use crate::hyper::Positive;
use crate::policy_batch::PolicyBatch;

/// Keeps ln(1 − p) finite.
const TINY: f64 = 1e-8;

/// How far a probability may move: `low` down, `high` up.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DivergenceLimits {
    /// d_low: for tokens to be made rarer.
    pub low: Positive,
    /// d_high: for tokens to be made more frequent.
    pub high: Positive,
}

/// Total-variation mask: a token stops learning once its probability moved far enough in its direction.
///
/// L = −A·sg(min(ρ, c))·ℓ·keep;  keep: p − pᵒ ≤ d_high if A > 0, else p − pᵒ ≥ −d_low
///
/// | symbol | meaning |
/// |---|---|
/// | p, pᵒ | e^ℓ, e^ℓᵒ |
/// | c | cap on the weight: the actor's dual-clip constant in verl, 3 |
///
/// Qi et al., "Rethinking the Trust Region in LLM Reinforcement Learning", arXiv 2602.04879; verl's `dppo_tv`.
///
/// By hand: p = 0.75, pᵒ = 0.5, A = 1: with d_high = 0.2 the token is dropped, with 0.3 it gives −1.5·ln 0.75.
///
/// # Shapes
/// `[B, T]`.
///
/// ```
/// # use burn::tensor::{Device, Tensor};
/// # use rl_algos::{Advantages, AlgoError, ClipBand, Fraction, Mask, Positive, PolicyBatch, surrogate};
/// # let device = Device::default();
/// # let mask = Mask::from_lengths(&[1], 1)?.to_device(&device);
/// let (ratio, advantage, old) = (1.5_f32, 1.0, 0.5_f32);
/// let logp_bt = Tensor::<2>::from_data([[(old * ratio).ln()]], &device);
/// let old_bt = Tensor::<2>::from_data([[old.ln()]], &device);
/// let batch = PolicyBatch::new(logp_bt, old_bt, &Advantages::Rows(vec![advantage]), &mask)?;
/// let cap = Positive::new(3.0)?;
/// let loss = |d| Ok::<f32, AlgoError>(surrogate::dppo_tv(&batch, limits(d)?, cap).into_scalar());
/// # fn limits(d: f64) -> Result<surrogate::DivergenceLimits, AlgoError> {
/// #     Ok(surrogate::DivergenceLimits { low: Positive::new(d)?, high: Positive::new(d)? })
/// # }
/// assert_eq!(loss(0.2)?, 0.0);
/// assert!((loss(0.3)? - 0.431_52).abs() < 1e-5);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn dppo_tv(batch: &PolicyBatch, limits: DivergenceLimits, cap: Positive) -> Tensor<2> {
    capped_score(batch, cap).mask_fill(outside_tv(batch, limits), 0.0)
}

/// The same with a binary KL divergence as the measure.
///
/// b = pᵒ(ℓᵒ − ℓ) + (1 − pᵒ)·ln((1 − pᵒ + 1e-8)/(1 − p + 1e-8));  keep: b ≤ d, or the move is back towards pᵒ
///
/// d is d_high where A > 0, else d_low. arXiv 2602.04879; verl's `dppo_kl`.
///
/// By hand: p = 0.75, pᵒ = 0.5 → b = 0.14384, so d = 0.1 drops a good token and keeps a bad one.
///
/// # Shapes
/// `[B, T]`.
///
/// ```
/// # use burn::tensor::{Device, Tensor};
/// # use rl_algos::{Advantages, AlgoError, ClipBand, Fraction, Mask, Positive, PolicyBatch, surrogate};
/// # let device = Device::default();
/// # let mask = Mask::from_lengths(&[1], 1)?.to_device(&device);
/// let (ratio, advantage, old) = (1.5_f32, 1.0, 0.5_f32);
/// let logp_bt = Tensor::<2>::from_data([[(old * ratio).ln()]], &device);
/// let old_bt = Tensor::<2>::from_data([[old.ln()]], &device);
/// let batch = PolicyBatch::new(logp_bt, old_bt, &Advantages::Rows(vec![advantage]), &mask)?;
/// let limits = surrogate::DivergenceLimits { low: Positive::new(0.1)?, high: Positive::new(0.1)? };
/// assert_eq!(surrogate::dppo_kl(&batch, limits, Positive::new(3.0)?).into_scalar::<f32>(), 0.0);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn dppo_kl(batch: &PolicyBatch, limits: DivergenceLimits, cap: Positive) -> Tensor<2> {
    let (logp_bt, old_bt) = (batch.logp().detach(), batch.old_logp());
    let (p_bt, p_old_bt) = (logp_bt.clone().exp(), old_bt.clone().exp());
    let rest = |p_bt: Tensor<2>| -p_bt + 1.0;
    let log_rest = |p_bt: Tensor<2>| (rest(p_bt) + TINY).clamp_min(TINY).log();
    let kl_bt = p_old_bt.clone() * (old_bt.clone() - logp_bt.clone())
        + rest(p_old_bt.clone()) * (log_rest(p_old_bt.clone()) - log_rest(p_bt));
    let rising_bt = logp_bt.greater(old_bt);
    let good_bt = batch.advantage().greater_elem(0.0);
    let too_high_bt = kl_bt.clone().greater_elem(limits.high.get()).bool_and(rising_bt.clone());
    let too_low_bt = kl_bt.greater_elem(limits.low.get()).bool_and(rising_bt.bool_not());
    let drop_bt = choose(good_bt, too_high_bt, too_low_bt);
    capped_score(batch, cap).mask_fill(drop_bt, 0.0)
}

/// prime-rl's form: the total-variation mask on the importance-weighted loss, and a quadratic pull to the sampler.
///
/// L = −keep·A·ρ + q·δ²
///
/// Give the sampler's log-probabilities as the old ones. A = 0 uses the lower test.
///
/// By hand: ρ = 1.5, A = 1, limits 0.3, q = 0.001 → −1.5 + 0.001·(ln 1.5)² = −1.49984.
///
/// # Shapes
/// `[B, T]`.
///
/// ```
/// # use burn::tensor::{Device, Tensor};
/// # use rl_algos::{Advantages, AlgoError, ClipBand, Fraction, Mask, Positive, PolicyBatch, surrogate};
/// # let device = Device::default();
/// # let mask = Mask::from_lengths(&[1], 1)?.to_device(&device);
/// let (ratio, advantage, old) = (1.5_f32, 1.0, 0.5_f32);
/// let logp_bt = Tensor::<2>::from_data([[(old * ratio).ln()]], &device);
/// let old_bt = Tensor::<2>::from_data([[old.ln()]], &device);
/// let batch = PolicyBatch::new(logp_bt, old_bt, &Advantages::Rows(vec![advantage]), &mask)?;
/// let limits = surrogate::DivergenceLimits { low: Positive::new(0.3)?, high: Positive::new(0.3)? };
/// let loss = surrogate::dppo_quadratic(&batch, limits, Positive::new(1e-3)?).into_scalar::<f32>();
/// assert!((loss + 1.499_84).abs() < 1e-5);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn dppo_quadratic(batch: &PolicyBatch, limits: DivergenceLimits, pull: Positive) -> Tensor<2> {
    let gain_bt = (batch.advantage() * batch.ratio()).mask_fill(outside_tv(batch, limits), 0.0);
    let log_ratio_bt = batch.log_ratio().values();
    log_ratio_bt.clone() * log_ratio_bt * pull.get() - gain_bt
}

fn capped_score(batch: &PolicyBatch, cap: Positive) -> Tensor<2> {
    -(batch.ratio().detach().clamp_max(cap.get()) * batch.advantage() * batch.logp())
}

fn outside_tv(batch: &PolicyBatch, limits: DivergenceLimits) -> Tensor<2, Bool> {
    let moved_bt = batch.logp().detach().exp() - batch.old_logp().exp();
    let too_high_bt = moved_bt.clone().greater_elem(limits.high.get());
    let too_low_bt = moved_bt.lower_elem(-limits.low.get());
    choose(batch.advantage().greater_elem(0.0), too_high_bt, too_low_bt)
}

fn choose(good: Tensor<2, Bool>, if_good: Tensor<2, Bool>, if_bad: Tensor<2, Bool>) -> Tensor<2, Bool> {
    good.clone().bool_and(if_good).bool_or(good.bool_not().bool_and(if_bad))
}
