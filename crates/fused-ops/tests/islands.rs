//! On bf16 what sums, divides, exponentiates or rotates is computed in f32: an output differs from that of f32 arithmetic on
//! the same numbers by one rounding, never by the many that arithmetic in bf16 would add up. The islands themselves assert in
//! debug builds that nothing of 16 bits enters.

use burn::tensor::{DType, Device, Tensor, TensorData};
use fused_ops::{AttentionPlan, Visibility, attention, layer_norm, rms_norm, rotary, token_log_probs};

/// Half of the largest distance of neighbouring numbers with eight bits, as a share of them.
const ROUNDING: f64 = 1.0 / 256.0;

fn tensor(numbers: Vec<f64>) -> Tensor<1> {
    let count = numbers.len();
    Tensor::from_data(TensorData::new(numbers, [count]), (&Device::flex(), DType::F32))
}

/// Numbers that bf16 holds, in f32: `offset` plus or minus `size`.
fn held(count: usize, seed: usize, offset: f64, size: f64) -> Tensor<1> {
    let number = |i: usize| ((i * 7919 + seed * 104_729) % 2003) as f64 / 1001.0 - 1.0;
    let numbers = (0..count).map(|i| offset + size * number(i)).collect();
    tensor(numbers).cast(DType::BF16).cast(DType::F32)
}

fn read(tensor: Tensor<1>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

/// `f` on bf16 gives what it gives on f32, rounded `roundings` times.
#[track_caller]
fn is_island(inputs: &[Tensor<1>], roundings: f64, f: impl Fn(&[Tensor<1>]) -> Tensor<1>) {
    let wide = read(f(inputs));
    let half: Vec<_> = inputs.iter().map(|input| input.clone().cast(DType::BF16)).collect();
    let found = read(f(&half));
    for (i, (found, wide)) in found.iter().zip(&wide).enumerate() {
        let allowed = ROUNDING * 1.01 * roundings * wide.abs() + 1e-6;
        assert!((found - wide).abs() <= allowed, "{i}: found {found}, f32 has {wide}");
    }
}

#[test]
fn norms_are_computed_in_f32() {
    // Far from zero, where the mean of bf16 numbers in bf16 would be off by as much as they vary.
    for (offset, size) in [(0.0, 1.0), (100.0, 4.0)] {
        let inputs = [held(3 * 640, 1, offset, size), held(640, 2, 1.0, 0.3), held(640, 3, 0.0, 0.5)];
        is_island(&inputs[..2], 1.0, |t| {
            rms_norm(t[0].clone().reshape([3, 640]), t[1].clone(), 1e-6).reshape([-1])
        });
        is_island(&inputs, 1.0, |t| {
            layer_norm(t[0].clone().reshape([3, 640]), t[1].clone(), t[2].clone(), 1e-6).reshape([-1])
        });
    }
}

#[test]
fn rotations_are_computed_in_f32_with_tables_in_f32() {
    let angles = || (0..4 * 8).map(|i| f64::from(i) * 0.37);
    let table = |f: fn(f64) -> f64| tensor(angles().map(f).collect()).reshape([4, 8]);
    is_island(&[held(4 * 2 * 8, 4, 0.0, 1.0)], 1.0, |t| {
        rotary(t[0].clone().reshape([4, 2, 8]), table(f64::cos), table(f64::sin)).reshape([-1])
    });
}

/// A sum of a thousand equal weights in bf16 stops at 256, where adding 1 changes nothing.
#[test]
fn softmax_is_computed_in_f32_with_and_without_a_tape() {
    let (rows, head) = (1024, 16);
    // Scores rounded to bf16 before the softmax are zero here, so that only the softmax is measured.
    let nothing = tensor(vec![0.0; rows * head]);
    let inputs = [nothing.clone(), nothing, held(rows * head, 5, 2.0, 0.5)];
    let plan = AttentionPlan::sequences(&[rows], Visibility::Causal);
    for tape in [false, true] {
        is_island(&inputs, 3.0, |t| {
            let t = t.iter().map(|t| if tape { t.clone().autodiff() } else { t.clone() });
            let [q, k, v]: [Tensor<3>; 3] =
                t.map(|t| t.reshape([rows, 1, head])).collect::<Vec<_>>().try_into().expect("three inputs");
            attention(q, k, v, &plan, 0.25).inner().reshape([-1])
        });
    }
}

#[test]
fn logits_log_probabilities_and_entropies_are_computed_in_f32() {
    // Logits of some twenty units, which bf16 would round by up to 0.06.
    let (hidden, head) = (held(6 * 64, 6, 0.0, 2.0), held(300 * 64, 7, 0.0, 1.0));
    let run = |dtype| {
        let (hidden, head) = (hidden.clone().cast(dtype), head.clone().cast(dtype));
        let (hidden, head) = (hidden.reshape([6, 64]), head.reshape([300, 64]));
        let scores = token_log_probs(hidden, head, &[0, 7, 299, 5, 4, 3], 0.7, &[9]);
        assert_eq!([scores.log_probs.dtype(), scores.entropy.dtype()], [DType::F32; 2]);
        [read(scores.log_probs), read(scores.entropy)]
    };
    for (found, wide) in run(DType::BF16).iter().zip(run(DType::F32)) {
        for (found, wide) in found.iter().zip(wide) {
            assert!((found - wide).abs() < 1e-4, "found {found}, f32 has {wide}");
        }
    }
}
