//! The k1 estimator.

use burn::tensor::Tensor;

use crate::log_ratio::LogRatio;

/// The log-ratio itself: unbiased, of high variance, negative half of the time.
///
/// k1 = d,  ∇k1 = ∇ℓ
///
/// Its gradient has expectation 0 on-policy, so in a loss it regularises nothing; put it into the reward.
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
/// assert_eq!(kl::k1(&d).into_scalar::<f32>(), 0.5);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn k1(d: &LogRatio) -> Tensor<2> {
    d.values()
}
