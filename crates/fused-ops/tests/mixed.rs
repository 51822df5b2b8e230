//! Rows that are rounded to bfloat16 where they meet a weight in bfloat16.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails where it stands.

#[path = "oracle/numbers.rs"]
mod numbers;

use burn::tensor::{DType, Device, Tensor, TensorData};
use fused_ops::{Arithmetic, LoraPair, Weight, linear, lora_linear, plain};
use numbers::{assert_close, read, values};

fn tensor(values: &[f64], dtype: DType, device: &Device) -> Tensor<1> {
    Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), (device, dtype))
}

const SHAPES: [[usize; 3]; 9] = [
    [0, 8, 5],
    [1, 1, 1],
    [1, 33, 20],
    [8, 96, 40],
    [16, 31, 64],
    [17, 40, 24],
    [65, 129, 17],
    [300, 64, 130],
    [40, 600, 700],
];

/// The nearest numbers in bfloat16.
fn rounded(values: &[f64]) -> Vec<f64> {
    read(tensor(values, DType::BF16, &Device::flex()))
}

fn matrix(values: &[f64], shape: [usize; 2], dtype: DType, device: &Device) -> Tensor<2> {
    tensor(values, dtype, device).reshape(shape)
}

/// A frozen weight.
fn mixed(values: &[f64], shape: [usize; 2]) -> Weight {
    Weight { numbers: matrix(values, shape, DType::BF16, &Device::flex()), arithmetic: Arithmetic::Mixed }
}

/// Row times row, in double precision.
fn products(left: &[f64], right: &[f64], inner: usize) -> Vec<f64> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    left.chunks(inner).flat_map(|a| right.chunks(inner).map(move |b| dot(a, b))).collect()
}

fn turned(values: &[f64], columns: usize) -> Vec<f64> {
    (0..columns).flat_map(|c| values.iter().skip(c).step_by(columns).copied()).collect()
}

#[test]
fn a_product_and_its_gradient_are_sums_over_rounded_numbers() {
    let device = Device::flex().autodiff();
    for [rows, inner, outer] in SHAPES {
        let (x, w, dy) = (values(rows * inner, 1), values(outer * inner, 2), values(rows * outer, 3));
        let (x16, w16, dy16) = (rounded(&x), rounded(&w), rounded(&dy));
        let leaf = matrix(&x, [rows, inner], DType::F32, &device).require_grad();
        let y = linear(leaf.clone(), mixed(&w, [outer, inner]), None);
        assert_close("output", &read(y.clone()), &products(&x16, &w16, inner), 1e-6);
        let loss = (y * matrix(&dy, [rows, outer], DType::F32, &device)).sum();
        let dx = read(leaf.grad(&loss.backward()).unwrap());
        assert_close("gradient", &dx, &products(&dy16, &turned(&w16, inner), outer), 1e-6);
    }
}

#[test]
fn an_adapter_beside_the_weight_stays_in_32_bits() {
    let device = Device::flex().autodiff();
    for [rows, inner, outer] in SHAPES {
        let (weight, rank) = (values(outer * inner, 2), 4);
        let run = |dtype: DType, map: &dyn Fn(Tensor<2>, Tensor<1>, LoraPair) -> Tensor<2>| {
            // Both as small as they are in training: what rounding to 16 bits would do to them is seen.
            let small = |seed, count| values(count, seed).iter().map(|v| v * 1e-3).collect::<Vec<_>>();
            let x = matrix(&rounded(&values(rows * inner, 1)), [rows, inner], dtype, &device).require_grad();
            let a = matrix(&small(4, rank * inner), [rank, inner], dtype, &device).require_grad();
            let b = matrix(&small(5, outer * rank), [outer, rank], dtype, &device).require_grad();
            let bias = tensor(&values(outer, 6), dtype, &device).require_grad();
            let y = map(x.clone(), bias.clone(), LoraPair { a: a.clone(), b: b.clone(), scale: 2.0 });
            let dy = matrix(&rounded(&values(rows * outer, 3)), [rows, outer], dtype, &device);
            let grads = (y.clone() * dy).sum().backward();
            let of = |t: Tensor<2>| read(t.grad(&grads).unwrap());
            [read(y), of(x), of(a), of(b), read(bias.grad(&grads).unwrap())]
        };
        let found = run(DType::F32, &|x, bias, pair| {
            lora_linear(x, mixed(&weight, [outer, inner]), Some(bias), &[pair])
        });
        let numbers = matrix(&rounded(&weight), [outer, inner], DType::F64, &Device::flex());
        let expected = run(DType::F64, &|x, bias, pair| {
            plain::lora_linear(x, Tensor::from_inner(numbers.clone()), Some(bias), &[pair])
        });
        let names = ["output", "dx", "da", "db", "dbias"];
        for ((name, found), expected) in names.iter().zip(&found).zip(&expected) {
            assert_close(&format!("{name} of {rows}x{inner}x{outer}"), found, expected, 1e-5);
        }
    }
}

#[test]
fn the_plain_body_rounds_the_rows_too() {
    for [rows, inner, outer] in SHAPES {
        let x = matrix(&values(rows * inner, 1), [rows, inner], DType::F32, &Device::flex());
        let weight = || mixed(&values(outer * inner, 2), [outer, inner]);
        let found = read(linear(x.clone(), weight(), None));
        assert_close("output", &found, &read(plain::linear(x, weight(), None)), 1e-6);
    }
}

#[test]
fn a_weight_in_32_bits_meets_rows_in_32_bits_whatever_is_asked() {
    let device = Device::flex();
    let x = matrix(&values(40 * 24, 1), [40, 24], DType::F32, &device);
    let numbers = matrix(&values(30 * 24, 2), [30, 24], DType::F32, &device);
    let asked = Weight { numbers: numbers.clone(), arithmetic: Arithmetic::Mixed };
    assert_eq!(read(linear(x.clone(), asked, None)), read(linear(x, numbers, None)));
}

#[test]
fn infinite_and_missing_numbers_pass_through() {
    let device = Device::flex();
    for rows in [1, 40] {
        let weight = || mixed(&[0.5; 15], [3, 5]);
        let mut x = vec![1.0; rows * 5];
        x[0] = f64::INFINITY;
        if rows > 1 {
            x[2 * 5 + 1] = f64::NAN;
        }
        let y = read(linear(matrix(&x, [rows, 5], DType::F32, &device), weight(), None));
        assert_eq!(y[..3], [f64::INFINITY; 3]);
        assert!(rows == 1 || y[6..9].iter().all(|y| y.is_nan()));
        assert!(rows == 1 || y[3..6].iter().chain(&y[9..]).all(|y| *y == 2.5));
    }
}
