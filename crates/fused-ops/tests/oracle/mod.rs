//! Compares an operation in `f32` (the kernels) with the same call in `f64` (burn's own operations), forward and
//! backward, and the backward pass with finite differences.

mod numbers;
mod pass;

use burn::tensor::{DType, Device, Tensor};
pub use numbers::{assert_close, read, values};
pub use pass::{Run, TOLERANCE, run, tensor};

/// Checks outputs, gradients and a few finite differences of `f` on inputs of these sizes.
#[track_caller]
pub fn check(sizes: &[usize], f: impl Fn(&[Tensor<1>]) -> Tensor<1>) {
    let inputs: Vec<_> = (1..).zip(sizes).map(|(seed, &size)| values(size, seed)).collect();
    check_values(&inputs, f);
}

/// [`check`] on given inputs.
#[track_caller]
pub fn check_values(inputs: &[Vec<f64>], f: impl Fn(&[Tensor<1>]) -> Tensor<1>) {
    let device = Device::flex().autodiff();
    let found = run(inputs, DType::F32, &device, &f);
    let expected = run(inputs, DType::F64, &device, &f);
    assert_close("output", &found.output, &expected.output, TOLERANCE);
    for (i, (found, expected)) in found.grads.iter().zip(&expected.grads).enumerate() {
        assert_close(&format!("gradient of input {i}"), found, expected, TOLERANCE);
    }
    // Without a tape the output is the same.
    let plain: Vec<_> = inputs.iter().map(|v| tensor(v, DType::F32, &Device::flex())).collect();
    assert_eq!(read(f(&plain)), found.output, "with and without a tape");
    finite_differences(inputs, &found, &f);
}

#[track_caller]
fn finite_differences(inputs: &[Vec<f64>], found: &Run, f: &impl Fn(&[Tensor<1>]) -> Tensor<1>) {
    const STEP: f64 = 1e-4;
    let weights = values(found.output.len(), 99);
    let loss = |inputs: &[Vec<f64>]| -> f64 {
        let leaves: Vec<_> = inputs.iter().map(|v| tensor(v, DType::F64, &Device::flex())).collect();
        read(f(&leaves)).iter().zip(&weights).map(|(o, w)| o * w).sum()
    };
    for (i, grad) in found.grads.iter().enumerate() {
        let largest = grad.iter().fold(1e-3_f64, |m, g| m.max(g.abs()));
        for at in [0, grad.len() / 3, grad.len().saturating_sub(1)] {
            if at >= grad.len() {
                continue;
            }
            let moved = |step: f64| {
                let mut inputs = inputs.to_vec();
                inputs[i][at] += step;
                loss(&inputs)
            };
            let slope = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
            assert!(
                (slope - grad[at]).abs() <= 2e-5 * largest,
                "input {i}[{at}]: slope {slope}, gradient {}",
                grad[at]
            );
        }
    }
}
