//! f32 islands among 16-bit floats: what sums, divides or exponentiates is computed in f32 and rounded once.

use burn::tensor::{DType, FloatDType, Tensor};

/// Whether a number has 16 bits.
pub(crate) fn is_half(dtype: DType) -> bool {
    matches!(dtype, DType::F16 | DType::BF16)
}

/// 16-bit floats as f32; others as they are.
pub(crate) fn widen<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    if is_half(x.dtype()) { x.cast(FloatDType::F32) } else { x }
}

/// Back to the element type of what went into an island.
pub(crate) fn narrow<const D: usize>(x: Tensor<D>, dtype: DType) -> Tensor<D> {
    let to: FloatDType = dtype.into();
    if x.dtype() == dtype { x } else { x.cast(to) }
}
