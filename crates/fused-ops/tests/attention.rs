//! Attention against sums written out in double precision, and against its plain body.

mod oracle;

use burn::tensor::{DType, Device, Tensor};
use fused_ops::{AttentionPlan, KeyRows, Segment, Visibility, attention, plain};
use oracle::{assert_close, check, check_values, read, tensor, values};

/// Heads, key-value heads, values per head.
type Heads = (usize, usize, usize);

/// `softmax(scale · q Kᵀ) V` with one loop per sum.
fn written_out(
    [q, k, v]: [&[f64]; 3],
    plan: &AttentionPlan,
    (heads, kv, head): Heads,
    scale: f64,
) -> Vec<f64> {
    let mut out = vec![0.0; plan.query_rows() * heads * head];
    let at = |data: &[f64], row: usize, per_row: usize, h: usize| -> Vec<f64> {
        data[(row * per_row + h) * head..][..head].to_vec()
    };
    for segment in plan.segments() {
        let keys: Vec<usize> = segment.keys.iter().flat_map(|run| run.iter()).collect();
        for (i, row) in segment.queries.clone().enumerate() {
            let seen = match segment.visibility {
                Visibility::Full => keys.len(),
                Visibility::Causal => (keys.len() + i + 1).saturating_sub(segment.queries.len()),
            };
            for h in 0..heads {
                let (query, group) = (at(q, row, heads, h), h / (heads / kv));
                let dot = |key: &usize| {
                    at(k, *key, kv, group).iter().zip(&query).map(|(a, b)| a * b).sum::<f64>() * scale
                };
                let scores: Vec<f64> = keys[..seen].iter().map(dot).collect();
                let max = scores.iter().fold(f64::NEG_INFINITY, |m, s| m.max(*s));
                let total: f64 = scores.iter().map(|s| (s - max).exp()).sum();
                for (key, score) in keys[..seen].iter().zip(&scores) {
                    let p = (score - max).exp() / total;
                    for (c, v) in at(v, *key, kv, group).iter().enumerate() {
                        out[(row * heads + h) * head + c] += p * v;
                    }
                }
            }
        }
    }
    out
}

#[track_caller]
fn check_plan(plan: &AttentionPlan, keys: usize, heads: Heads) {
    let (h, kv, head) = heads;
    let scale = 1.0 / (head as f32).sqrt();
    let sizes = [plan.query_rows() * h * head, keys * kv * head, keys * kv * head];
    let run = |t: &[Tensor<1>]| {
        let q = t[0].clone().reshape([plan.query_rows(), h, head]);
        let [k, v] = [&t[1], &t[2]].map(|t| t.clone().reshape([keys, kv, head]));
        attention(q, k, v, plan, scale).reshape([sizes[0]])
    };
    check(&sizes, run);
    let inputs: Vec<_> = (1..).zip(sizes).map(|(seed, size)| values(size, seed)).collect();
    let expected = written_out([&inputs[0], &inputs[1], &inputs[2]], plan, heads, f64::from(scale));
    for dtype in [DType::F32, DType::F64] {
        let inputs: Vec<_> = inputs.iter().map(|v| tensor(v, dtype, &Device::flex())).collect();
        assert_close("written out", &read(run(&inputs)), &expected, 1e-5);
    }
}

fn causal(queries: std::ops::Range<usize>, keys: &[(usize, usize, usize)]) -> Segment {
    let keys = keys.iter().map(|&(start, stride, len)| KeyRows { start, stride, len }).collect();
    Segment { queries, keys, visibility: Visibility::Causal }
}

#[test]
fn packed_causal_sequences_of_all_head_shapes() {
    for heads in [(1, 1, 8), (4, 2, 16), (6, 1, 32), (3, 3, 80), (12, 2, 64), (2, 1, 128), (2, 2, 1)] {
        let lengths = [5, 1, 0, 40, 3];
        check_plan(&AttentionPlan::sequences(&lengths, Visibility::Causal), 49, heads);
    }
}

#[test]
fn sequences_longer_than_a_tile() {
    check_plan(&AttentionPlan::sequences(&[300, 530], Visibility::Causal), 830, (2, 1, 16));
    check_plan(&AttentionPlan::sequences(&[270, 290], Visibility::Full), 560, (2, 2, 8));
}

#[test]
fn vision_windows_see_only_themselves() {
    check_plan(&AttentionPlan::sequences(&[16, 16, 4, 64, 9], Visibility::Full), 109, (4, 4, 20));
}

#[test]
fn completions_share_a_prompt() {
    let prompt = causal(0..20, &[(0, 1, 20)]);
    let completion = |at, len| causal(at..at + len, &[(0, 1, 20), (at, 1, len)]);
    let segments = vec![prompt, completion(20, 7), completion(27, 1), completion(28, 30)];
    check_plan(&AttentionPlan::new(segments, 58, 58).unwrap(), 58, (6, 2, 16));
}

/// On a device they are one batch, the shorter ones padded.
#[test]
fn sequences_and_completions_of_similar_lengths() {
    check_plan(&AttentionPlan::sequences(&[30, 17, 24, 16, 29], Visibility::Causal), 116, (4, 2, 8));
    let completion = |at, len| causal(at..at + len, &[(0, 1, 20), (at, 1, len)]);
    let segments = vec![completion(20, 7), completion(27, 4), completion(31, 6), completion(37, 5)];
    check_plan(&AttentionPlan::new(segments, 42, 42).unwrap(), 42, (6, 2, 16));
}

#[test]
fn decoding_reads_the_prompt_and_its_own_strided_rows() {
    // Three completions of one prompt; step t of completion g is row 10 + 3 t + g. The cache has room to spare.
    let segments = (0..3).map(|g| causal(g..g + 1, &[(0, 1, 10), (10 + g, 3, 6)])).collect();
    check_plan(&AttentionPlan::new(segments, 3, 28).unwrap(), 40, (8, 2, 32));
}

#[test]
fn several_groups_decode_over_ragged_prompts() {
    let segments = (0..6).map(|i| {
        let group = i / 3;
        causal(i..i + 1, &[(group * 300, 1, 280 + group), (600 + i, 6, 3 + i)])
    });
    check_plan(&AttentionPlan::new(segments.collect(), 6, 660).unwrap(), 660, (4, 1, 64));
}

#[test]
fn rows_without_keys_or_segment_give_zeros() {
    let segments = vec![
        causal(1..4, &[(2, 1, 2)]),
        causal(5..6, &[]),
        Segment { queries: 6..6, keys: vec![KeyRows::contiguous(0, 3)], visibility: Visibility::Full },
    ];
    let plan = AttentionPlan::new(segments, 8, 4).unwrap();
    check_plan(&plan, 4, (2, 1, 8));
    let ones = |rows| Tensor::<3>::ones([rows, 2, 8], &Device::flex());
    let out = read(attention(ones(8), ones(4), ones(4), &plan, 1.0));
    for (row, values) in out.chunks(16).enumerate() {
        assert_eq!(values, [if [2, 3].contains(&row) { 1.0 } else { 0.0 }; 16], "row {row}");
    }
}

#[test]
fn an_empty_plan_gives_an_empty_output() {
    let none = || Tensor::<3>::zeros([0, 2, 4], &Device::flex());
    let plan = AttentionPlan::sequences(&[], Visibility::Causal);
    assert_eq!(attention(none(), none(), none(), &plan, 1.0).dims(), [0, 2, 4]);
    let tracked = Tensor::<3>::zeros([0, 2, 4], &Device::flex().autodiff()).require_grad();
    let grads = attention(tracked.clone(), none(), none(), &plan, 1.0).sum().backward();
    assert_eq!(tracked.grad(&grads).unwrap().dims(), [0, 2, 4]);
}

#[test]
fn rows_of_no_segment_have_no_gradient() {
    let plan = AttentionPlan::new(vec![], 5, 5).unwrap();
    for dtype in [DType::F32, DType::F64] {
        let x = tensor(&values(5 * 2 * 4, 1), dtype, &Device::flex().autodiff()).require_grad();
        let q = x.clone().reshape([5, 2, 4]);
        let out = attention(q.clone(), q.clone(), q, &plan, 0.5);
        let grads = (out.sum() + x.clone().sum()).backward();
        assert_eq!(read(x.grad(&grads).unwrap()), [1.0; 40], "{dtype:?}");
    }
}

#[test]
fn views_are_read_in_place_and_the_gradient_may_be_broadcast() {
    let plan = AttentionPlan::sequences(&[9, 4], Visibility::Causal);
    check(&[13 * 8 * 8], |t| {
        // Heads of one fused projection: 4 of queries, 2 of keys, 2 of values.
        let qkv = t[0].clone().reshape([13, 8, 8]);
        let part = |from, len| qkv.clone().narrow(1, from, len);
        attention(part(0, 4), part(4, 2), part(6, 2), &plan, 0.3).sum()
    });
    check(&[2 * 8 * 13, 2 * 8 * 13], |t| {
        let [q, k] = [&t[0], &t[1]].map(|t| t.clone().reshape([8, 2, 13]).permute([2, 1, 0]));
        attention(q, k.clone(), k, &plan, 0.3).reshape([13 * 16])
    });
}

#[test]
fn large_scores_do_not_overflow() {
    let plan = AttentionPlan::sequences(&[6], Visibility::Causal);
    let big: Vec<f64> = values(6 * 4, 1).iter().map(|v| v * 2.0).collect();
    check_values(&[big.clone(), values(24, 2), values(24, 3)], |t| {
        let [q, k, v] = [0, 1, 2].map(|i| t[i].clone().reshape([6, 1, 4]));
        attention(q, k, v, &plan, 1.0).reshape([24])
    });
    let huge: Vec<f64> = big.iter().map(|v| v * 1e6).collect();
    let q = tensor(&huge, DType::F32, &Device::flex()).reshape([6, 1, 4]);
    assert!(read(attention(q.clone(), q.clone(), q, &plan, 1.0)).iter().all(|v| v.is_finite()));
}

#[test]
fn a_value_that_is_not_a_number_is_not_hidden() {
    let plan = AttentionPlan::sequences(&[3], Visibility::Causal);
    let mut broken = values(3 * 4, 1);
    broken[8] = f64::NAN;
    let q = tensor(&broken, DType::F32, &Device::flex()).reshape([3, 1, 4]);
    let out = read(attention(q.clone(), q.clone(), q, &plan, 1.0));
    assert!(out[8..].iter().all(|v| v.is_nan()), "{out:?}");
}

#[test]
fn half_precision_takes_the_plain_body() {
    let plan = AttentionPlan::sequences(&[5, 3], Visibility::Causal);
    let half =
        |seed| tensor(&values(8 * 8, seed), DType::F32, &Device::flex()).cast(DType::BF16).reshape([8, 2, 4]);
    let found = attention(half(1), half(2), half(3), &plan, 0.5);
    assert_eq!(found.dtype(), DType::BF16);
    assert_eq!(read(found), read(plain::attention(half(1), half(2), half(3), &plan, 0.5)));
}

#[test]
fn what_is_no_number_stays_in_its_sequence() {
    let plan = AttentionPlan::sequences(&[3, 5, 4], Visibility::Causal);
    let mut broken = values(12 * 2 * 16, 1);
    broken[3 * 32] = f64::NAN;
    for dtype in [DType::F32, DType::BF16] {
        let x = tensor(&broken, DType::F32, &Device::flex()).cast(dtype).reshape([12, 2, 16]);
        let out = read(plain::attention(x.clone(), x.clone(), x, &plan, 0.25).cast(DType::F32));
        let whole =
            |rows: std::ops::Range<usize>| out[rows.start * 32..rows.end * 32].iter().all(|x| x.is_finite());
        assert!(whole(0..3) && whole(8..12) && !whole(3..8), "{dtype:?}");
    }
}

/// The backward pass of devices without kernels of ours, beside what burn's tape makes of the plain body.
#[test]
fn gradients_without_kept_scores_are_those_of_the_tape() {
    let completion = |at, len| causal(at..at + len, &[(0, 1, 20), (at, 1, len)]);
    let shared = vec![causal(0..20, &[(0, 1, 20)]), completion(20, 7), completion(27, 4), completion(31, 12)];
    let blind = vec![causal(1..4, &[(2, 1, 2)]), causal(5..9, &[(4, 2, 69)])];
    let plans = [
        AttentionPlan::sequences(&[30, 4, 8, 1], Visibility::Causal),
        AttentionPlan::sequences(&[9, 16, 9, 9], Visibility::Full),
        AttentionPlan::new(shared, 43, 43).unwrap(),
        AttentionPlan::new(blind, 43, 143).unwrap(),
    ];
    let device = Device::flex().autodiff();
    for plan in plans {
        let by = |attend: &dyn Fn(Tensor<3>, Tensor<3>, Tensor<3>) -> Tensor<3>| {
            let inputs: Vec<_> = [(43 * 4 * 8, 1), (143 * 2 * 8, 2), (143 * 2 * 8, 3)]
                .map(|(size, seed)| values(size, seed))
                .into();
            oracle::run(&inputs, DType::F64, &device, &|t: &[Tensor<1>]| {
                let [k, v] = [1, 2].map(|i| t[i].clone().reshape([143, 2, 8]));
                attend(t[0].clone().reshape([43, 4, 8]), k, v).reshape([43 * 4 * 8])
            })
        };
        let found = by(&|q, k, v| attention(q, k, v, &plan, 0.4));
        let expected = by(&|q, k, v| plain::attention(q, k, v, &plan, 0.4));
        assert_close("output", &found.output, &expected.output, 1e-12);
        for (found, expected) in found.grads.iter().zip(&expected.grads) {
            assert_close("gradient", found, expected, 1e-10);
        }
    }
}
