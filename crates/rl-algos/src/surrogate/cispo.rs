//! CISPO: clip the weight, never the gradient.

use burn::tensor::Tensor;

use crate::hyper::{ClipBand, Positive};
use crate::policy_batch::PolicyBatch;

/// Clipped importance sampling: REINFORCE with a capped, constant ratio, so no token is silenced.
///
/// L = −sg(min(ρ, cap))·A·ℓ
///
/// | symbol | meaning |
/// |---|---|
/// | cap | the ratio itself, not a width: about 5 in the paper |
///
/// MiniMax-M1, arXiv 2506.13585; TRL's `cispo`, where `epsilon_high` is the cap.
///
/// By hand: ρ = 1.5, ℓ = ln 0.75, A = 1, cap 1.2 → −1.2·ln 0.75 = 0.34522.
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
/// let loss = surrogate::cispo(&batch, Positive::new(1.2)?).into_scalar::<f32>();
/// assert!((loss - 0.345_22).abs() < 1e-5);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn cispo(batch: &PolicyBatch, cap: Positive) -> Tensor<2> {
    let weight_bt = batch.ratio().detach().clamp_max(cap.get());
    -(weight_bt * batch.advantage() * batch.logp())
}

/// verl's form, limited on both sides by widths.
///
/// L = −sg(clip(ρ, 1 − ε_low, 1 + ε_high))·A·ℓ
///
/// By hand: ρ = 0.5, ℓ = ln 0.25, A = 1, ε = 0.2 → −0.8·ln 0.25 = 1.10904.
///
/// # Shapes
/// `[B, T]`.
///
/// ```
/// # use burn::tensor::{Device, Tensor};
/// # use rl_algos::{Advantages, AlgoError, ClipBand, Fraction, Mask, Positive, PolicyBatch, surrogate};
/// # let device = Device::default();
/// # let mask = Mask::from_lengths(&[1], 1)?.to_device(&device);
/// let (ratio, advantage, old) = (0.5_f32, 1.0, 0.5_f32);
/// let logp_bt = Tensor::<2>::from_data([[(old * ratio).ln()]], &device);
/// let old_bt = Tensor::<2>::from_data([[old.ln()]], &device);
/// let batch = PolicyBatch::new(logp_bt, old_bt, &Advantages::Rows(vec![advantage]), &mask)?;
/// let loss = surrogate::cispo_banded(&batch, ClipBand::PPO).into_scalar::<f32>();
/// assert!((loss - 1.109_04).abs() < 1e-5);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn cispo_banded(batch: &PolicyBatch, band: ClipBand) -> Tensor<2> {
    let weight_bt = batch.ratio().detach().clamp(band.floor(), band.ceiling());
    -(weight_bt * batch.advantage() * batch.logp())
}
