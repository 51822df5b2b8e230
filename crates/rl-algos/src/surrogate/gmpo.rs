//! GMPO: the geometric mean of clipped token ratios.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::hyper::ClipBand;
use crate::log_ratio::bounded_exp;
use crate::policy_batch::PolicyBatch;

/// What a row without tokens contributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EmptyRow {
    /// The constant −A, as in TRL: its ratio is 1.
    Constant,
    /// Nothing, as in verl.
    Zero,
}

/// Geometric-mean policy optimisation: one loss per row.
///
/// u = min(δ, ε_high) if A > 0, else max(δ, −ε_low);  L = −A·exp(Σₜ mu / n)
///
/// | symbol | meaning |
/// |---|---|
/// | ε | widths in log space; 0.4 as published, 0.2 in verl |
///
/// Zhao et al., arXiv 2507.20673. Reduce with [`crate::mean_over_rows`].
///
/// By hand: δ = ln 5, A = 1, ε = 0.4 → −e^0.4 = −1.49182.
///
/// # Shapes
/// `[B]`.
///
/// ```
/// # use burn::tensor::{Device, Tensor};
/// # use rl_algos::{Advantages, AlgoError, ClipBand, Fraction, Mask, Positive, PolicyBatch, surrogate};
/// # let device = Device::default();
/// # let mask = Mask::from_lengths(&[1], 1)?.to_device(&device);
/// let (ratio, advantage, old) = (5.0_f32, 1.0, 0.5_f32);
/// let logp_bt = Tensor::<2>::from_data([[(old * ratio).ln()]], &device);
/// let old_bt = Tensor::<2>::from_data([[old.ln()]], &device);
/// let batch = PolicyBatch::new(logp_bt, old_bt, &Advantages::Rows(vec![advantage]), &mask)?;
/// let loss = surrogate::gmpo(&batch, ClipBand::GMPO, surrogate::EmptyRow::Zero).into_scalar::<f32>();
/// assert!((loss + 1.491_82).abs() < 1e-5);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn gmpo(batch: &PolicyBatch, band: ClipBand, empty: EmptyRow) -> Tensor<1> {
    let shape = batch.mask().host().shape();
    let advantage_b1 = batch.row_advantage();
    let good_bt = advantage_b1.clone().greater_elem(0.0).expand(shape);
    let log_ratio_bt = batch.log_ratio().values();
    let held_bt =
        log_ratio_bt.clone().clamp_min(-band.low()).mask_where(good_bt, log_ratio_bt.clamp_max(band.high()));
    let loss_b1 = -(advantage_b1.clone() * bounded_exp(batch.mask().row_mean(held_bt)));
    let counted_b1 = batch.mask().column(&advantage_b1, |count| match empty {
        EmptyRow::Constant => 1.0,
        EmptyRow::Zero => count.min(1) as f64,
    });
    (loss_b1 * counted_b1).squeeze_dim(1)
}
