//! Tokens that are written.

use super::{Allowed, CHECKPOINT, chosen};
use crate::numbers::assert_rows;
use crate::recorded::{base_on, stream};
use burn::module::Module;
use burn::tensor::Device;
use trainer::online::Task;
use trainer::session::Tasks;
use vlm_model::generate::{Completion, DrawKey, Request, SamplingSettings};
use vlm_model::{Precision, Scoring};

const KEY: DrawKey = DrawKey { seed: 7, step: 0, prompt: 0, sample: 0, token: 0 };

/// Log-probabilities of two tokens that are as good as equal where a device rounds what it multiplies.
const TIE: f64 = 0.02;

/// Where a row of tokens may leave that of the CPU, on a device that rounds what it multiplies. No other may.
#[derive(Clone, Copy)]
enum Parting {
    /// Where two tokens are as good as equally likely.
    AtTies,
    /// Where a draw lies beside a boundary of the distribution: in one row at most.
    InOneRow,
}

fn tasks() -> Vec<Task> {
    let names = ["count", "angle"].map(ToOwned::to_owned);
    stream(CHECKPOINT, "prompts.jsonl", &names, Tasks).take(names.len()).unwrap()
}

/// `samples` completions of each of two prompts, one after another.
fn write(device: &Device, settings: &SamplingSettings, samples: usize) -> Vec<Completion> {
    let model = base_on(device, CHECKPOINT, Precision::F32).valid();
    let tasks = tasks();
    let requests: Vec<_> = tasks.iter().map(|task| Request::new(task.prompt(), samples, KEY)).collect();
    model.generate(&requests, settings).unwrap().into_iter().flatten().collect()
}

#[test]
fn thirty_two_greedy_tokens_are_those_of_the_cpu() {
    let Some(device) = chosen() else { return };
    same(&device, &SamplingSettings::greedy(32, Vec::new()), 1, Parting::AtTies);
}

/// The draws depend on the seed alone, and the token on where a draw falls in the distribution: it could differ only
/// where a draw lies nearer to a boundary than the rounding, one time in ten thousand.
#[test]
fn the_same_seed_samples_the_tokens_of_the_cpu() {
    let Some(device) = chosen() else { return };
    let settings = SamplingSettings::greedy(12, Vec::new()).temperature(0.9).unwrap();
    same(&device, &settings, 2, Parting::InOneRow);
    // The device cannot rank tokens: the host chooses.
    same(&device, &settings.top_k(50), 2, Parting::InOneRow);
}

fn same(device: &Device, settings: &SamplingSettings, samples: usize, parting: Parting) {
    let expected = write(&Device::flex(), settings, samples);
    let found = write(device, settings, samples);
    let allowed = Allowed::on(device);
    let parted: Vec<(usize, usize)> = found
        .iter()
        .zip(&expected)
        .map(|(found, expected)| first_difference(&found.token_ids, &expected.token_ids))
        .enumerate()
        .filter_map(|(row, at)| Some((row, at?)))
        .collect();
    let tokens = |written: &[Completion]| -> Vec<Vec<u32>> {
        written.iter().map(|completion| completion.token_ids.clone()).collect()
    };
    match parting {
        _ if !allowed.rounds => assert_eq!(tokens(&found), tokens(&expected)),
        Parting::AtTies => parted.iter().for_each(|(row, at)| {
            assert_tie(
                *row / samples,
                [&found[*row], &expected[*row]].map(|written| &written.token_ids[..=*at]),
            );
        }),
        Parting::InOneRow => assert!(parted.len() <= 1, "found {found:?}, expected {expected:?}"),
    }
    let logprobs = |written: &[Completion]| -> Vec<Vec<f64>> {
        let until = |row: usize| parted.iter().find(|(other, _)| *other == row).map(|(_, at)| *at);
        let shared = |(row, completion): (usize, &Completion)| {
            let shared = until(row).unwrap_or(completion.logprobs.len());
            completion.logprobs[..shared].iter().copied().map(f64::from).collect()
        };
        written.iter().enumerate().map(shared).collect()
    };
    assert_rows("log-probabilities", &logprobs(&found), &logprobs(&expected), allowed.log_probs);
}

/// The first place where two rows differ.
fn first_difference(one: &[u32], other: &[u32]) -> Option<usize> {
    let differ = one.iter().zip(other).position(|(a, b)| a != b);
    differ.or((one.len() != other.len()).then(|| one.len().min(other.len())))
}

/// The last tokens of two beginnings of a completion, alike otherwise, are as good as equally likely on the CPU.
fn assert_tie(prompt: usize, beginnings: [&[u32]; 2]) {
    let model = base_on(&Device::flex(), CHECKPOINT, Precision::F32).valid();
    let scored = model.score(tasks()[prompt].prompt(), &beginnings, &Scoring::default()).unwrap();
    let scored: Vec<f64> = scored.log_probs.into_data().iter().collect();
    let [one, other] = [scored[beginnings[0].len() - 1], scored[scored.len() - 1]];
    assert!(
        (one - other).abs() < TIE,
        "prompt {prompt}: {beginnings:?}, log-probabilities {one} and {other}"
    );
}

#[test]
fn ties_are_told_from_choices() {
    assert_eq!(first_difference(&[1, 2, 3], &[1, 2, 3]), None);
    assert_eq!(first_difference(&[1, 2, 3], &[1, 4, 3]), Some(1));
    assert_eq!(first_difference(&[1], &[1, 4]), Some(1));
}
