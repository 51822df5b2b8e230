//! Supervised losses on the log-probabilities of given tokens.

use burn::tensor::Tensor;

use crate::error::{AlgoError, same_shape};
use crate::log_ratio::within_reach;
use crate::mask::DeviceMask;

/// Cross-entropy of supervised fine-tuning.
///
/// L = −ℓ
///
/// With [`crate::Aggregation::TokenMean`] over the labelled tokens of the whole step this is what
/// transformers' `num_items_in_batch` computes.
///
/// By hand: ℓ = −1, −3 → mean 2.
///
/// # Shapes
/// `[B, T]`.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use rl_algos::{Aggregation, Denominator, Mask, aggregate, supervised::nll};
/// let device = Device::default();
/// let mask = Mask::from_lengths(&[2], 3)?;
/// let logp_bt = Tensor::<2>::from_data([[-1.0, -3.0, f32::NAN]], &device);
/// let rule = Denominator::new(Aggregation::TokenMean, mask.totals());
/// let mask = mask.to_device(&device);
/// assert_eq!(aggregate(nll(logp_bt, &mask)?, &mask, rule)?.into_scalar::<f32>(), 2.0);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn nll(logp_bt: Tensor<2>, mask: &DeviceMask) -> Result<Tensor<2>, AlgoError> {
    same_shape("log-probabilities", logp_bt.dims(), mask.host().shape())?;
    Ok(-within_reach(mask.select(logp_bt)))
}

/// Dynamic fine-tuning: each token weighs its own probability, which undoes the 1/p hidden in cross-entropy.
///
/// L = −sg(e^ℓ)·ℓ
///
/// Wu et al., "On the Generalization of SFT", arXiv 2508.05629.
///
/// By hand: ℓ = ln ½ → ½·ln 2 = 0.34657.
///
/// # Shapes
/// `[B, T]`.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use rl_algos::{Mask, supervised::dft};
/// let device = Device::default();
/// let mask = Mask::from_lengths(&[1], 1)?.to_device(&device);
/// let logp_bt = Tensor::<2>::from_data([[0.5_f32.ln()]], &device);
/// assert!((dft(logp_bt, &mask)?.into_scalar::<f32>() - 0.346_57).abs() < 1e-5);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn dft(logp_bt: Tensor<2>, mask: &DeviceMask) -> Result<Tensor<2>, AlgoError> {
    let loss_bt = nll(logp_bt, mask)?;
    Ok((-loss_bt.clone()).detach().exp() * loss_bt)
}
