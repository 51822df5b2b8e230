//! Every operation beside its plain body, at the sizes of decoding, of a prompt and of a training step.

use std::cell::RefCell;
use std::hint::black_box;

use burn::tensor::{Device, Distribution, Tensor};
use criterion::{Criterion, criterion_group, criterion_main};
use fused_ops::{
    AttentionPlan, CodeFormat, KeyRows, LoraPair, PackedMatrix, RowSoftmax, ScaleCoding, Segment, Visibility,
    attention, linear, lora_linear, plain, quantized_linear, rms_norm, rotary, swiglu, token_log_probs,
    write_rows,
};

fn random<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), device)
}

/// Times `plain` and `fused` under one name.
fn pair<T, U>(c: &mut Criterion, name: &str, plain: impl Fn() -> T, fused: impl Fn() -> U) {
    let mut group = c.benchmark_group(name);
    group.bench_function("plain", |b| b.iter(|| black_box(plain())));
    group.bench_function("fused", |b| b.iter(|| black_box(fused())));
    group.finish();
}

fn products(c: &mut Criterion) {
    let device = Device::flex();
    for (rows, inner, outer) in [
        (1, 64, 64),
        (1, 768, 768),
        (1, 768, 2048),
        (8, 768, 2048),
        (1, 768, 32_768),
        (1572, 768, 128),
        (1572, 768, 2048),
    ] {
        let (x, w) = (random([rows, inner], &device), random([outer, inner], &device));
        let name = format!("linear {rows}x{inner}x{outer}");
        let plain = || plain::linear(x.clone(), w.clone(), None);
        pair(c, &name, plain, || linear(x.clone(), w.clone(), None));
    }
}

/// Decoding with a weight in few bits; beside it the same weight in 32.
fn quantized(c: &mut Criterion) {
    let device = Device::flex();
    let weight = random([2048, 2048], &device);
    for format in [CodeFormat::Nf4, CodeFormat::Int8] {
        let packed = PackedMatrix::pack(weight.clone(), format, ScaleCoding::Coded);
        for rows in [1, 8] {
            let x = random([rows, 2048], &device);
            let dense = || linear(x.clone(), weight.clone(), None);
            let name = format!("quantized_linear {format:?} {rows}x2048x2048, plain is f32");
            pair(c, &name, dense, || quantized_linear(x.clone(), &packed, None));
        }
    }
}

fn lora(c: &mut Criterion) {
    let device = Device::flex().autodiff();
    let x = random([1572, 768], &device).require_grad();
    let w = random([768, 768], &Device::flex());
    let [a, b] = [random([16, 768], &device), random([768, 16], &device)].map(Tensor::require_grad);
    let adapter = || [LoraPair { a: a.clone(), b: b.clone(), scale: 2.0 }];
    let step = |y: Tensor<2>| y.sum().backward();
    let plain = || step(plain::lora_linear(x.clone(), w.clone(), None, &adapter()));
    pair(c, "lora_linear 1572x768x768 rank 16, both passes", plain, || {
        step(lora_linear(x.clone(), w.clone(), None, &adapter()))
    });
}

fn rows(c: &mut Criterion) {
    let device = Device::flex();
    for rows in [1, 1572] {
        let (g, u) = (random([rows, 2048], &device), random([rows, 2048], &device));
        let plain_body = || plain::swiglu(g.clone(), u.clone());
        pair(c, &format!("swiglu {rows}x2048"), plain_body, || swiglu(g.clone(), u.clone()));
        let (x, w) = (random([rows, 768], &device), random([768], &device));
        let plain_body = || plain::rms_norm(x.clone(), w.clone(), 1e-6);
        pair(c, &format!("rms_norm {rows}x768"), plain_body, || rms_norm(x.clone(), w.clone(), 1e-6));
        let (x, t) = (random([rows, 12, 64], &device), random([rows, 64], &device));
        let plain_body = || plain::rotary(x.clone(), t.clone(), t.clone());
        pair(c, &format!("rotary {rows}x12x64"), plain_body, || rotary(x.clone(), t.clone(), t.clone()));
    }
}

fn attend(c: &mut Criterion) {
    let device = Device::flex();
    let decode = |rows: usize| {
        let segment = |i| Segment {
            queries: i..i + 1,
            keys: vec![KeyRows::contiguous(0, 400), KeyRows { start: 400 + i, stride: rows, len: 64 }],
            visibility: Visibility::Causal,
        };
        AttentionPlan::new((0..rows).map(segment).collect(), rows, 400 + 64 * rows).expect("rows in bounds")
    };
    let plans = [
        ("decode 1 over 464 keys", decode(1)),
        ("decode 8 over 464 keys, shared prompt", decode(8)),
        ("prefill 4x393", AttentionPlan::sequences(&[393; 4], Visibility::Causal)),
        ("image of 1024 patches", AttentionPlan::sequences(&[1024], Visibility::Full)),
    ];
    for (name, plan) in &plans {
        let q = random([plan.query_rows(), 12, 64], &device);
        let [k, v] = [(); 2].map(|()| random([plan.key_rows(), 2, 64], &device));
        let plain = || plain::attention(q.clone(), k.clone(), v.clone(), plan, 0.125);
        pair(c, &format!("attention {name}"), plain, || {
            attention(q.clone(), k.clone(), v.clone(), plan, 0.125)
        });
    }
    let tracked = device.autodiff();
    let q = random([1572, 12, 64], &tracked).require_grad();
    let k = random([1572, 2, 64], &tracked).require_grad();
    let plan = AttentionPlan::sequences(&[393; 4], Visibility::Causal);
    let plain = || plain::attention(q.clone(), k.clone(), k.clone(), &plan, 0.125).sum().backward();
    pair(c, "attention 4x393, both passes", plain, || {
        attention(q.clone(), k.clone(), k.clone(), &plan, 0.125).sum().backward()
    });
}

fn log_probs(c: &mut Criterion) {
    let device = Device::flex().autodiff();
    let hidden = random([512, 768], &device).require_grad();
    let head = random([32_768, 768], &Device::flex()).mul_scalar(0.05);
    let targets: Vec<u32> = (0..512).collect();
    let plain = || {
        let chosen = plain::token_log_probs(hidden.clone(), head.clone(), &targets, 1.0, &[]);
        chosen.log_probs.sum().backward()
    };
    pair(c, "token_log_probs 512x32768, both passes", plain, || {
        let chosen = token_log_probs(hidden.clone(), head.clone(), &targets, 1.0, &[]);
        chosen.log_probs.sum().backward()
    });
}

fn draws(c: &mut Criterion) {
    let logits =
        random([151_936], &Device::flex()).into_data().try_into_vec::<f32>().expect("a CPU tensor of f32");
    let plain = || {
        let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let weights: Vec<f64> = logits.iter().map(|x| f64::from(((x - max) / 0.8).exp())).collect();
        let mut left = 0.5 * weights.iter().sum::<f64>();
        weights.iter().position(|weight| {
            left -= weight;
            left < 0.0
        })
    };
    let softmax = RefCell::new(RowSoftmax::default());
    pair(c, "draw from 151936 logits", plain, || {
        let mut softmax = softmax.borrow_mut();
        softmax.fill(&logits, 0.8);
        softmax.quantile(0.5)
    });
}

fn cache(c: &mut Criterion) {
    let device = Device::flex();
    let rows = random([8, 2, 16], &device);
    let places: Vec<usize> = (0..8).map(|i| 100 * i).collect();
    let [one, other] = [0, 1].map(|_| RefCell::new(Some(Tensor::<3>::zeros([1000, 2, 16], &device))));
    let write = |cache: &RefCell<Option<Tensor<3>>>, write: &dyn Fn(Tensor<3>) -> Tensor<3>| {
        let written = cache.take().map(write);
        cache.replace(written);
    };
    let plain = || write(&one, &|cache| plain::write_rows(cache, &places, rows.clone()));
    pair(c, "write 8 rows of a cache", plain, || {
        write(&other, &|cache| write_rows(cache, &places, rows.clone()))
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(std::time::Duration::from_millis(300))
        .measurement_time(std::time::Duration::from_secs(1));
    targets = products, quantized, lora, rows, attend, log_probs, draws, cache
}
criterion_main!(benches);
