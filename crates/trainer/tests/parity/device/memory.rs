//! Memory that a device takes.

use super::learning::{ADAPTER, BATCH};
use super::{CHECKPOINT, chosen};
use crate::recorded::adapted_on;
use crate::sft;
use crate::update::plan;
use burn::tensor::{DType, Device, Tensor};
use fused_ops::{AttentionPlan, KvCache, Visibility, attention};
use journal::{EvalRecord, RolloutRecord};
use std::collections::BTreeMap;
use std::path::PathBuf;
use trainer::engine::{Alone, Failure, Files, Ledger, Run, Stop, TrainedWeights, Unobserved};
use trainer::methods::Batch;
use vlm_model::Precision;

/// Bytes that the device has taken for tensors, those free for others among them. `None` where it does not tell.
fn reserved(device: &Device) -> Option<u64> {
    device.sync().unwrap();
    device.memory_pool_usage().map(|usage| usage.bytes_reserved)
}

/// Writes to places beside each other, and to scattered ones: a copy of the cache would take as much memory again.
#[test]
fn rows_enter_a_cache_without_a_copy_of_it() {
    let Some(device) = chosen() else { return };
    let shape = [1 << 15, 2, 128];
    let bytes = 4 * shape.iter().product::<usize>() as u64;
    let mut cache = KvCache::new(1, shape, (&device, DType::F32));
    let mut write = |places: &[usize]| {
        let rows = Tensor::<3>::ones([places.len(), 2, 128], (&device, DType::F32));
        let (keys, values) = cache.extend(0, places, rows.clone(), rows.mul_scalar(2.0));
        // Read as attention does, so that what was written is needed.
        let read = keys.narrow(0, places[0], 1).sum() + values.narrow(0, places[0], 1).sum();
        assert_eq!(read.into_scalar::<f32>(), 3.0 * 256.0);
    };
    write(&[5, 6, 7]);
    let Some(before) = reserved(&device) else { return };
    assert!(before >= 2 * bytes, "{before} bytes for a cache of twice {bytes}");
    for step in 0..6 {
        write(&[100 + step, 9000 + 7 * step, 31]);
        write(&[200 + step]);
    }
    let after = reserved(&device).unwrap();
    assert!(after < before + bytes, "{before} bytes, then {after}: the cache of {bytes} was copied");
}

/// On burn's own tape each layer would keep its scores and their softmax.
#[test]
fn attention_on_a_tape_keeps_no_scores() {
    const ROWS: usize = 512;
    const LAYERS: usize = 4;
    let Some(device) = chosen() else { return };
    let used = || {
        device.sync().unwrap();
        device.memory_pool_usage().map(|usage| usage.bytes_in_use)
    };
    let plan = AttentionPlan::sequences(&[ROWS], Visibility::Causal);
    let x = Tensor::<3>::ones([ROWS, 4, 16], (&device.clone().autodiff(), DType::F32)).require_grad();
    let Some(before) = used() else { return };
    let output = (0..LAYERS).fold(x.clone(), |x, _| attention(x.clone(), x.clone(), x, &plan, 0.25));
    let loss = output.sum();
    let (kept, scores) = (used().unwrap().saturating_sub(before), (LAYERS * 4 * ROWS * ROWS * 4) as u64);
    assert!(kept < scores / 4, "{kept} bytes are kept, where scores are {scores}");
    // Equal keys and values: every output is its value, and a sum of all has gradient 1 for each.
    let grads = loss.backward();
    let total: f32 = x.grad(&grads).unwrap().sum().into_scalar();
    assert!((total / (ROWS * 64) as f32 - 1.0).abs() < 1e-3, "{total}");
}

/// Memory after every step.
struct Ruler {
    device: Device,
    reserved: Vec<u64>,
}

impl Ledger for Ruler {
    fn metrics(&mut self, _: u64, _: f64, _: &BTreeMap<String, f64>) -> Result<(), Failure> {
        self.reserved.extend(reserved(&self.device));
        Ok(())
    }

    fn rollouts(&mut self, _: &[RolloutRecord]) -> Result<(), Failure> {
        Ok(())
    }

    fn evaluation(&mut self, _: &EvalRecord) -> Result<(), Failure> {
        Ok(())
    }

    fn checkpoint(&mut self, _: u64, _: &Files) -> Result<Option<PathBuf>, Failure> {
        Ok(None)
    }
}

#[test]
fn memory_is_flat_over_steps_of_varying_lengths() {
    const STEPS: u64 = 16;
    let Some(device) = chosen() else { return };
    let model = adapted_on(&device, CHECKPOINT, ADAPTER, Precision::F32);
    let rows = ["text", "image"].map(ToOwned::to_owned);
    let mut method = sft::method(CHECKPOINT, &rows, &model, Batch { micro: 1, ..BATCH });
    let mut ruler = Ruler { device: device.clone(), reserved: Vec::new() };
    let run = Run {
        plan: &plan(STEPS),
        weights: &TrainedWeights,
        ledger: &mut ruler,
        observer: &mut Unobserved,
        companion: &mut Alone,
        stop: Stop::new(),
    };
    run.train(model, &mut method, None).unwrap();
    let Some((early, late)) = ruler.reserved.split_at_checked(STEPS as usize / 2) else { return };
    // What is warm after a few turns is not outgrown.
    let [early, late] = [early, late].map(|taken| taken.iter().max().copied().unwrap_or(0));
    assert!(late as f64 <= 1.02 * early as f64, "memory by step: {:?}", ruler.reserved);
}
