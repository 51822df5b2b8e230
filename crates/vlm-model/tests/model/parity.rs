//! The model computes what transformers computes, on every recorded checkpoint and row.

use crate::fixture::{
    CHECKPOINTS, Generated, Scored, checkpoint, distance, fixtures, golden, lines, model, prompt,
};
use burn::tensor::Device;
use fused_ops::{AttentionPlan, Visibility};
use lora::{Base, Linears};
use safetensors::SafeTensors;
use vlm_model::generate::{DrawKey, FinishReason, GenerationConfig, Request, SamplingSettings};
use vlm_model::text::Memory;
use vlm_model::{Continuation, Precision, Scoring, VlModel};

/// Log-probabilities in f32 agree to this.
const LOGPROB_TOLERANCE: f32 = 2e-4;

fn key(prompt: u64) -> DrawKey {
    DrawKey { seed: 0, step: 0, prompt, sample: 0, token: 0 }
}

fn greedy(name: &str) -> SamplingSettings {
    let eos = GenerationConfig::from_dir(&checkpoint(name)).unwrap().eos;
    SamplingSettings::greedy(32, eos)
}

#[test]
fn weights_left_in_the_bfloat16_of_their_file_give_the_same_bits() {
    let name = "qwen2_5-nano-bf16";
    let load = |precision| VlModel::from_dir(&checkpoint(name), &Device::flex(), precision).unwrap();
    let (stored, whole) = (load(Precision::Stored), load(Precision::F32));
    let halves = |model: &VlModel| {
        let mut count = 0;
        model.clone().visit_linears(&mut |_, linear| {
            count += usize::from(matches!(linear.weight, Base::Half(_)));
        });
        count
    };
    assert!(halves(&stored) > 20 && halves(&whole) == 0, "{} {}", halves(&stored), halves(&whole));
    for row in lines::<Scored>(&golden(name).join("score.jsonl")) {
        let prompt = prompt(name, &row.id);
        let bits = |model: &VlModel| {
            let scored = model.score(&prompt, &[&row.token_ids], &Scoring::default()).unwrap();
            let request = Request::new(&prompt, 1, key(0));
            let written = model.generate(&[request], &greedy(name)).unwrap().remove(0).remove(0);
            (scored.log_probs.into_data().try_into_vec::<f32>().unwrap(), written.token_ids, written.logprobs)
        };
        assert_eq!(bits(&stored), bits(&whole), "{}", row.id);
    }
}

/// Rounding rows moves log-probabilities by what computing in bfloat16 moves them by. Sampling and scoring round alike, but
/// for numbers that the order of a sum moves across the middle between two of 16 bits.
#[test]
fn products_in_bfloat16_stay_near_those_in_32_bits_and_sampling_near_scoring() {
    // Weights of 32 bits are rounded, too.
    for (name, allowed) in [("qwen2_5-nano-bf16", 3e-2), ("qwen2_5-nano", 0.2)] {
        let load = |precision| VlModel::from_dir(&checkpoint(name), &Device::flex(), precision).unwrap();
        let (mixed, whole) = (load(Precision::Mixed), load(Precision::F32));
        for row in lines::<Scored>(&golden(name).join("score.jsonl")) {
            let prompt = prompt(name, &row.id);
            let scores = |model: &VlModel, ids: &[u32]| {
                let scored = model.score(&prompt, &[ids], &Scoring::default()).unwrap();
                scored.log_probs.into_data().try_into_vec::<f32>().unwrap()
            };
            let off = distance(&scores(&mixed, &row.token_ids), &scores(&whole, &row.token_ids));
            assert!(off > 0.0 && off < allowed, "{name}/{}: off by {off}", row.id);
            let request = Request::new(&prompt, 1, key(0));
            let written = mixed.generate(&[request], &greedy(name)).unwrap().remove(0).remove(0);
            let off = distance(&scores(&mixed, &written.token_ids), &written.logprobs);
            assert!(off < 2e-2, "{name}/{}: sampled and scored off by {off}", row.id);
        }
    }
}

#[test]
fn scores_equal_the_recorded_log_probabilities() {
    for name in CHECKPOINTS {
        let model = model(name);
        for row in lines::<Scored>(&golden(name).join("score.jsonl")) {
            let scored = model.score(&prompt(name, &row.id), &[&row.token_ids], &Scoring::default()).unwrap();
            let logprobs = scored.log_probs.into_data().try_into_vec::<f32>().unwrap();
            let off = distance(&logprobs, &row.logprobs);
            assert!(off < LOGPROB_TOLERANCE, "{name}/{}: off by {off}", row.id);
        }
    }
}

#[test]
fn scores_of_16_bit_weights_stay_near_those_computed_in_16_bits() {
    let name = "qwen2_5-nano-bf16";
    let model = model(name);
    for row in lines::<Scored>(&fixtures().join("golden/model").join(name).join("score.jsonl")) {
        let scored = model.score(&prompt(name, &row.id), &[&row.token_ids], &Scoring::default()).unwrap();
        let logprobs = scored.log_probs.into_data().try_into_vec::<f32>().unwrap();
        let off = distance(&logprobs, &row.logprobs);
        assert!(off < 3e-2, "{}: off by {off}", row.id);
    }
}

#[test]
fn hidden_states_equal_the_recorded_ones() {
    for name in ["qwen2_5-nano", "qwen2_5-nano-untied", "qwen2-nano"] {
        let bytes = std::fs::read(golden(name).join("hidden.safetensors")).unwrap();
        let recorded = SafeTensors::deserialize(&bytes).unwrap();
        let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        let row = metadata.metadata().as_ref().unwrap()["row"].clone();
        let (model, prompt) = (model(name), prompt(name, &row));
        let plan = AttentionPlan::sequences(&[prompt.tokens.len()], Visibility::Causal);
        let embedded = model.embed(&prompt).unwrap();
        let last = model.model.forward(embedded.clone(), &prompt.positions, &plan, &mut Memory::Pass);
        for (part, rows) in [("text.embeddings", embedded), ("text.norm", last)] {
            let ours = rows.into_data().try_into_vec::<f32>().unwrap();
            let tensor = recorded.tensor(part).unwrap();
            let theirs: Vec<f32> =
                tensor.data().as_chunks().0.iter().map(|x| f32::from_le_bytes(*x)).collect();
            let off = distance(&ours, &theirs);
            assert!(off < 1e-4, "{name}: {part} of {row} off by {off}");
        }
    }
}

#[test]
fn greedy_tokens_equal_the_recorded_ones_alone_and_in_a_ragged_batch() {
    for name in CHECKPOINTS {
        let (model, settings) = (model(name), greedy(name));
        let rows: Vec<Generated> = lines(&golden(name).join("generate.jsonl"));
        let prompts: Vec<_> = rows.iter().map(|row| prompt(name, &row.id)).collect();
        let requests: Vec<_> = prompts.iter().map(|prompt| Request::new(prompt, 1, key(0))).collect();
        let batch = model.generate(&requests, &settings).unwrap();
        for ((row, request), together) in rows.iter().zip(&requests).zip(&batch) {
            let alone = model.generate(&[*request], &settings).unwrap().remove(0);
            assert_eq!(&alone, together, "{name}/{}: alone and in a batch", row.id);
            let expected = &row.completions[0];
            assert_eq!(alone[0].token_ids, expected.token_ids, "{name}/{}", row.id);
            assert!(distance(&alone[0].logprobs, &expected.logprobs) < LOGPROB_TOLERANCE);
            let stopped = alone[0].finish == FinishReason::Stop;
            assert_eq!(stopped, expected.finish_reason == "stop", "{name}/{}", row.id);
        }
    }
}

#[test]
fn completions_of_a_group_share_the_prompt_and_score_as_they_were_sampled() {
    let name = "qwen2_5-nano";
    let model = model(name);
    let settings = greedy(name).temperature(0.8).unwrap().top_k(50);
    let prompt = prompt(name, "pair");
    let request = Request::new(&prompt, 5, key(3));
    let group = model.generate(&[request], &settings).unwrap().remove(0);
    let completions: Vec<&[u32]> = group.iter().map(|completion| completion.token_ids.as_slice()).collect();
    assert!(completions.iter().any(|completion| *completion != completions[0]), "samples differ");
    let scoring = Scoring { temperature: 0.8, continuation: Continuation::Generated, ..Scoring::default() };
    let scored = model.score(&prompt, &completions, &scoring).unwrap();
    let scored = scored.log_probs.into_data().try_into_vec::<f32>().unwrap();
    let sampled: Vec<f32> = group.iter().flat_map(|completion| completion.logprobs.clone()).collect();
    assert!(distance(&scored, &sampled) < 2e-5, "off by {}", distance(&scored, &sampled));
    for completion in &completions {
        let alone = model.score(&prompt, &[completion], &scoring).unwrap();
        assert_eq!(alone.log_probs.dims(), [completion.len()]);
    }
}
