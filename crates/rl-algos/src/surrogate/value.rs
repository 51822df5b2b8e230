//! The critic's loss.

use burn::tensor::Tensor;

use crate::error::{AlgoError, same_shape};
use crate::hyper::Positive;
use crate::mask::DeviceMask;

/// What the critic is trained on, each `[B, T]`.
#[derive(Debug, Clone)]
pub struct ValueBatch {
    /// V: the critic's estimate, with gradient.
    pub values_bt: Tensor<2>,
    /// V_old: its estimate at rollout time.
    pub old_values_bt: Tensor<2>,
    /// R: the targets of [`crate::advantage::Gae`].
    pub returns_bt: Tensor<2>,
}

/// Squared error of the critic, with the step from its old estimate clipped.
///
/// L = ½·max((V − R)², (clip(V, V_old ± c) − R)²)
///
/// Schulman et al., arXiv 1707.06347 (as implemented there); c = 0.5 in verl. The ½ belongs to the loss.
///
/// By hand: V = 2, V_old = 0, R = 0, c = 0.5 → ½·max(4, 0.25) = 2.
///
/// # Shapes
/// `[B, T]`.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use rl_algos::{Mask, Positive, surrogate::{ValueBatch, clipped_value}};
/// let device = Device::default();
/// let constant = |x: f32| Tensor::<2>::from_data([[x]], &device);
/// let batch = ValueBatch { values_bt: constant(2.0), old_values_bt: constant(0.0), returns_bt: constant(0.0) };
/// let loss = clipped_value(batch, Positive::new(0.5)?, &Mask::from_lengths(&[1], 1)?.to_device(&device))?;
/// assert_eq!(loss.into_scalar::<f32>(), 2.0);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn clipped_value(batch: ValueBatch, width: Positive, mask: &DeviceMask) -> Result<Tensor<2>, AlgoError> {
    let ValueBatch { values_bt, old_values_bt, returns_bt } = batch;
    same_shape("values", values_bt.dims(), mask.host().shape())?;
    same_shape("old values", old_values_bt.dims(), mask.host().shape())?;
    same_shape("returns", returns_bt.dims(), mask.host().shape())?;
    let [values_bt, old_bt] = [values_bt, old_values_bt.detach()].map(|tensor_bt| mask.select(tensor_bt));
    let returns_bt = mask.select(returns_bt.detach());
    let step_bt = (values_bt.clone() - old_bt.clone()).clamp(-width.get(), width.get());
    let square = |error_bt: Tensor<2>| error_bt.clone() * error_bt;
    Ok(square(values_bt - returns_bt.clone()).max_pair(square(old_bt + step_bt - returns_bt)) * 0.5)
}
