//! The k3 estimator.

use burn::tensor::Tensor;

use crate::log_ratio::{LogRatio, bounded_exp};

/// The control-variate estimator: unbiased, of low variance, never negative. GRPO's choice.
///
/// k3 = e^(−d) + d − 1,  ∇k3 = (1 − e^(−d))·∇ℓ
///
/// Schulman (2020); in GRPO, arXiv 2402.03300.
///
/// By hand: d = 0.5 → 0.60653 + 0.5 − 1 = 0.10653.
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
/// assert!((kl::k3(&d).into_scalar::<f32>() - 0.106_53).abs() < 1e-5);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn k3(d: &LogRatio) -> Tensor<2> {
    bounded_exp(-d.values()) + d.values() - 1.0
}
