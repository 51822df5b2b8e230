//! Clip-Cov and KL-Cov: find the few tokens whose covariance eats the entropy, and hold them back.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::{ppo_clip, weigh};
use crate::error::AlgoError;
use crate::grid::Grid;
use crate::hyper::{ClipBand, Fraction, Positive};
use crate::mask::Mask;
use crate::policy_batch::PolicyBatch;

/// Which tokens [`clip_cov`] silences.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClipCov {
    /// The PPO band.
    pub band: ClipBand,
    /// Tokens with `above` < cov < `below` are candidates.
    pub above: f64,
    /// The upper end of the window.
    pub below: f64,
    /// Share of all tokens to silence, at least one token; 2e-4 as published.
    pub share: Fraction,
    /// Seed of the choice among candidates.
    pub seed: u64,
}

/// PPO's clipped loss with a random share of high-covariance tokens silenced.
///
/// cov = (A − Ā)(ℓ − ℓ̄);  L = 0 for the chosen tokens, else −min(ρA, clip(ρ)A)
///
/// | symbol | meaning |
/// |---|---|
/// | Ā, ℓ̄ | means over all tokens of the batch |
///
/// Only tokens whose loss is not clipped already can be chosen. The choice depends on the seed, the row and the
/// position, never on layout or threads. Cui et al., arXiv 2505.22617. Reads ℓ back to the host.
///
/// By hand: a single token has cov = 0, so with the window (−1, 1) it is the one silenced.
///
/// # Shapes
/// `[B, T]`.
///
/// ```
/// # use burn::tensor::{Device, Tensor};
/// # use rl_algos::{Advantages, AlgoError, ClipBand, Fraction, Mask, Positive, PolicyBatch, surrogate};
/// # let device = Device::default();
/// # let mask = Mask::from_lengths(&[1], 1)?.to_device(&device);
/// let (ratio, advantage, old) = (1.1_f32, 1.0, 0.5_f32);
/// let logp_bt = Tensor::<2>::from_data([[(old * ratio).ln()]], &device);
/// let old_bt = Tensor::<2>::from_data([[old.ln()]], &device);
/// let batch = PolicyBatch::new(logp_bt, old_bt, &Advantages::Rows(vec![advantage]), &mask)?;
/// let config = surrogate::ClipCov { band: ClipBand::PPO, above: -1.0, below: 1.0, share: Fraction::ONE, seed: 0 };
/// assert_eq!(surrogate::clip_cov(&batch, config)?.into_scalar::<f32>(), 0.0);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn clip_cov(batch: &PolicyBatch, config: ClipCov) -> Result<Tensor<2>, AlgoError> {
    let mask = batch.mask().host();
    let cov_bt = covariance(batch)?;
    let clipped_bt = Grid::from_tensor("clipped tokens", super::clip_metrics::clipped(batch, config.band))?;
    let candidate = |row: usize, t: usize| {
        let cov = cov_bt.row(row)[t];
        clipped_bt.row(row)[t] == 0.0 && config.above < cov && cov < config.below
    };
    let mut chosen = kept_positions(mask).filter(|(row, t)| candidate(*row, *t)).collect::<Vec<_>>();
    chosen.sort_by_key(|(row, t)| scramble(config.seed, *row, *t));
    chosen.truncate(at_least_one((config.share.get() * mask.totals().tokens as f64) as usize));
    let mut weights_bt = mask.fill(|_, _| 1.0);
    chosen.into_iter().for_each(|(row, t)| weights_bt.row_mut(row)[t] = 0.0);
    weigh(ppo_clip(batch, config.band), &weights_bt)
}

/// Which tokens [`kl_cov`] holds back, and how hard.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct KlCov {
    /// Share of all tokens, at least one token; 2e-4 as published.
    pub share: Fraction,
    /// Weight of |δ| on them; 1 as published, 0.1 in verl's configuration.
    pub coefficient: Positive,
}

/// The unclipped loss, with a KL penalty on the tokens of highest covariance.
///
/// L = −A·ρ + [cov among the top max(1, ⌊share·N⌋)]·coefficient·|δ|
///
/// cov as in [`clip_cov`]. Cui et al., arXiv 2505.22617. Reads ℓ back to the host.
///
/// By hand: one token with ρ = 1.5, A = 1, coefficient 1 → −1.5 + ln 1.5 = −1.09453.
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
/// let config = surrogate::KlCov { share: Fraction::ZERO, coefficient: Positive::new(1.0)? };
/// assert!((surrogate::kl_cov(&batch, config)?.into_scalar::<f32>() + 1.094_53).abs() < 1e-5);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn kl_cov(batch: &PolicyBatch, config: KlCov) -> Result<Tensor<2>, AlgoError> {
    let mask = batch.mask().host();
    let cov_bt = covariance(batch)?;
    let mut ranked = kept_positions(mask).collect::<Vec<_>>();
    ranked.sort_by(|a, b| cov_bt.row(b.0)[b.1].total_cmp(&cov_bt.row(a.0)[a.1]));
    ranked.truncate(at_least_one((config.share.get() * mask.totals().tokens as f64) as usize));
    let mut weights_bt = mask.fill(|_, _| 0.0);
    ranked.into_iter().for_each(|(row, t)| weights_bt.row_mut(row)[t] = config.coefficient.get());
    Ok(weigh(batch.log_ratio().values().abs(), &weights_bt)? - batch.advantage() * batch.ratio())
}

fn covariance(batch: &PolicyBatch) -> Result<Grid<f64>, AlgoError> {
    let mask = batch.mask().host();
    let advantage_bt = Grid::from_tensor("advantages", batch.advantage().inner())?;
    let logp_bt = Grid::from_tensor("log-probabilities", batch.logp().inner())?;
    let mean = |values: &Grid<f64>| mask.all_kept(values).sum::<f64>() / mask.totals().tokens.max(1) as f64;
    let (mean_advantage, mean_logp) = (mean(&advantage_bt), mean(&logp_bt));
    Ok(mask.fill(|row, t| (advantage_bt.row(row)[t] - mean_advantage) * (logp_bt.row(row)[t] - mean_logp)))
}

fn kept_positions(mask: &Mask) -> impl Iterator<Item = (usize, usize)> + '_ {
    let [rows, width] = mask.shape();
    (0..rows).flat_map(move |row| (0..width).map(move |t| (row, t))).filter(|(row, t)| mask.row(*row)[*t])
}

fn at_least_one(count: usize) -> usize {
    count.max(1)
}

/// A fixed pseudo-random order over positions (the finaliser of SplitMix64).
fn scramble(seed: u64, row: usize, t: usize) -> u64 {
    let mut z = seed
        ^ (row as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ^ (t as u64).wrapping_mul(0xD1B5_4A32_D192_ED03);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
