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

/// Stands at the entrance of every island. Debug builds, and so all tests, check that nothing of 16 bits comes in: some back
/// ends would compute in 16 bits then, and the numbers alone do not show it on those that would not.
#[track_caller]
pub(crate) fn assert_wide<const D: usize>(x: &Tensor<D>) {
    debug_assert!(!is_half(x.dtype()), "an f32 island was entered with {:?}", x.dtype());
}

/// Back to the element type of what went into an island.
pub(crate) fn narrow<const D: usize>(x: Tensor<D>, dtype: DType) -> Tensor<D> {
    let to: FloatDType = dtype.into();
    if x.dtype() == dtype { x } else { x.cast(to) }
}
