//! Numbers at the ends of the range, single rows and none, forward and backward, against the plain body in double
//! precision.

#[path = "oracle/numbers.rs"]
mod numbers;
#[path = "oracle/pass.rs"]
mod pass;

use burn::tensor::{DType, Device, Tensor};
use fused_ops::{
    AttentionPlan, CodeFormat, LoraPair, PackedMatrix, ScaleCoding, Visibility, attention, layer_norm,
    linear, log_sum_exp, lora_linear, quantized_linear, rms_norm, rotary, swiglu, token_log_probs,
};
use numbers::{assert_close, read, values};
use pass::{TOLERANCE, run, tensor};

/// Numbers of very different sizes: every third as large as `large`, the others down to a millionth of it.
fn uneven(count: usize, seed: u64, large: f64) -> Vec<f64> {
    let sizes = [1.0, 1e-3, 1e-6].into_iter().cycle();
    let numbers = values(count, seed).into_iter().zip(sizes).map(|(value, size)| value * size * large);
    numbers.map(|value| f64::from(value as f32)).collect()
}

/// Forward and backward against double precision, without finite differences, which say nothing at such sizes.
#[track_caller]
fn check_sizes(inputs: &[Vec<f64>], f: impl Fn(&[Tensor<1>]) -> Tensor<1>) {
    let device = Device::flex().autodiff();
    let [found, expected] = [DType::F32, DType::F64].map(|dtype| run(inputs, dtype, &device, &f));
    assert!(found.output.iter().all(|value| value.is_finite()), "an output overflowed");
    assert_close("output", &found.output, &expected.output, TOLERANCE);
    for (i, (found, expected)) in found.grads.iter().zip(&expected.grads).enumerate() {
        assert_close(&format!("gradient of input {i}"), found, expected, TOLERANCE);
    }
}

#[test]
fn maps_of_huge_and_tiny_numbers_agree_with_double_precision() {
    for rows in [1, 5, 60] {
        for size in [1e-15, 1e12] {
            let (x, w, b) = (uneven(rows * 24, 1, size), uneven(30 * 24, 2, 1e3), uneven(30, 3, size));
            check_sizes(&[x.clone(), w.clone(), b], |t| {
                let (x, w) = (t[0].clone().reshape([rows, 24]), t[1].clone().reshape([30, 24]));
                linear(x, w, Some(t[2].clone())).reshape([rows * 30])
            });
            let adapter = [uneven(2 * 24, 4, 1e-3), uneven(30 * 2, 5, 1e3)];
            check_sizes(&[vec![x, w], adapter.to_vec()].concat(), |t| {
                let (x, w) = (t[0].clone().reshape([rows, 24]), t[1].clone().reshape([30, 24]));
                let (a, b) = (t[2].clone().reshape([2, 24]), t[3].clone().reshape([30, 2]));
                lora_linear(x, w, None, &[LoraPair { a, b, scale: 2.0 }]).reshape([rows * 30])
            });
        }
    }
}

#[test]
fn norms_of_huge_and_tiny_rows_agree_with_double_precision() {
    for rows in [1, 20] {
        // The square of a number has to fit; the smallest rows lie below the square root of epsilon.
        for size in [1e-6, 1e-2, 1e9, 1e17] {
            let inputs = [uneven(rows * 33, 1, size), uneven(33, 2, 1.0)];
            check_sizes(&inputs, |t| {
                rms_norm(t[0].clone().reshape([rows, 33]), t[1].clone(), 1e-6).reshape([rows * 33])
            });
        }
    }
}

#[test]
fn layer_norm_agrees_with_double_precision() {
    for (rows, width) in [(1, 5), (3, 8), (20, 33)] {
        check_sizes(&[values(rows * width, 1), values(width, 2), values(width, 3)], |t| {
            let x = t[0].clone().reshape([rows, width]);
            layer_norm(x, t[1].clone(), t[2].clone(), 1e-6).reshape([rows * width])
        });
    }
    let none = layer_norm(
        Tensor::zeros([0, 4], &Device::flex()),
        Tensor::ones([4], &Device::flex()),
        Tensor::zeros([4], &Device::flex()),
        1e-6,
    );
    assert_eq!(none.dims(), [0, 4]);
}

#[test]
fn rotations_and_gates_of_huge_numbers_agree_with_double_precision() {
    for size in [1e-20, 1e20] {
        check_sizes(&[uneven(5 * 3 * 8, 1, size)], |t| {
            let table =
                |seed| tensor(&values(5 * 8, seed), t[0].dtype(), &t[0].device()).reshape([5, 8]).detach();
            rotary(t[0].clone().reshape([5, 3, 8]), table(7), table(8)).reshape([5 * 3 * 8])
        });
    }
    for size in [1e-20, 50.0, 1e4] {
        check_sizes(&[uneven(40, 1, size), uneven(40, 2, 1e4)], |t| {
            let [gate, up] = [&t[0], &t[1]].map(|t| t.clone().reshape([5, 8]));
            swiglu(gate, up).reshape([40])
        });
    }
}

#[test]
fn attention_that_chooses_one_key_agrees_with_double_precision() {
    // Scores of up to a hundred: nearly every softmax is a choice.
    let plan = AttentionPlan::sequences(&[1, 9, 40], Visibility::Causal);
    let rows = plan.query_rows();
    let inputs = [values(rows * 2 * 8, 1), values(rows * 8, 2), uneven(rows * 8, 3, 1.0)];
    check_sizes(&inputs, |t| {
        let q = t[0].clone().reshape([rows, 2, 8]);
        let [k, v] = [&t[1], &t[2]].map(|t| t.clone().reshape([rows, 1, 8]));
        attention(q, k, v, &plan, 20.0).reshape([rows * 2 * 8])
    });
}

#[test]
fn log_probabilities_of_sure_and_impossible_tokens_agree_with_double_precision() {
    for size in [1e-6, 30.0] {
        let targets: Vec<u32> = (0..7).map(|i| i * 5 % 33).collect();
        check_sizes(&[values(7 * 16, 1).iter().map(|v| v * size).collect(), values(33 * 16, 2)], |t| {
            let (h, e) = (t[0].clone().reshape([7, 16]), t[1].clone().reshape([33, 16]));
            let chosen = token_log_probs(h, e, &targets, 1.0, &[1]);
            Tensor::cat(vec![chosen.log_probs, chosen.entropy], 0)
        });
    }
}

#[test]
fn a_map_in_few_bits_is_that_of_its_numbers_in_double_precision() {
    let device = Device::flex().autodiff();
    for (format, rows) in
        [(CodeFormat::Nf4, 0), (CodeFormat::Nf4, 1), (CodeFormat::Int8, 5), (CodeFormat::Nf4, 40)]
    {
        for size in [1e-12, 1.0, 1e9] {
            let weight = tensor(&uneven(30 * 70, 2, size), DType::F32, &Device::flex()).reshape([30, 70]);
            let packed = PackedMatrix::pack(weight, format, ScaleCoding::Exact);
            let numbers = Tensor::from_inner(packed.unpack().cast(DType::F64));
            let pass = |dtype: DType, map: &dyn Fn(Tensor<2>, Tensor<1>) -> Tensor<2>| {
                let x = tensor(&values(rows * 70, 1), dtype, &device).require_grad();
                let bias = tensor(&values(30, 3), dtype, &device).require_grad();
                let y = map(x.clone().reshape([rows, 70]), bias.clone()).reshape([rows * 30]);
                let grads = (y.clone() * tensor(&values(rows * 30, 4), dtype, &device)).sum().backward();
                [read(y), read(x.grad(&grads).expect("tracked")), read(bias.grad(&grads).expect("tracked"))]
            };
            let found = pass(DType::F32, &|x, bias| quantized_linear(x, &packed, Some(bias)));
            let expected = pass(DType::F64, &|x, bias| linear(x, numbers.clone(), Some(bias)));
            for (found, expected) in found.iter().zip(&expected) {
                assert_close(&format!("{format:?}, {rows} rows"), found, expected, TOLERANCE);
            }
        }
    }
}

#[test]
fn the_normaliser_of_nothing_and_of_impossible_values_is_said() {
    assert_eq!(log_sum_exp(&[], 1.0).0, f32::NEG_INFINITY);
    assert_eq!(log_sum_exp(&[f32::NEG_INFINITY; 3], 1.0).0, f32::NEG_INFINITY);
    let (max, log_sum) = log_sum_exp(&[f32::NEG_INFINITY, 2.0, f32::NEG_INFINITY], 0.5);
    assert_eq!((max, log_sum), (2.0, 0.0));
    let (max, log_sum) = log_sum_exp(&[1e30, -1e30, 1e30], 1.0);
    assert!(max == 1e30 && (log_sum - 2.0_f32.ln()).abs() < 1e-6);
}

#[test]
fn no_rows_of_rotations_pass_through_the_backward_pass() {
    let device = Device::flex().autodiff();
    let x = Tensor::<3>::zeros([0, 2, 8], &device).require_grad();
    let none = || Tensor::<2>::zeros([0, 8], &device);
    let grads = rotary(x.clone(), none(), none()).sum().backward();
    assert_eq!(x.grad(&grads).expect("tracked").dims(), [0, 2, 8]);
}

#[test]
fn no_completions_pass_through_the_backward_pass() {
    let device = Device::flex().autodiff();
    let hidden = Tensor::<2>::zeros([0, 4], &device).require_grad();
    let chosen = token_log_probs(hidden.clone(), Tensor::ones([5, 4], &device), &[], 1.0, &[]);
    let grads = (chosen.log_probs.sum() + chosen.entropy.sum()).backward();
    assert_eq!(hidden.grad(&grads).expect("tracked").dims(), [0, 4]);
}
