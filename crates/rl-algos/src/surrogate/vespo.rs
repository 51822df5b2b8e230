//! VESPO: a smooth window over the sequence weight.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::error::{AlgoError, all_finite, same_length};
use crate::grid::Grid;
use crate::hyper::Positive;
use crate::policy_batch::PolicyBatch;

/// Bounds of ln w: e^20 above, 1e-8 below.
const LOG_WEIGHT: (f64, f64) = (-18.420_680_743_952_367, 20.0);

/// The two parameters of a window φ(w) = w^k·e^{λ(1 − w)}.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct VespoShape {
    /// How steeply small weights are damped.
    pub k: Positive,
    /// How fast large weights decay.
    pub lambda: Positive,
}

/// The windows of good and bad sequences.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Vespo {
    /// Where A ≥ 0.
    pub positive: VespoShape,
    /// Where A < 0.
    pub negative: VespoShape,
}

impl Vespo {
    /// (k, λ) = (2, 3) and (3, 2), as published.
    pub const PAPER: Self = Self {
        positive: VespoShape { k: Positive::constant(2.0), lambda: Positive::constant(3.0) },
        negative: VespoShape { k: Positive::constant(3.0), lambda: Positive::constant(2.0) },
    };
}

/// Variational sequence-level soft policy optimisation.
///
/// ln w = clip(Σₜ m·clip(δ, ±20) + u, ln 1e-8, 20),  φ = exp(λ + k·ln w − λw),  L = −sg(φ)·A·ℓ
///
/// | symbol | meaning |
/// |---|---|
/// | w | weight of the whole sequence: the sum of log-ratios, not their mean |
/// | u | log-weight between trainer and sampler, per row (`sampler_log_weight_b`), if corrected |
///
/// Shen et al., arXiv 2602.10693; TRL's `vespo`.
///
/// By hand: ρ = 1, so φ = 1 and L = −A·ℓ = −ln 0.5 for A = 1.
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
/// let loss = surrogate::vespo(&batch, surrogate::Vespo::PAPER, None)?.into_scalar::<f32>();
/// assert!((loss - 0.693_15).abs() < 1e-5);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn vespo(
    batch: &PolicyBatch,
    vespo: Vespo,
    sampler_log_weight_b: Option<&[f64]>,
) -> Result<Tensor<2>, AlgoError> {
    let mut log_weight_b1 = batch.log_ratio().clamped(20.0).row_sum().detach();
    if let Some(extra_b) = sampler_log_weight_b {
        same_length("log-weights", extra_b.len(), batch.mask().host().shape()[0])?;
        all_finite("log-weights", extra_b)?;
        log_weight_b1 = log_weight_b1.clone()
            + Grid::from_cells(extra_b.to_vec(), [extra_b.len(), 1])?.beside(&log_weight_b1);
    }
    let log_weight_b1 = log_weight_b1.clamp(LOG_WEIGHT.0, LOG_WEIGHT.1);
    let window = |shape: VespoShape| {
        let decay_b1 = (-log_weight_b1.clone().exp() + 1.0) * shape.lambda.get();
        (log_weight_b1.clone() * shape.k.get() + decay_b1).exp().expand(batch.mask().host().shape())
    };
    let bad_bt = batch.advantage().lower_elem(0.0);
    let window_bt = window(vespo.positive).mask_where(bad_bt, window(vespo.negative));
    Ok(-(window_bt * batch.advantage() * batch.logp()))
}
