//! The clipped objective on whole-sequence ratios.

use burn::tensor::Tensor;

use super::clipped_objective;
use crate::hyper::ClipBand;
use crate::log_ratio::bounded_exp;
use crate::policy_batch::PolicyBatch;

/// TRL's RLOO loss: one decision per completion, so one ratio per completion.
///
/// s = exp(Σₜ mδ),  L = −min(sA, clip(s)·A)
///
/// | symbol | meaning |
/// |---|---|
/// | s | probability ratio of the whole sequence: the sum of log-ratios |
///
/// Ahmadian et al., arXiv 2402.14740. Reduce with [`crate::mean_over_rows`]; an empty row contributes the constant −A.
///
/// By hand: ρ = 1.5, A = 1, ε = 0.2 → −1.2.
///
/// # Shapes
/// `[B]`.
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
/// let loss = surrogate::sequence_clip(&batch, ClipBand::PPO).into_scalar::<f32>();
/// assert!((loss + 1.2).abs() < 1e-6);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn sequence_clip(batch: &PolicyBatch, band: ClipBand) -> Tensor<1> {
    let ratio_b1 = bounded_exp(batch.log_ratio().row_sum());
    clipped_objective(ratio_b1.clone(), ratio_b1, batch.row_advantage(), band).squeeze_dim(1)
}
