//! The gradient of an estimator, chosen apart from its value.

use burn::tensor::Tensor;

use super::k2;
use crate::error::{AlgoError, same_shape};
use crate::log_ratio::LogRatio;

/// Reports one estimate and learns from k2: verl's "+" forms.
///
/// value: `estimate`,  gradient: d·∇ℓ
///
/// By hand: k1 of d = 0.5 reports 0.5 and pulls with 0.5, where plain k1 would pull with 1.
///
/// # Shapes
/// `[B, T]`.
///
/// ```
/// # use burn::tensor::{Device, Tensor};
/// # use rl_algos::{LogRatio, Mask, kl};
/// # let device = Device::default();
/// # let mask = Mask::from_lengths(&[1], 1)?.to_device(&device);
/// let logp_bt = Tensor::<2>::from_data([[-1.0]], &device);
/// let reference_bt = Tensor::<2>::from_data([[-1.5]], &device);
/// let d = LogRatio::new(logp_bt, reference_bt, &mask)?;
/// assert_eq!(kl::straight_through(kl::k1(&d), &d)?.into_scalar::<f32>(), 0.5);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn straight_through(estimate_bt: Tensor<2>, d: &LogRatio) -> Result<Tensor<2>, AlgoError> {
    same_shape("KL estimates", estimate_bt.dims(), d.mask().host().shape())?;
    let k2_bt = k2(d);
    Ok(estimate_bt.detach() + k2_bt.clone() - k2_bt.detach())
}

/// Reports one estimate and learns from the importance-weighted k2: unbiased off-policy, too.
///
/// value: `estimate`,  gradient: sg(min(ρ, cap))·d·∇ℓ
///
/// OpenRLHF's unbiased form with cap 10; compare DeepSeek-V3.2, arXiv 2512.02556.
///
/// By hand: d = 0.5 with ρ = 2 reports k3 = 0.10653 and pulls with 2·0.5 = 1.
///
/// # Shapes
/// `[B, T]`; `ratio` is δ between new and old policy.
///
/// ```
/// # use burn::tensor::{Device, Tensor};
/// # use rl_algos::{LogRatio, Mask, kl};
/// # let device = Device::default();
/// # let mask = Mask::from_lengths(&[1], 1)?.to_device(&device);
/// let logp_bt = Tensor::<2>::from_data([[-1.0]], &device);
/// let reference_bt = Tensor::<2>::from_data([[-1.5]], &device);
/// let d = LogRatio::new(logp_bt, reference_bt, &mask)?;
/// let value = kl::unbiased(kl::k3(&d), &d, &d, 10.0)?.into_scalar::<f32>();
/// assert!((value - 0.106_53).abs() < 1e-5);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn unbiased(
    estimate_bt: Tensor<2>,
    d: &LogRatio,
    ratio: &LogRatio,
    cap: f64,
) -> Result<Tensor<2>, AlgoError> {
    let shape = d.mask().host().shape();
    same_shape("KL estimates", estimate_bt.dims(), shape)?;
    same_shape("log-ratios", ratio.mask().host().shape(), shape)?;
    let pull_bt = ratio.ratio().detach().clamp_max(cap) * k2(d);
    Ok(estimate_bt.detach() + pull_bt.clone() - pull_bt.detach())
}

/// TRL's default since 1.16: the estimate times the ratio, gradient through both.
///
/// ρ·k3, before any clip or cap on ρ
///
/// `ratio_bt` is `[B, T]`, or `[B, 1]` where the surrogate's ratio belongs to the sequence.
///
/// By hand: ρ = 2, k3 = 0.10653 → 0.21306.
///
/// # Shapes
/// `[B, T]`.
///
/// ```
/// # use burn::tensor::{Device, Tensor};
/// # use rl_algos::{LogRatio, Mask, kl};
/// # let device = Device::default();
/// # let mask = Mask::from_lengths(&[1], 1)?.to_device(&device);
/// let logp_bt = Tensor::<2>::from_data([[-1.0]], &device);
/// let reference_bt = Tensor::<2>::from_data([[-1.5]], &device);
/// let d = LogRatio::new(logp_bt, reference_bt, &mask)?;
/// let ratio_bt = Tensor::<2>::from_data([[2.0]], &device);
/// assert!((kl::importance_corrected(kl::k3(&d), ratio_bt)?.into_scalar::<f32>() - 0.213_06).abs() < 1e-5);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn importance_corrected(estimate_bt: Tensor<2>, ratio_bt: Tensor<2>) -> Result<Tensor<2>, AlgoError> {
    let [rows, width] = estimate_bt.dims();
    if ratio_bt.dims() != [rows, 1] {
        same_shape("ratios", ratio_bt.dims(), [rows, width])?;
    }
    Ok(estimate_bt * ratio_bt)
}
