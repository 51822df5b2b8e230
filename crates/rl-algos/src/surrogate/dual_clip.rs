//! Dual-clip PPO: a bound on the loss of bad tokens.

use burn::tensor::Tensor;

use super::ppo_clip;
use crate::hyper::{ClipBand, Positive};
use crate::policy_batch::PolicyBatch;

/// The clipped loss, limited to c·|A| where A < 0.
///
/// P = max(−ρA, −clip(ρ)·A);  L = min(P, −cA) if A < 0, else P
///
/// | symbol | meaning |
/// |---|---|
/// | c | the cap on the ratio of bad tokens, above 1; 3 in verl and EasyR1 |
///
/// Ye et al., arXiv 1912.09729. verl's `vanilla` loss is this on `batch.clamp_log_ratio(20.0)`.
///
/// By hand: ρ = 5, A = −1, c = 3 → min(5, 3) = 3.
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
/// let loss = surrogate::dual_clip(&batch, ClipBand::PPO, Positive::new(3.0)?).into_scalar::<f32>();
/// assert!((loss - 3.0).abs() < 1e-6);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn dual_clip(batch: &PolicyBatch, band: ClipBand, cap: Positive) -> Tensor<2> {
    let loss_bt = ppo_clip(batch, band);
    let capped_bt = loss_bt.clone().min_pair(batch.advantage() * -cap.get());
    loss_bt.mask_where(batch.advantage().lower_elem(0.0), capped_bt)
}
