//! Normalisation by mean and variance.

use burn::tensor::{Tensor, module};

use crate::widen::{assert_wide, narrow, widen};

/// Normalises every row: `y = w (x - mean(x)) / √(var(x) + ε) + b` (Ba et al. 2016, arXiv 1607.06450), with the population
/// variance.
///
/// 16-bit floats are normalised in `f32` and rounded once, at the end.
///
/// # Shapes
/// - `x` and the result: `[rows, width]`
/// - `weight`, `bias`: `[width]`
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
///
/// let device = Device::flex();
/// let x = Tensor::<2>::from_data([[3.0, 5.0]], &device);
/// let [weight, bias] = [[1.0, 1.0], [0.0, 10.0]].map(|x| Tensor::<1>::from_data(x, &device));
/// assert_eq!(fused_ops::layer_norm(x, weight, bias, 0.0).into_data().try_to_vec::<f32>().unwrap(), [-1.0, 11.0]);
/// ```
pub fn layer_norm(x: Tensor<2>, weight: Tensor<1>, bias: Tensor<1>, eps: f64) -> Tensor<2> {
    let dtype = x.dtype();
    let x = widen(x);
    assert_wide(&x);
    narrow(module::layer_norm(x, widen(weight), Some(widen(bias)), eps), dtype)
}
