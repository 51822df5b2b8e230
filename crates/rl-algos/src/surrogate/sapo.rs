//! SAPO: a soft gate instead of a hard clip.

use burn::tensor::Tensor;
use burn::tensor::activation::sigmoid;
use serde::{Deserialize, Serialize};

use crate::hyper::Positive;
use crate::policy_batch::PolicyBatch;

/// How fast the gate closes, for good and for bad tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SapoTemperatures {
    /// τ⁺, where A > 0.
    pub positive: Positive,
    /// τ⁻, elsewhere; larger, because bad tokens destabilise more.
    pub negative: Positive,
}

impl SapoTemperatures {
    /// 1.0 and 1.05, as published.
    pub const PAPER: Self = Self { positive: Positive::constant(1.0), negative: Positive::constant(1.05) };
}

/// Soft adaptive policy optimisation.
///
/// L = −A·σ(τ(ρ − 1))·4/τ
///
/// | symbol | meaning |
/// |---|---|
/// | σ | logistic function; the factor 4/τ makes the slope at ρ = 1 that of PPO |
/// | τ | τ⁺ if A > 0, else τ⁻ |
///
/// Gao et al., arXiv 2511.20347.
///
/// By hand: ρ = 1, A = 1, τ = 1 → −σ(0)·4 = −2.
///
/// # Shapes
/// `[B, T]`.
///
/// ```
/// # use burn::tensor::{Device, Tensor};
/// # use rl_algos::{Advantages, AlgoError, ClipBand, Fraction, Mask, Positive, PolicyBatch, surrogate};
/// # let device = Device::default();
/// # let mask = Mask::from_lengths(&[1], 1)?.to_device(&device);
/// let (ratio, advantage, old) = (1.0_f32, 1.0, 0.5_f32);
/// let logp_bt = Tensor::<2>::from_data([[(old * ratio).ln()]], &device);
/// let old_bt = Tensor::<2>::from_data([[old.ln()]], &device);
/// let batch = PolicyBatch::new(logp_bt, old_bt, &Advantages::Rows(vec![advantage]), &mask)?;
/// let loss = surrogate::sapo(&batch, surrogate::SapoTemperatures::PAPER).into_scalar::<f32>();
/// assert!((loss + 2.0).abs() < 1e-6);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn sapo(batch: &PolicyBatch, temperatures: SapoTemperatures) -> Tensor<2> {
    let gate = |tau: Positive| sigmoid((batch.ratio() - 1.0) * tau.get()) * (4.0 / tau.get());
    let good_bt = batch.advantage().greater_elem(0.0);
    let gate_bt = gate(temperatures.negative).mask_where(good_bt, gate(temperatures.positive));
    -(gate_bt * batch.advantage())
}
