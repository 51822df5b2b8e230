//! The clipped objective of PPO, which GRPO, Dr. GRPO and DAPO share.

use burn::tensor::Tensor;

use super::clipped_objective;
use crate::hyper::{ClipBand, Positive};
use crate::policy_batch::PolicyBatch;

/// Proximal policy optimisation's clipped surrogate.
///
/// L = −min(ρA, clip(ρ, 1 − ε_low, 1 + ε_high)·A)
///
/// Schulman et al., arXiv 1707.06347. GRPO, Dr. GRPO and DAPO differ in band and aggregation only.
///
/// By hand: ρ = 1.5, A = 1, ε = 0.2 → −min(1.5, 1.2) = −1.2; A = −1 → −min(−1.5, −1.2) = 1.5.
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
/// let loss = surrogate::ppo_clip(&batch, ClipBand::PPO).into_scalar::<f32>();
/// assert!((loss + 1.2).abs() < 1e-6);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn ppo_clip(batch: &PolicyBatch, band: ClipBand) -> Tensor<2> {
    clipped_objective(batch.ratio(), batch.ratio(), batch.advantage(), band)
}

/// The same with a cap Δ on the unclipped ratio: a bound where A < 0, too ("two-sided" clipping).
///
/// L = −min(min(ρ, Δ)·A, clip(ρ)·A)
///
/// INTELLECT-2, arXiv 2505.07291; TRL's `delta`.
///
/// By hand: ρ = 5, A = −1, Δ = 2 → −min(−2, −1.2) = 2, instead of 5.
///
/// # Shapes
/// `[B, T]`.
///
/// ```
/// # use burn::tensor::{Device, Tensor};
/// # use rl_algos::{Advantages, AlgoError, ClipBand, Fraction, Mask, Positive, PolicyBatch, surrogate};
/// # let device = Device::default();
/// # let mask = Mask::from_lengths(&[1], 1)?.to_device(&device);
/// let (ratio, advantage, old) = (5.0_f32, -1.0, 0.5_f32);
/// let logp_bt = Tensor::<2>::from_data([[(old * ratio).ln()]], &device);
/// let old_bt = Tensor::<2>::from_data([[old.ln()]], &device);
/// let batch = PolicyBatch::new(logp_bt, old_bt, &Advantages::Rows(vec![advantage]), &mask)?;
/// let loss = surrogate::ppo_capped(&batch, ClipBand::PPO, Positive::new(2.0)?).into_scalar::<f32>();
/// assert!((loss - 2.0).abs() < 1e-6);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn ppo_capped(batch: &PolicyBatch, band: ClipBand, cap: Positive) -> Tensor<2> {
    clipped_objective(batch.ratio().clamp_max(cap.get()), batch.ratio(), batch.advantage(), band)
}
