//! Weights in few bits: how far they are off, and the map that they make.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails where it stands.

use burn::tensor::{DType, Device, Tensor, TensorData};
use fused_ops::{CodeFormat, PackedMatrix, ScaleCoding, linear, plain, quantized_linear};

const KINDS: [(CodeFormat, ScaleCoding); 4] = [
    (CodeFormat::Nf4, ScaleCoding::Exact),
    (CodeFormat::Nf4, ScaleCoding::Coded),
    (CodeFormat::Int8, ScaleCoding::Exact),
    (CodeFormat::Int8, ScaleCoding::Coded),
];

const SHAPES: [[usize; 2]; 8] = [[1, 1], [3, 5], [2, 64], [5, 63], [7, 129], [64, 96], [300, 70], [40, 1024]];

/// Numbers in ±1.5 that look random.
fn matrix(shape: [usize; 2], seed: usize, device: &Device) -> Tensor<2> {
    let number = |i: usize| (((i * 7919 + seed * 104_729) % 2003) as f32 / 2003.0 - 0.5) * 3.0;
    let values: Vec<f32> = (0..shape[0] * shape[1]).map(number).collect();
    Tensor::from_data(TensorData::new(values, shape), (device, DType::F32))
}

fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f32>().map(f64::from).collect()
}

#[track_caller]
fn assert_close(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}: length");
    let largest = expected.iter().fold(1e-30_f64, |most, x| most.max(x.abs()));
    let off = found.iter().zip(expected).fold(0.0_f64, |off, (a, b)| off.max((a - b).abs()));
    assert!(off <= tolerance * largest, "{what}: off by {off} of {largest}");
}

#[test]
fn numbers_come_back_within_half_a_step_of_their_block() {
    for shape in SHAPES {
        for (format, coding) in KINDS {
            let weight = matrix(shape, 5, &Device::flex());
            let packed = PackedMatrix::pack(weight.clone(), format, coding);
            let (old, new) = (read(weight), read(packed.unpack()));
            for (old, new) in old.chunks(64).zip(new.chunks(64)) {
                let most = old.iter().fold(0.0f64, |most, x| most.max(x.abs()));
                // Half of the widest gap of NF4's levels is 0.152; coded scales move by a few thousandths more.
                let step = if format == CodeFormat::Nf4 { 0.1520 } else { 0.5 / 127.0 };
                let slack = if coding == ScaleCoding::Coded { 0.01 } else { 1e-6 };
                let off = old.iter().zip(new).fold(0.0f64, |off, (a, b)| off.max((a - b).abs()));
                assert!(off <= (step + slack) * most, "{shape:?} {format:?} {coding:?}: {off} of {most}");
            }
        }
    }
}

#[test]
fn the_kernel_unpacks_what_the_plain_body_unpacks() {
    let device = Device::flex();
    for shape in SHAPES {
        for (format, coding) in KINDS {
            let packed = PackedMatrix::pack(matrix(shape, 7, &device), format, coding);
            let eye = Tensor::<2>::eye(shape[1], &device);
            let plain = read(plain::quantized_linear(eye, &packed, None).transpose());
            assert_close("unpacked", &read(packed.unpack()), &plain, 1e-6);
        }
    }
}

#[test]
fn the_map_and_its_gradients_are_those_of_the_unpacked_weight() {
    let device = Device::flex().autodiff();
    for shape in SHAPES {
        for (format, coding) in KINDS {
            for rows in [1, 5, 33] {
                let packed = PackedMatrix::pack(matrix(shape, 3, &device), format, coding);
                let run = |forward: &dyn Fn(Tensor<2>, Tensor<1>) -> Tensor<2>| {
                    let x = matrix([rows, shape[1]], 11, &device).require_grad();
                    let bias = matrix([1, shape[0]], 12, &device).squeeze_dim::<1>(0).require_grad();
                    let y = forward(x.clone(), bias.clone());
                    let weights = matrix([rows, shape[0]], 13, &device);
                    let gradients = (y.clone() * weights).sum().backward();
                    [read(y), read(x.grad(&gradients).unwrap()), read(bias.grad(&gradients).unwrap())]
                };
                let ours = run(&|x, b| quantized_linear(x, &packed, Some(b)));
                let dense = run(&|x, b| linear(x, packed.unpack(), Some(b)));
                for (what, (ours, dense)) in ["y", "dx", "db"].iter().zip(ours.iter().zip(&dense)) {
                    assert_close(what, ours, dense, 1e-5);
                }
                let x = matrix([rows, shape[1]], 11, &device);
                let y = read(quantized_linear(x.clone(), &packed, None));
                assert_close("no bias", &y, &read(plain::quantized_linear(x, &packed, None)), 1e-5);
            }
        }
    }
}

#[test]
fn a_row_among_few_has_the_same_bits_whatever_rows_are_beside_it() {
    let device = Device::flex();
    for shape in SHAPES {
        for (format, coding) in KINDS {
            let packed = PackedMatrix::pack(matrix(shape, 9, &device), format, coding);
            let x = matrix([16, shape[1]], 11, &device);
            let all = quantized_linear(x.clone(), &packed, None);
            for (first, rows) in [(0, 1), (3, 1), (5, 2), (1, 7), (8, 8)] {
                let some = quantized_linear(x.clone().narrow(0, first, rows), &packed, None);
                assert_eq!(read(some), read(all.clone().narrow(0, first, rows)), "{shape:?} {format:?}");
            }
        }
    }
}

#[test]
fn a_block_of_zeros_stays_zero_and_empty_matrices_pass() {
    let device = Device::flex();
    for (format, coding) in KINDS {
        let packed = PackedMatrix::pack(Tensor::zeros([2, 100], &device), format, coding);
        assert!(read(packed.unpack()).iter().all(|x| *x == 0.0));
        for shape in [[0, 4], [4, 0]] {
            let packed = PackedMatrix::pack(Tensor::zeros(shape, &device), format, coding);
            let y = quantized_linear(Tensor::ones([3, shape[1]], &device), &packed, None);
            assert_eq!(y.dims(), [3, shape[0]]);
        }
    }
}

#[test]
fn memory_is_what_the_formats_promise() {
    let weight = matrix([512, 1024], 1, &Device::flex());
    let bits = |(format, coding)| {
        PackedMatrix::pack(weight.clone(), format, coding).bytes() as f64 * 8.0 / (512.0 * 1024.0)
    };
    let found = KINDS.map(bits);
    for (found, expected) in found.iter().zip([4.5, 4.127, 8.5, 8.127]) {
        assert!((found - expected).abs() < 0.001, "{found} bits, expected {expected}");
    }
}

/// Rows of 16 bits have no kernel: as on a device, the weight is unpacked in burn's operations, in either pass.
#[test]
fn rows_of_16_bits_get_the_gradients_of_the_unpacked_weight() {
    let device = Device::flex().autodiff();
    for (format, coding) in KINDS {
        let packed = PackedMatrix::pack(matrix([7, 129], 3, &device), format, coding);
        let run = |dtype, forward: &dyn Fn(Tensor<2>, Tensor<1>) -> Tensor<2>| {
            let x = matrix([5, 129], 11, &device).cast(DType::BF16).cast(dtype).detach().require_grad();
            let bias = matrix([1, 7], 12, &device).squeeze_dim::<1>(0);
            let bias = bias.cast(DType::BF16).cast(dtype).detach().require_grad();
            let y = forward(x.clone(), bias.clone());
            let gradients = (y.clone() * matrix([5, 7], 13, &device).cast(dtype)).sum().backward();
            [read(y), read(x.grad(&gradients).unwrap()), read(bias.grad(&gradients).unwrap())]
        };
        let ours = run(DType::BF16, &|x, b| quantized_linear(x, &packed, Some(b)));
        let dense = run(DType::F32, &|x, b| linear(x, packed.unpack(), Some(b)));
        for (what, (ours, dense)) in ["y", "dx", "db"].iter().zip(ours.iter().zip(&dense)) {
            assert_close(what, ours, dense, 2e-2);
        }
    }
}
