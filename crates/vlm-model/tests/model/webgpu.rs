//! The same numbers on a WebGPU device: `make test-wgpu`. Few shapes, because a software driver compiles each.

use crate::fixture::{Generated, Scored, checkpoint, distance, golden, lines, prompt};
use burn::tensor::Device;
use vlm_model::generate::{DrawKey, Request, SamplingSettings};
use vlm_model::{Precision, Scoring, VlModel};

const NAME: &str = "qwen2_5-nano";

fn model() -> VlModel {
    VlModel::from_dir(&checkpoint(NAME), &Device::wgpu(Default::default()), Precision::F32).unwrap()
}

#[test]
fn scores_and_greedy_tokens_on_webgpu_equal_the_recorded_ones() {
    let model = model();
    for row in lines::<Scored>(&golden(NAME).join("score.jsonl")).iter().filter(|row| is_small(&row.id)) {
        let scored = model.score(&prompt(NAME, &row.id), &[&row.token_ids], &Scoring::default()).unwrap();
        let logprobs = scored.log_probs.into_data().try_into_vec::<f32>().unwrap();
        let off = distance(&logprobs, &row.logprobs);
        assert!(off < 1e-3, "{}: off by {off}", row.id);
    }
    for row in lines::<Generated>(&golden(NAME).join("generate.jsonl")).iter().filter(|row| row.id == "text")
    {
        let prompt = prompt(NAME, &row.id);
        let key = DrawKey { seed: 0, step: 0, prompt: 0, sample: 0, token: 0 };
        let request = Request::new(&prompt, 1, key);
        let written = model.generate(&[request], &SamplingSettings::greedy(6, vec![])).unwrap().remove(0);
        assert_eq!(written[0].token_ids, row.completions[0].token_ids[..6]);
    }
}

/// One row of text and one with a picture.
fn is_small(id: &str) -> bool {
    matches!(id, "text" | "exact")
}
