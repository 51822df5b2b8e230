//! Losses, gradients and steps.

use super::{Allowed, CHECKPOINT, CHECKPOINT_BF16, GRADIENTS_BF16, chosen, chosen_for_bf16};
use crate::numbers::{Tensors, assert_close, assert_tensors};
use crate::recorded::{adapted_on, base_on, json, under};
use crate::update::{Watched, adapter, one, plan, run};
use crate::{dpo, grpo, reinforce, sft};
use burn::tensor::Device;
use trainer::engine::{AdamWSettings, Plan};
use trainer::methods::Batch;
use vlm_model::{Activations, Precision, VlModel};

pub(super) const ADAPTER: &str = "adapters/lora";

/// Two rows, pairs or prompts at once.
pub(super) const BATCH: Batch = Batch { micro: 2, accumulation: 1 };

fn policy(device: &Device, precision: Precision) -> VlModel {
    adapted_on(device, CHECKPOINT, ADAPTER, precision)
}

/// One update of SFT on a row of text and one with a picture.
pub fn sft(model: VlModel) -> Watched {
    let rows = ["text", "image"].map(ToOwned::to_owned);
    let mut sft = sft::method(CHECKPOINT, &rows, &model, BATCH);
    one(model, &mut sft)
}

fn dpo(model: VlModel) -> Watched {
    let rows = ["wall", "plain"].map(ToOwned::to_owned);
    let mut dpo = dpo::method(CHECKPOINT, &rows, &model, BATCH);
    one(model, &mut dpo)
}

/// One update of GRPO with a penalty for leaving the reference, off policy so that ratios differ from 1.
fn grpo(model: VlModel) -> Watched {
    let recorded: grpo::Recorded = json(CHECKPOINT, "grpo.json");
    let variant = &recorded.variants["dapo-kl"];
    let generation = grpo::generation(CHECKPOINT, &recorded, variant);
    let settings = variant.settings(8, Activations::Kept);
    recorded.rollouts.rollouts.learn(CHECKPOINT, model, &settings, &generation, &plan(1))
}

fn reinforce(model: VlModel) -> Watched {
    let recorded: reinforce::Recorded = json(CHECKPOINT, "reinforce.json");
    let loss = &recorded.losses["default"];
    let settings = loss.settings(&recorded.returns[&loss.returns], 8, Activations::Kept);
    let mut generation = recorded.rollouts.generation();
    settings.advantage.apply(&mut generation, &[1.0]).unwrap();
    recorded.rollouts.rollouts.learn(CHECKPOINT, model, &settings, &generation, &plan(1))
}

/// Loss and gradients on the device are those of the CPU.
fn check(what: &str, update: impl Fn(VlModel) -> Watched) {
    let Some(device) = chosen() else { return };
    let expected = update(policy(&Device::flex(), Precision::F32));
    compare(what, &update(policy(&device, Precision::F32)), &expected, Allowed::on(&device).gradients);
}

fn compare(what: &str, found: &Watched, expected: &Watched, tolerance: f64) {
    let loss = expected.figure("loss");
    assert_close(what, found.figure("loss"), loss, tolerance * loss.abs().max(1.0));
    assert_tensors(what, &found.adapter_gradients(), &expected.adapter_gradients(), tolerance);
}

#[test]
fn supervised_loss_and_adapter_gradients_are_those_of_the_cpu() {
    check("SFT", sft);
}

#[test]
fn preference_loss_and_adapter_gradients_are_those_of_the_cpu() {
    check("DPO", dpo);
}

#[test]
fn group_relative_loss_and_adapter_gradients_are_those_of_the_cpu() {
    check("GRPO", grpo);
}

#[test]
fn reinforce_loss_and_adapter_gradients_are_those_of_the_cpu() {
    check("Reinforce++", reinforce);
}

#[test]
fn adapters_beside_weights_in_bf16_have_nearly_the_gradients_of_f32() {
    let device = chosen_for_bf16();
    for adapter in ["lora", "dora", "lora-vision"].map(|name| format!("adapters/{name}")) {
        let on = |device: &Device, precision| {
            sft(under(base_on(device, CHECKPOINT_BF16, precision), CHECKPOINT, &adapter))
        };
        let expected = on(&Device::flex(), Precision::F32);
        compare(&adapter, &on(&device, Precision::Bf16), &expected, GRADIENTS_BF16);
    }
}

#[test]
fn adapters_beside_products_in_bf16_have_nearly_the_gradients_of_f32() {
    let device = Device::flex();
    for adapter in ["lora", "dora", "lora-vision"].map(|name| format!("adapters/{name}")) {
        let with = |precision| sft(under(base_on(&device, CHECKPOINT_BF16, precision), CHECKPOINT, &adapter));
        compare(&adapter, &with(Precision::Mixed), &with(Precision::F32), GRADIENTS_BF16);
    }
}

/// The optimiser divides by the size of the gradient, so that a first step is as long for a tiny gradient as for a large
/// one: what the steps lead to is compared as a whole, by tensor.
#[test]
fn steps_of_training_lead_where_they_lead_on_the_cpu() {
    let Some(device) = chosen() else { return };
    let steps = |model: VlModel| -> (Vec<f64>, Tensors) {
        let rows = ["text", "image"].map(ToOwned::to_owned);
        let mut sft = sft::method(CHECKPOINT, &rows, &model, BATCH);
        let optimiser = AdamWSettings { weight_decay: 0.01, ..AdamWSettings::default() };
        let plan = Plan { optimiser, max_grad_norm: Some(1.0), ..plan(4) };
        let mut watched = run(&plan, model, &mut sft);
        let losses = watched.figures.iter().map(|figures| figures["loss"]).collect();
        (losses, adapter(&mut watched.model))
    };
    let (expected, weights) = steps(policy(&Device::flex(), Precision::F32));
    let (found, ours) = steps(policy(&device, Precision::F32));
    assert!(expected[3] < expected[0], "nothing was learnt: {expected:?}");
    let allowed = Allowed::on(&device).gradients;
    for (step, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert_close(&format!("loss of step {}", step + 1), *found, *expected, allowed * expected);
    }
    assert_tensors("adapters after four steps", &ours, &weights, allowed);
}
