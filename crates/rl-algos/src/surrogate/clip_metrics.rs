//! How much of a batch the clip holds back.

use burn::tensor::Tensor;

use crate::error::AlgoError;
use crate::grid::Grid;
use crate::hyper::{ClipBand, Positive};
use crate::mask::Mask;
use crate::policy_batch::PolicyBatch;

/// Token means over the batch.
///
/// | metric | meaning |
/// |---|---|
/// | low | share of tokens with ρ < 1 − ε_low and A < 0 |
/// | high | share with ρ > 1 + ε_high and A > 0 |
/// | region | low + high |
/// | kl | mean of −δ: how far the policy moved since the rollout |
/// | half_square | mean of ½δ²: the same, never negative |
/// | ratio | mean of ρ |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClipMetrics {
    /// Bad tokens that may not become rarer.
    pub low: f64,
    /// Good tokens that may not become more frequent.
    pub high: f64,
    /// Both.
    pub region: f64,
    /// Mean of −δ.
    pub kl: f64,
    /// Mean of ½δ².
    pub half_square: f64,
    /// Mean of ρ.
    pub ratio: f64,
}

/// Measures the clip of [`super::ppo_clip`]; reads the ratios back to the host.
///
/// By hand: ρ = 1.5, A = 1 → high 1, low 0, kl −ln 1.5.
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
/// let metrics = surrogate::clip_metrics(&batch, ClipBand::PPO)?;
/// assert_eq!((metrics.low, metrics.high, metrics.region), (0.0, 1.0, 1.0));
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn clip_metrics(batch: &PolicyBatch, band: ClipBand) -> Result<ClipMetrics, AlgoError> {
    let mask = batch.mask().host();
    let ratio_bt = Grid::from_tensor("ratios", batch.ratio().inner())?;
    let log_ratio_bt = Grid::from_tensor("log-ratios", batch.log_ratio().values().inner())?;
    let advantage_bt = Grid::from_tensor("advantages", batch.advantage().inner())?;
    let low = share(mask, |row, t| ratio_bt.row(row)[t] < band.floor() && advantage_bt.row(row)[t] < 0.0);
    let high = share(mask, |row, t| ratio_bt.row(row)[t] > band.ceiling() && advantage_bt.row(row)[t] > 0.0);
    let tokens = mask.totals().tokens.max(1) as f64;
    let kl = -mask.all_kept(&log_ratio_bt).sum::<f64>() / tokens;
    let half_square = mask.all_kept(&log_ratio_bt).map(|delta| 0.5 * delta * delta).sum::<f64>() / tokens;
    let ratio = mask.all_kept(&ratio_bt).sum::<f64>() / tokens;
    Ok(ClipMetrics { low, high, region: low + high, kl, half_square, ratio })
}

/// verl's `pg_clipfrac`: the share of tokens whose clipped loss is above the unclipped one.
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
/// assert_eq!(surrogate::clipped_share(&batch, ClipBand::PPO)?, 1.0);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn clipped_share(batch: &PolicyBatch, band: ClipBand) -> Result<f64, AlgoError> {
    let clipped_bt = Grid::from_tensor("clipped tokens", clipped(batch, band))?;
    Ok(share(batch.mask().host(), |row, t| clipped_bt.row(row)[t] != 0.0))
}

/// verl's `pg_clipfrac_lower`: the share of tokens with A < 0 whose clipped loss is above c·|A|, where dual clip acts.
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
/// assert_eq!(surrogate::dual_clipped_share(&batch, ClipBand::PPO, Positive::new(3.0)?)?, 1.0);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn dual_clipped_share(batch: &PolicyBatch, band: ClipBand, cap: Positive) -> Result<f64, AlgoError> {
    let loss_bt = Grid::from_tensor("token losses", super::ppo_clip(batch, band).inner())?;
    let advantage_bt = Grid::from_tensor("advantages", batch.advantage().inner())?;
    let acts = |loss: f64, advantage: f64| advantage < 0.0 && loss > -cap.get() * advantage;
    Ok(share(batch.mask().host(), |row, t| acts(loss_bt.row(row)[t], advantage_bt.row(row)[t])))
}

/// 1 where the clipped loss is above the unclipped one, else 0.
pub(super) fn clipped(batch: &PolicyBatch, band: ClipBand) -> Tensor<2> {
    let (ratio_bt, advantage_bt) = (batch.ratio().inner(), batch.advantage().inner());
    let clipped_bt = -(ratio_bt.clone().clamp(band.floor(), band.ceiling()) * advantage_bt.clone());
    clipped_bt.greater(-(ratio_bt * advantage_bt)).float()
}

fn share(mask: &Mask, holds: impl Fn(usize, usize) -> bool) -> f64 {
    let hits = mask.fill(|row, t| f64::from(u8::from(holds(row, t))));
    hits.cells().iter().sum::<f64>() / mask.totals().tokens.max(1) as f64
}
