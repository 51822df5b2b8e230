//! GSPO: one ratio per sequence.

use burn::tensor::Tensor;

use super::clipped_objective;
use crate::hyper::ClipBand;
use crate::log_ratio::bounded_exp;
use crate::policy_batch::PolicyBatch;

/// Group sequence policy optimisation: the length-normalised sequence ratio on every token of its row.
///
/// s = exp(Σₜ mδ / n),  L = −min(sA, clip(s)·A)
///
/// | symbol | meaning |
/// |---|---|
/// | s | geometric mean of the token ratios: the mean of log-ratios, not their sum |
///
/// Zheng et al., arXiv 2507.18071. Aggregated by `SequenceMeanTokenSumAll` it is LUSPO (arXiv 2602.05261), which
/// weighs a sequence by its length.
///
/// By hand: one token, ρ = 1.5, A = 1, ε = 0.2 → −1.2, as PPO.
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
/// let loss = surrogate::gspo(&batch, ClipBand::PPO).into_scalar::<f32>();
/// assert!((loss + 1.2).abs() < 1e-6);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn gspo(batch: &PolicyBatch, band: ClipBand) -> Tensor<2> {
    let shape = batch.mask().host().shape();
    let ratio_bt = bounded_exp(batch.log_ratio().row_mean()).expand(shape);
    clipped_objective(ratio_bt.clone(), ratio_bt, batch.advantage(), band)
}

/// The token form: the value of the sequence ratio, the gradient of each token.
///
/// q = exp(min(ℓ − sg(ℓ) + sg(ln s), 10)),  L = max(−qA, −clip(q)·A)
///
/// With one advantage per row it has the value and the gradient of [`gspo`]; it also accepts token advantages.
/// arXiv 2507.18071, section 4.3; verl's `gspo`.
///
/// By hand: one token, ρ = 0.5, A = −1, ε = 0.2 → −min(−0.5, −0.8) = 0.8.
///
/// # Shapes
/// `[B, T]`.
///
/// ```
/// # use burn::tensor::{Device, Tensor};
/// # use rl_algos::{Advantages, AlgoError, ClipBand, Fraction, Mask, Positive, PolicyBatch, surrogate};
/// # let device = Device::default();
/// # let mask = Mask::from_lengths(&[1], 1)?.to_device(&device);
/// let (ratio, advantage, old) = (0.5_f32, -1.0, 0.5_f32);
/// let logp_bt = Tensor::<2>::from_data([[(old * ratio).ln()]], &device);
/// let old_bt = Tensor::<2>::from_data([[old.ln()]], &device);
/// let batch = PolicyBatch::new(logp_bt, old_bt, &Advantages::Rows(vec![advantage]), &mask)?;
/// let loss = surrogate::gspo_token(&batch, ClipBand::PPO).into_scalar::<f32>();
/// assert!((loss - 0.8).abs() < 1e-6);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn gspo_token(batch: &PolicyBatch, band: ClipBand) -> Tensor<2> {
    let log_sequence_b1 = batch.log_ratio().row_mean().detach();
    let log_ratio_bt = (batch.logp() - batch.logp().detach() + log_sequence_b1).clamp_max(10.0);
    let ratio_bt = bounded_exp(log_ratio_bt);
    clipped_objective(ratio_bt.clone(), ratio_bt, batch.advantage(), band)
}
