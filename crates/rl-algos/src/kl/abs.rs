//! The absolute log-ratio.

use burn::tensor::Tensor;

use crate::log_ratio::LogRatio;

/// Distance without direction.
///
/// |d|,  ∇|d| = sign(d)·∇ℓ
///
/// verl's `abs`.
///
/// By hand: d = 0.5 → 0.5.
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
/// assert_eq!(kl::abs(&d).into_scalar::<f32>(), 0.5);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn abs(d: &LogRatio) -> Tensor<2> {
    d.values().abs()
}
