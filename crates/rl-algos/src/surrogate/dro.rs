//! DRO: a policy gradient that pays for distance.

use burn::tensor::Tensor;

use crate::hyper::Positive;
use crate::policy_batch::PolicyBatch;

/// Direct reward optimisation, token form: REINFORCE with a quadratic pull to the old policy.
///
/// L = −(ℓ·A − ½β·δ²)
///
/// Richemond et al., arXiv 2405.19107.
///
/// By hand: ρ = 1.5, A = 0, β = 2 → (ln 1.5)² = 0.16440.
///
/// # Shapes
/// `[B, T]`.
///
/// ```
/// # use burn::tensor::{Device, Tensor};
/// # use rl_algos::{Advantages, AlgoError, ClipBand, Fraction, Mask, Positive, PolicyBatch, surrogate};
/// # let device = Device::default();
/// # let mask = Mask::from_lengths(&[1], 1)?.to_device(&device);
/// let (ratio, advantage, old) = (1.5_f32, 0.0, 0.5_f32);
/// let logp_bt = Tensor::<2>::from_data([[(old * ratio).ln()]], &device);
/// let old_bt = Tensor::<2>::from_data([[old.ln()]], &device);
/// let batch = PolicyBatch::new(logp_bt, old_bt, &Advantages::Rows(vec![advantage]), &mask)?;
/// let loss = surrogate::dro(&batch, Positive::new(2.0)?).into_scalar::<f32>();
/// assert!((loss - 0.164_40).abs() < 1e-5);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn dro(batch: &PolicyBatch, beta: Positive) -> Tensor<2> {
    let log_ratio_bt = batch.log_ratio().values();
    log_ratio_bt.clone() * log_ratio_bt * (0.5 * beta.get()) - batch.logp() * batch.advantage()
}
