//! The k2 estimator.

use burn::tensor::Tensor;

use crate::log_ratio::LogRatio;

/// Half the squared log-ratio: biased, of low variance, with the right gradient on-policy.
///
/// k2 = ½d²,  ∇k2 = d·∇ℓ
///
/// By hand: d = 0.5 → 0.125.
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
/// assert_eq!(kl::k2(&d).into_scalar::<f32>(), 0.125);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn k2(d: &LogRatio) -> Tensor<2> {
    d.values() * d.values() * 0.5
}
