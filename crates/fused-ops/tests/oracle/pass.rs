//! One pass of an operation, forward and backward.

use burn::tensor::{DType, Device, Tensor, TensorData};

use super::numbers::{read, values};

/// Largest allowed difference, relative to the largest value of the reference.
pub const TOLERANCE: f64 = 1e-5;

/// A tensor of `values` in the wanted precision.
pub fn tensor(values: &[f64], dtype: DType, device: &Device) -> Tensor<1> {
    Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), (device, dtype))
}

/// What one run of an operation gives: its output and the gradient of every input.
pub struct Run {
    pub output: Vec<f64>,
    pub grads: Vec<Vec<f64>>,
}

/// Runs `f` on tracked inputs and takes the gradient of a fixed weighting of its output.
pub fn run(
    inputs: &[Vec<f64>],
    dtype: DType,
    device: &Device,
    f: &impl Fn(&[Tensor<1>]) -> Tensor<1>,
) -> Run {
    let leaves: Vec<_> = inputs.iter().map(|v| tensor(v, dtype, device).require_grad()).collect();
    let output = f(&leaves);
    let weights = tensor(&values(output.dims()[0], 99), dtype, device);
    let grads = (output.clone() * weights).sum().backward();
    let zeros = |leaf: &Tensor<1>| vec![0.0; leaf.dims()[0]];
    let grads = leaves.iter().map(|leaf| leaf.grad(&grads).map_or_else(|| zeros(leaf), read)).collect();
    Run { output: read(output), grads }
}
