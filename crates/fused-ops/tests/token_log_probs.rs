//! Log-probabilities of chosen tokens against sums written out in double precision, and against the plain body.

mod oracle;

use burn::tensor::{DType, Device, Tensor};
use fused_ops::{ChosenLogProbs, plain, token_log_probs};
use oracle::{assert_close, check, read, tensor, values};

fn targets(rows: usize, vocabulary: usize) -> Vec<u32> {
    (0..rows).map(|i| (i * 37 % vocabulary) as u32).collect()
}

#[track_caller]
fn check_shape([rows, width, vocabulary]: [usize; 3], temperature: f32, forbidden: &[u32]) {
    let allowed = |id: u32| {
        if forbidden.contains(&id) { (0..).find(|i| !forbidden.contains(i)).expect("a free id") } else { id }
    };
    let targets: Vec<u32> = targets(rows, vocabulary).into_iter().map(allowed).collect();
    check(&[rows * width, vocabulary * width], |t| {
        let (h, e) = (t[0].clone().reshape([rows, width]), t[1].clone().reshape([vocabulary, width]));
        let chosen = token_log_probs(h, e, &targets, temperature, forbidden);
        Tensor::cat(vec![chosen.log_probs, chosen.entropy], 0)
    });
}

#[test]
fn every_shape_agrees_with_the_plain_body() {
    check_shape([1, 1, 1], 1.0, &[]);
    check_shape([1, 8, 5], 1.0, &[]);
    check_shape([7, 16, 33], 0.7, &[]);
    check_shape([20, 12, 100], 1.3, &[3, 99, 3, 50]);
}

#[test]
fn rows_and_vocabulary_larger_than_a_tile() {
    check_shape([300, 6, 40], 1.0, &[1]);
    check_shape([5, 6, 2100], 0.9, &[0, 2047, 2048, 2099]);
}

#[test]
fn either_output_may_be_used_alone() {
    for part in 0..2 {
        check(&[6 * 8, 30 * 8], |t| {
            let (h, e) = (t[0].clone().reshape([6, 8]), t[1].clone().reshape([30, 8]));
            let chosen = token_log_probs(h, e, &targets(6, 30), 1.0, &[]);
            [chosen.log_probs, chosen.entropy][part].clone().sum()
        });
    }
}

#[test]
fn the_definition_holds() {
    let (h, e) = (values(3 * 4, 1), values(10 * 4, 2));
    let f32s = |v: &[f64], shape: [usize; 2]| tensor(v, DType::F32, &Device::flex()).reshape(shape);
    let found = token_log_probs(f32s(&h, [3, 4]), f32s(&e, [10, 4]), &[9, 0, 4], 0.5, &[7]);
    let (mut log_probs, mut entropy) = (Vec::new(), Vec::new());
    for (row, target) in h.chunks(4).zip([9, 0, 4]) {
        let logit = |id: usize| row.iter().zip(&e[id * 4..]).map(|(a, b)| a * b).sum::<f64>() / 0.5;
        let ids = || (0..10).filter(|id| *id != 7);
        let log_sum = ids().map(|id| logit(id).exp()).sum::<f64>().ln();
        log_probs.push(logit(target) - log_sum);
        entropy.push(-ids().map(|id| (logit(id) - log_sum).exp() * (logit(id) - log_sum)).sum::<f64>());
    }
    assert_close("log-probabilities", &read(found.log_probs), &log_probs, 1e-6);
    assert_close("entropy", &read(found.entropy), &entropy, 1e-6);
}

#[test]
fn a_frozen_head_gets_no_gradient() {
    let device = Device::flex().autodiff();
    let hidden = tensor(&values(12, 1), DType::F32, &device).require_grad();
    let head = tensor(&values(20, 2), DType::F32, &Device::flex()).reshape([5, 4]);
    let chosen = token_log_probs(hidden.clone().reshape([3, 4]), head, &[0, 1, 2], 1.0, &[]);
    let grads = chosen.log_probs.sum().backward();
    assert!(read(hidden.grad(&grads).unwrap()).iter().any(|g| *g != 0.0));
}

#[test]
fn a_forbidden_target_is_impossible_and_carries_no_gradient() {
    let device = Device::flex().autodiff();
    let hidden = tensor(&values(8, 1), DType::F32, &device).require_grad();
    let head = tensor(&values(20, 2), DType::F32, &device).reshape([5, 4]);
    let chosen = token_log_probs(hidden.clone().reshape([2, 4]), head, &[3, 1], 1.0, &[3]);
    assert_eq!(read(chosen.log_probs.clone())[0], f64::NEG_INFINITY);
    let grads = read(hidden.grad(&chosen.log_probs.sum().backward()).unwrap());
    assert_eq!(grads[..4], [0.0; 4]);
    assert!(grads[4..].iter().all(|g| g.is_finite() && *g != 0.0));
}

#[test]
fn extreme_logits_stay_finite() {
    let hidden = tensor(&[1e4, -1e4, 0.0], DType::F32, &Device::flex()).reshape([3, 1]);
    let head = tensor(&[1.0, -1.0, 0.5], DType::F32, &Device::flex()).reshape([3, 1]);
    let chosen = token_log_probs(hidden, head, &[0, 0, 2], 1.0, &[]);
    assert_close("log-probabilities", &read(chosen.log_probs), &[0.0, -2e4, -(3.0_f64.ln())], 1e-6);
    assert_close("entropy", &read(chosen.entropy), &[0.0, 0.0, 3.0_f64.ln()], 1e-6);
}

#[test]
fn no_rows_give_no_rows() {
    for dtype in [DType::F32, DType::F64] {
        let empty = |shape: [usize; 2]| Tensor::<2>::zeros(shape, (&Device::flex(), dtype));
        let chosen = token_log_probs(empty([0, 4]), empty([5, 4]), &[], 1.0, &[2]);
        assert_eq!((chosen.log_probs.dims(), chosen.entropy.dims()), ([0], [0]));
    }
}

#[test]
fn half_precision_is_summed_in_single_precision() {
    let half = |count, seed, shape: [usize; 2]| {
        tensor(&values(count, seed), DType::F32, &Device::flex()).cast(DType::BF16).reshape(shape)
    };
    let (h, e) = (half(12, 1, [3, 4]), half(40, 2, [10, 4]));
    let chosen = token_log_probs(h.clone(), e.clone(), &[1, 2, 3], 1.0, &[]);
    assert_eq!(chosen.log_probs.dtype(), DType::F32);
    assert_eq!(read(chosen.log_probs), read(plain::token_log_probs(h, e, &[1, 2, 3], 1.0, &[]).log_probs));
}

/// f64 has no kernel: its backward pass is the closed form in burn's operations, here beside burn's tape.
#[test]
fn the_closed_form_in_chunks_is_the_gradient_of_burns_tape() {
    let (rows, width, vocabulary) = (300, 5, 37);
    let device = Device::flex().autodiff();
    let run = |scores: &dyn Fn(Tensor<2>, Tensor<2>) -> ChosenLogProbs| {
        let hidden = tensor(&values(rows * width, 1), DType::F64, &device).require_grad();
        let head = tensor(&values(vocabulary * width, 2), DType::F64, &device).require_grad();
        let found = scores(hidden.clone().reshape([rows, width]), head.clone().reshape([vocabulary, width]));
        let weights = |seed| tensor(&values(rows, seed), DType::F64, &device);
        let loss = (found.log_probs.clone() * weights(3)).sum() + (found.entropy.clone() * weights(4)).sum();
        let grads = loss.backward();
        [read(found.log_probs), read(found.entropy)]
            .into_iter()
            .chain([hidden, head].map(|leaf| read(leaf.grad(&grads).unwrap())))
            .collect::<Vec<_>>()
    };
    let targets: Vec<u32> = (0..rows).map(|row| 3 + (row * 7 % 30) as u32).collect();
    for forbidden in [vec![], vec![0, 2, 36]] {
        let found = run(&|hidden, head| token_log_probs(hidden, head, &targets, 0.7, &forbidden));
        let expected = run(&|hidden, head| plain::token_log_probs(hidden, head, &targets, 0.7, &forbidden));
        for (found, expected) in found.iter().zip(&expected) {
            assert_close("f64", found, expected, 1e-8);
        }
    }
}

#[test]
fn numbers_of_16_bits_get_gradients_of_16_bits() {
    let device = Device::flex().autodiff();
    let half = |count, seed, shape: [usize; 2]| {
        tensor(&values(count, seed), DType::F32, &device).cast(DType::BF16).reshape(shape).detach()
    };
    let (hidden, head) = (half(12, 1, [3, 4]).require_grad(), half(40, 2, [10, 4]));
    let chosen = token_log_probs(hidden.clone(), head, &[1, 2, 3], 1.0, &[5]);
    let grad = hidden.grad(&chosen.log_probs.sum().backward()).unwrap();
    assert_eq!(grad.dtype(), DType::BF16);
    let wide = tensor(&read(hidden), DType::F64, &device).reshape([3, 4]).require_grad();
    let head = tensor(&read(half(40, 2, [10, 4])), DType::F64, &device).reshape([10, 4]);
    let chosen = plain::token_log_probs(wide.clone(), head, &[1, 2, 3], 1.0, &[5]);
    let expected = wide.grad(&chosen.log_probs.sum().backward()).unwrap();
    assert_close("gradient", &read(grad), &read(expected), 1e-2);
}
