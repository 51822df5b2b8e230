//! What a training step pays for its algorithm: host statistics and losses with their gradients.

use std::hint::black_box;

use burn::tensor::{DType, Device, Tensor};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rl_algos::advantage::{Grpo, ReinforcePp};
use rl_algos::preference::{self, PairScores, PreferenceBatch, SequenceScores};
use rl_algos::{
    Advantages, Aggregation, ClipBand, Denominator, DeviceMask, Fraction, Grid, Groups, LogRatio, Mask,
    PolicyBatch, Positive, Rewards, aggregate, kl, surrogate,
};

const ROWS: usize = 64;
const WIDTH: usize = 512;

/// A fixed, uneven pattern of numbers in (−1, 0).
fn wave(row: usize, t: usize) -> f64 {
    ((row * 37 + t * 101) % 97 + 1) as f64 / -98.0
}

fn advantages(c: &mut Criterion) {
    let rewards =
        Rewards::from_scores(&(0..ROWS).map(|row| wave(row, 0)).collect::<Vec<_>>()).expect("finite");
    let groups = Groups::from_sizes(&[8; ROWS / 8]).expect("sizes above 0");
    let mask = Mask::from_lengths(&[WIDTH; ROWS], WIDTH).expect("lengths within the width");
    let scores = rewards.iter().flatten().collect::<Vec<_>>();
    let mut group = c.benchmark_group("advantages of 64 rows");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("grpo", |b| b.iter(|| Grpo::TRL.advantages(black_box(&rewards), &groups)));
    group.bench_function("reinforce++ (512 tokens)", |b| {
        b.iter(|| ReinforcePp::VERL.advantages(black_box(&scores), None, &mask));
    });
    group.finish();
}

struct Bench {
    device: Device,
    mask: DeviceMask,
    old_bt: Tensor<2>,
}

impl Bench {
    fn new() -> Self {
        let device = Device::flex().autodiff();
        let mask =
            Mask::from_lengths(&[WIDTH; ROWS], WIDTH).expect("lengths within the width").to_device(&device);
        let old_bt = Grid::from_fn([ROWS, WIDTH], |row, t| wave(row, t + 1)).to_tensor(&device, DType::F32);
        Self { device, mask, old_bt }
    }

    fn leaf(&self) -> Tensor<2> {
        Grid::from_fn([ROWS, WIDTH], wave).to_tensor(&self.device, DType::F32).require_grad()
    }

    /// Forward and backward of one loss, the gradient read back.
    fn step(&self, leaf_bt: &Tensor<2>, loss: impl Fn(&PolicyBatch) -> Tensor<2>) -> Option<Tensor<2>> {
        let advantages = Advantages::Rows((0..ROWS).map(|row| wave(row, 3) + 0.5).collect());
        let batch = PolicyBatch::new(leaf_bt.clone(), self.old_bt.clone(), &advantages, &self.mask)
            .expect("shapes agree");
        let rule = Denominator::new(Aggregation::TokenMean, self.mask.host().totals());
        let loss = aggregate(loss(&batch), &self.mask, rule).expect("shapes agree");
        leaf_bt.grad(&loss.backward())
    }
}

fn losses(c: &mut Criterion) {
    let bench = Bench::new();
    let leaf_bt = bench.leaf();
    let mut group = c.benchmark_group("loss and gradient of 64 x 512 tokens");
    group.throughput(Throughput::Elements((ROWS * WIDTH) as u64));
    group.bench_function("dapo", |b| {
        b.iter(|| bench.step(black_box(&leaf_bt), |batch| surrogate::ppo_clip(batch, ClipBand::DAPO)));
    });
    group.bench_function("grpo with k3", |b| {
        b.iter(|| {
            bench.step(black_box(&leaf_bt), |batch| {
                let d =
                    LogRatio::new(leaf_bt.clone(), bench.old_bt.clone(), &bench.mask).expect("shapes agree");
                surrogate::ppo_clip(batch, ClipBand::PPO) + kl::k3(&d) * 0.04
            })
        });
    });
    group.bench_function("gspo", |b| {
        b.iter(|| bench.step(black_box(&leaf_bt), |batch| surrogate::gspo(batch, ClipBand::GSPO)));
    });
    group.bench_function("dpo of 64 pairs", |b| {
        b.iter(|| {
            let score = |logp_pt: Tensor<2>| SequenceScores::new(logp_pt, &bench.mask).expect("shapes agree");
            let pair =
                |a: Tensor<2>, b: Tensor<2>| PairScores::new(score(a), score(b)).expect("as many of both");
            let policy = pair(leaf_bt.clone(), leaf_bt.clone() * 1.5);
            let batch = PreferenceBatch::new(policy, pair(bench.old_bt.clone(), bench.old_bt.clone()))
                .expect("pairs");
            let loss = preference::sigmoid(&batch, Positive::ONE, Fraction::ZERO).mean();
            leaf_bt.grad(&loss.backward())
        });
    });
    group.finish();
}

criterion_group!(benches, advantages, losses);
criterion_main!(benches);
