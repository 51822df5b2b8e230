//! What has 16 bits when the frozen weights do, and what never has.

use super::learning::sft;
use super::{CHECKPOINT, CHECKPOINT_BF16, chosen_for_bf16};
use crate::recorded::{base_on, processor, stream, under};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{DType, Device, Tensor};
use lora::LoraConfig;
use trainer::engine::trainable;
use trainer::session::Pairs;
use vlm_model::generate::{DrawKey, Request, SamplingSettings};
use vlm_model::{Precision, Scored, Scoring, VlModel};

/// Element types of frozen and of trained parameters.
#[derive(Default)]
struct Types {
    frozen: Vec<DType>,
    trained: Vec<DType>,
}

impl ModuleVisitor for Types {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.base();
        let list = if value.is_require_grad() { &mut self.trained } else { &mut self.frozen };
        list.push(value.dtype());
    }
}

impl Types {
    fn of(model: &VlModel) -> Self {
        let mut types = Self::default();
        model.visit(&mut types);
        types
    }
}

/// The model under every kind of adapter: thin matrices, trained lengths, and copies of whole maps.
fn adapted(device: &Device) -> VlModel {
    let mut model = base_on(device, CHECKPOINT_BF16, Precision::Bf16);
    let config = LoraConfig {
        variant: lora::Variant::Dora,
        modules_to_save: vec!["merger.mlp.0".into()],
        ..LoraConfig::default()
    };
    lora::attach(&mut model, &config).unwrap();
    model
}

#[test]
fn frozen_weights_are_stored_in_16_bits_and_what_is_trained_in_32() {
    let device = chosen_for_bf16();
    let types = Types::of(&base_on(&device, CHECKPOINT_BF16, Precision::Bf16));
    assert!(types.trained.is_empty() && types.frozen.iter().all(|dtype| *dtype == DType::BF16));
    let types = Types::of(&adapted(&device));
    assert!(types.trained.len() > 50, "only {} parameters are trained", types.trained.len());
    assert!(types.trained.iter().all(|dtype| *dtype == DType::F32), "{:?}", types.trained);
}

#[test]
fn gradients_and_the_moments_of_the_optimiser_have_32_bits() {
    let device = chosen_for_bf16();
    for model in [
        adapted(&device),
        under(base_on(&device, CHECKPOINT_BF16, Precision::Bf16), CHECKPOINT, "adapters/lora-vision"),
    ] {
        let update = sft(model);
        let moments = update.moments();
        assert_eq!(moments.len(), 2 * trainable(&update.model).len());
        let narrow: Vec<_> = moments.iter().filter(|(_, dtype)| *dtype != DType::F32).collect();
        assert!(narrow.is_empty(), "{narrow:?}");
        let types = Types::of(&update.model);
        assert!(types.trained.iter().all(|dtype| *dtype == DType::F32), "a step changed the type");
    }
}

#[test]
fn log_probabilities_and_entropies_have_32_bits() {
    let device = chosen_for_bf16();
    let model = adapted(&device);
    let pairs = stream(CHECKPOINT, "preferences.jsonl", &["two".to_owned()], Pairs).take(1).unwrap();
    let answers = [pairs[0].chosen.as_slice(), &pairs[0].rejected];
    let scores = model.score_all(&[Scored::group(&pairs[0].prompt, &answers)], &Scoring::default()).unwrap();
    assert_eq!([scores.log_probs.dtype(), scores.entropy.dtype()], [DType::F32; 2]);
    let loss = scores.log_probs.sum();
    assert_eq!(loss.dtype(), DType::F32);
}

/// A logit of 20 would be off by up to 0.06 in bf16, and with it the log-probability that sampling reports; the trainer
/// would see another one.
#[test]
fn the_sampler_reports_what_the_trainer_computes_over_weights_in_16_bits() {
    let device = chosen_for_bf16();
    let model =
        under(base_on(&device, CHECKPOINT_BF16, Precision::Bf16), CHECKPOINT, "adapters/lora").valid();
    let pairs = stream(CHECKPOINT, "preferences.jsonl", &["two".to_owned()], Pairs).take(1).unwrap();
    let prompt = &pairs[0].prompt;
    let eos = processor(CHECKPOINT).special().eos.clone();
    let settings = SamplingSettings::greedy(16, eos).temperature(1.0).unwrap();
    let key = DrawKey { seed: 3, step: 0, prompt: 0, sample: 0, token: 0 };
    let written = model.generate(&[Request::new(prompt, 2, key)], &settings).unwrap().remove(0);
    let ids: Vec<&[u32]> = written.iter().map(|completion| completion.token_ids.as_slice()).collect();
    let scored = model.score(prompt, &ids, &Scoring::default()).unwrap();
    let scored: Vec<f32> = scored.log_probs.into_data().iter().collect();
    let sampled = written.iter().flat_map(|completion| completion.logprobs.iter());
    let off = scored.iter().zip(sampled).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off < 3e-2, "off by {off}");
}
