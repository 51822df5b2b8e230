//! The difference of two log-probabilities, which every ratio and every KL estimator is made of.

use burn::tensor::{DType, Tensor};

use crate::error::{AlgoError, same_tensor_shape};
use crate::mask::DeviceMask;

/// Differences beyond this are the same certainty; it also turns an infinite log-probability into a number.
const LARGEST: f64 = 1e6;

/// ln π(y) − ln π′(y) per token: 0 at masked positions, no gradient through π′.
///
/// | symbol | meaning |
/// |---|---|
/// | ℓ | log-probability under the policy in training |
/// | ℓᵒ, ℓˢ, ℓᶠ | the same under the rollout policy, as the sampler saw it, under the frozen reference |
/// | δ = ℓ − ℓᵒ | log-ratio; ρ = e^δ |
/// | d = ℓ − ℓᶠ | distance to the reference |
///
/// # Shapes
/// All tensors `[B, T]`, like the mask.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use rl_algos::{LogRatio, Mask};
/// let device = Device::default();
/// let mask = Mask::from_lengths(&[1], 2)?.to_device(&device);
/// let logp_bt = Tensor::<2>::from_data([[-1.0, f32::NAN]], &device);
/// let old_bt = Tensor::<2>::from_data([[-1.5, 0.0]], &device);
/// let delta = LogRatio::new(logp_bt, old_bt, &mask)?;
/// assert_eq!(delta.values().into_data_as::<f32>().try_to_vec::<f32>().unwrap(), [0.5, 0.0]);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
#[derive(Debug, Clone)]
pub struct LogRatio {
    values_bt: Tensor<2>,
    mask: DeviceMask,
}

impl LogRatio {
    /// ℓ − ℓ′ with the gradient through ℓ only. A batch without rows or columns is an error.
    pub fn new(logp_bt: Tensor<2>, other_bt: Tensor<2>, mask: &DeviceMask) -> Result<Self, AlgoError> {
        same_tensor_shape("log-probabilities", logp_bt.dims(), mask.host().shape())?;
        same_tensor_shape("other log-probabilities", other_bt.dims(), mask.host().shape())?;
        let values_bt = within_reach(mask.select(logp_bt - other_bt.detach()));
        Ok(Self { values_bt, mask: mask.clone() })
    }

    /// The difference itself, `[B, T]`.
    pub fn values(&self) -> Tensor<2> {
        self.values_bt.clone()
    }

    /// The mask that was applied.
    pub const fn mask(&self) -> &DeviceMask {
        &self.mask
    }

    /// The difference limited to ±`bound`, with gradient 0 outside; verl and OpenRLHF use 20.
    pub fn clamped(&self, bound: f64) -> Self {
        Self { values_bt: self.values().clamp(-bound, bound), mask: self.mask.clone() }
    }

    /// −δ, with its gradient: `k3(&delta.reversed())` is ρ − 1 − ln ρ, the estimate of KL(old ‖ new).
    pub fn reversed(&self) -> Self {
        Self { values_bt: -self.values(), mask: self.mask.clone() }
    }

    /// The difference limited from below, with gradient 0 there.
    pub(crate) fn at_least(&self, bound: f64) -> Self {
        Self { values_bt: self.values().clamp_min(bound), mask: self.mask.clone() }
    }

    /// ρ = e^δ, `[B, T]`; δ is limited so that ρ² is finite in this element type.
    pub fn ratio(&self) -> Tensor<2> {
        bounded_exp(self.values())
    }

    /// Σₜ m·δ per row, `[B, 1]`.
    pub fn row_sum(&self) -> Tensor<2> {
        self.mask.row_sum(self.values())
    }

    /// Σₜ m·δ / nᵢ per row, `[B, 1]`; 0 for an empty row.
    pub fn row_mean(&self) -> Tensor<2> {
        self.mask.row_mean(self.values())
    }
}

/// A log-probability, or a difference of two, with infinities brought back to ±1e6 and gradient 0 there.
pub(crate) fn within_reach(x_bt: Tensor<2>) -> Tensor<2> {
    x_bt.clamp(-LARGEST, LARGEST)
}

/// e^x with x limited to ±[`exponent_limit`] and gradient 0 beyond it.
pub(crate) fn bounded_exp<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let limit = exponent_limit(x.dtype());
    x.clamp(-limit, limit).exp()
}

/// The largest exponent whose exponential can be squared and summed over a batch without overflow.
pub(crate) const fn exponent_limit(dtype: DType) -> f64 {
    match dtype {
        DType::F64 => 300.0,
        DType::F16 => 5.0,
        _ => 40.0,
    }
}
