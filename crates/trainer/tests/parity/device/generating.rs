//! Tokens that are written.

use super::{CHECKPOINT, LOG_PROBS, chosen};
use crate::numbers::assert_rows;
use crate::recorded::{base_on, stream};
use burn::module::Module;
use burn::tensor::Device;
use trainer::session::Tasks;
use vlm_model::Precision;
use vlm_model::generate::{Completion, DrawKey, Request, SamplingSettings};

const KEY: DrawKey = DrawKey { seed: 7, step: 0, prompt: 0, sample: 0, token: 0 };

/// `samples` completions of each of two prompts, one after another.
fn write(device: &Device, settings: &SamplingSettings, samples: usize) -> Vec<Completion> {
    let model = base_on(device, CHECKPOINT, Precision::F32).valid();
    let names = ["count", "angle"].map(ToOwned::to_owned);
    let tasks = stream(CHECKPOINT, "prompts.jsonl", &names, Tasks).take(names.len()).unwrap();
    let requests: Vec<_> = tasks.iter().map(|task| Request::new(task.prompt(), samples, KEY)).collect();
    model.generate(&requests, settings).unwrap().into_iter().flatten().collect()
}

#[test]
fn thirty_two_greedy_tokens_are_those_of_the_cpu() {
    let Some(device) = chosen() else { return };
    same(&device, &SamplingSettings::greedy(32, Vec::new()), 1);
}

/// The draws depend on the seed alone, and the token on where a draw falls in the distribution: it could differ only
/// where a draw lies nearer to a boundary than the rounding, one time in ten thousand.
#[test]
fn the_same_seed_samples_the_tokens_of_the_cpu() {
    let Some(device) = chosen() else { return };
    let settings = SamplingSettings::greedy(12, Vec::new()).temperature(0.9).unwrap();
    same(&device, &settings, 2);
    // The device cannot rank tokens: the host chooses.
    same(&device, &settings.top_k(50), 2);
}

fn same(device: &Device, settings: &SamplingSettings, samples: usize) {
    let expected = write(&Device::flex(), settings, samples);
    let found = write(device, settings, samples);
    let tokens = |written: &[Completion]| -> Vec<Vec<u32>> {
        written.iter().map(|completion| completion.token_ids.clone()).collect()
    };
    assert_eq!(tokens(&found), tokens(&expected));
    let logprobs = |written: &[Completion]| -> Vec<Vec<f64>> {
        written
            .iter()
            .map(|completion| completion.logprobs.iter().copied().map(f64::from).collect())
            .collect()
    };
    assert_rows("log-probabilities", &logprobs(&found), &logprobs(&expected), LOG_PROBS);
}
