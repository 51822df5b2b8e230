//! Plain policy gradients: no clip.

use burn::tensor::Tensor;

use crate::policy_batch::PolicyBatch;

/// REINFORCE: the score function times the advantage.
///
/// L = −A·ℓ
///
/// Williams, 1992; verl's `gpg` loss.
///
/// By hand: ℓ = ln 0.5, A = 1 → 0.69315.
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
/// let loss = surrogate::reinforce(&batch).into_scalar::<f32>();
/// assert!((loss - 0.693_15).abs() < 1e-5);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn reinforce(batch: &PolicyBatch) -> Tensor<2> {
    -(batch.advantage() * batch.logp())
}

/// Importance sampling without a clip.
///
/// L = −A·ρ
///
/// With the sampler's log-probabilities as the old ones this is Tinker's `importance_sampling`. With
/// `old_bt = logp_bt` the ratio is 1 and only the gradient of [`reinforce`] remains: the form of R1-V.
///
/// By hand: ρ = 1.5, A = 1 → −1.5.
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
/// let loss = surrogate::importance_weighted(&batch).into_scalar::<f32>();
/// assert!((loss + 1.5).abs() < 1e-6);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn importance_weighted(batch: &PolicyBatch) -> Tensor<2> {
    -(batch.advantage() * batch.ratio())
}
