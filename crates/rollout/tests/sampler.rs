//! The local sampler on a fixture checkpoint.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails where it stands.

use rl_algos::{GroupBatch, Sampler, SamplingParams, StopReason};
use rollout::{Capacity, LocalSampler, RolloutError, SamplerSettings, greedy};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use vlm_model::generate::{GenerateError, GenerationConfig};
use vlm_model::{FeatureCache, Precision, Scored, VlModel};
use vlm_processor::{Processor, Prompt, RowReader, SpecialTokens};

const NAMES: [&str; 2] = ["qwen2_5-nano", "qwen2-nano"];
const ROWS: [&str; 3] = ["text", "pair", "video-odd"];

/// A loaded checkpoint and the prompts of [`ROWS`].
struct Bench {
    model: VlModel,
    processor: Processor,
    settings: SamplerSettings,
    prompts: Vec<Prompt>,
}

impl Bench {
    fn open(name: &str) -> Self {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures");
        let folder: PathBuf = fixtures.join("checkpoints").join(name);
        let processor = Processor::from_dir(&folder).unwrap();
        let special = processor.special();
        let settings = SamplerSettings {
            stop: GenerationConfig::from_dir(&folder).unwrap().eos,
            forbidden: vec![special.image, special.video],
            ..SamplerSettings::default()
        };
        let rows = RowReader::open(&fixtures.join("rows/rows.jsonl")).unwrap();
        let rows: Vec<_> = rows.map(|(_, row)| row.unwrap()).collect();
        let prompt = |id: &str| {
            let row = rows.iter().find(|row| row.id == id).unwrap();
            processor.prepare(row, &fixtures.join("rows")).unwrap()
        };
        let prompts = ROWS.map(prompt).into();
        let model = VlModel::from_dir(&folder, &burn::tensor::Device::flex(), Precision::F32).unwrap();
        Self { model, processor, settings, prompts }
    }

    fn sampler(&self) -> LocalSampler<'_, impl Fn(&[u32]) -> String> {
        self.sampler_with(&self.settings)
    }

    fn sampler_with<'a>(
        &'a self,
        settings: &'a SamplerSettings,
    ) -> LocalSampler<'a, impl Fn(&[u32]) -> String> {
        let decode = |ids: &[u32]| self.processor.decode(ids, SpecialTokens::Skip).unwrap();
        LocalSampler::new(&self.model, settings, decode).at_step(3)
    }

    fn sample(&self, params: &SamplingParams) -> GroupBatch<&Prompt> {
        self.sampler().sample(self.prompts.iter().collect(), params).unwrap()
    }
}

fn params() -> SamplingParams {
    let params = SamplingParams::default().with_seed(5).with_num_generations(4).unwrap();
    params.with_max_new_tokens(24).unwrap().with_temperature(0.8).unwrap()
}

#[test]
fn fresh_samples_score_as_they_were_sampled() {
    for name in NAMES {
        let bench = Bench::open(name);
        for params in [params(), params().with_top_k(20), greedy(params())] {
            let batch = bench.sample(&params);
            let ids: Vec<Vec<&[u32]>> = batch
                .groups()
                .iter()
                .map(|group| group.completions().iter().map(|completion| completion.token_ids()).collect())
                .collect();
            let items: Vec<Scored> =
                bench.prompts.iter().zip(&ids).map(|(prompt, ids)| Scored::group(prompt, ids)).collect();
            let scores = bench.model.score_all(&items, &bench.settings.scoring(&params).unwrap()).unwrap();
            let scored = scores.log_probs.into_data().try_into_vec::<f32>().unwrap();
            let sampled: Vec<f32> = batch.completions().flat_map(|c| c.logprobs().to_vec()).collect();
            assert_eq!(scored.len(), sampled.len());
            let off: Vec<f32> = scored.iter().zip(&sampled).map(|(a, b)| (a - b).abs()).collect();
            let (most, mean) =
                (off.iter().copied().fold(0.0, f32::max), off.iter().sum::<f32>() / off.len() as f32);
            println!("{name}: log-probabilities differ by {mean:e}, at most {most:e}");
            // Not 0: decoding and scoring add the same products in another order.
            assert!(mean <= 4e-6 && most <= 3e-5, "{name}: {mean} on average, {most} at most");
        }
    }
}

#[test]
fn forbidden_ids_are_not_written_and_the_text_is_what_the_ids_say() {
    let bench = Bench::open(NAMES[0]);
    let batch = bench.sample(&params().with_temperature(3.0).unwrap());
    for completion in batch.completions() {
        assert!(completion.token_ids().iter().all(|id| !bench.settings.forbidden.contains(id)));
        let text = bench.processor.decode(completion.token_ids(), SpecialTokens::Skip).unwrap();
        assert_eq!(completion.text(), text);
    }
}

#[test]
fn a_completion_ends_at_an_end_token_or_at_the_limit() {
    let mut bench = Bench::open(NAMES[0]);
    // Half of the vocabulary ends a completion, so that both reasons occur.
    bench.settings.stop = (0..256).collect();
    let params = params().with_max_new_tokens(3).unwrap().with_num_generations(16).unwrap();
    let batch = bench.sample(&params);
    for completion in batch.completions() {
        let ids = completion.token_ids();
        let ends = ids.iter().position(|id| *id < 256);
        match completion.stop() {
            StopReason::Stop => assert_eq!(ends, Some(ids.len() - 1)),
            StopReason::Length => assert_eq!((ends, ids.len()), (None, 3)),
        }
    }
    let stopped = batch.truncated().iter().filter(|truncated| !**truncated).count();
    assert!(0 < stopped && stopped < batch.completions().count(), "{stopped} stopped");
}

#[test]
fn seed_step_and_place_make_the_draws_and_capacity_does_not() {
    let bench = Bench::open(NAMES[0]);
    let reference = bench.sample(&params());
    assert_eq!(bench.sample(&params()), reference);
    assert_ne!(bench.sample(&params().with_seed(6)), reference);
    let prompts = || bench.prompts.iter().collect::<Vec<_>>();
    assert_ne!(bench.sampler().at_step(4).sample(prompts(), &params()).unwrap(), reference);
    let tail = bench.sampler().starting_at(1).sample(prompts()[1..].to_vec(), &params()).unwrap();
    assert_eq!(tail.groups(), &reference.groups()[1..]);
    let capacity = Capacity::new(NonZeroUsize::new(3).unwrap(), 4096);
    let narrow = SamplerSettings { capacity, ..bench.settings.clone() };
    assert_eq!(bench.sampler_with(&narrow).sample(prompts(), &params()).unwrap(), reference);
}

#[test]
fn cached_features_change_nothing() {
    let bench = Bench::open(NAMES[0]);
    let reference = bench.sample(&params());
    let mut cache = FeatureCache::new(4096);
    for _ in 0..2 {
        let mut sampler = bench.sampler().with_features(&mut cache);
        let prompts: Vec<&Prompt> = bench.prompts.iter().collect();
        assert_eq!(sampler.sample(prompts, &params()).unwrap().groups(), reference.groups());
    }
    assert!(cache.rows() > 0);
}

#[test]
fn a_stream_is_evaluated_in_order_whatever_the_window() {
    let bench = Bench::open(NAMES[0]);
    let stream = || bench.prompts.iter().cycle().take(7);
    let mut reference = Vec::new();
    for window in [1, 3, 100] {
        let mut seen = Vec::new();
        let window = NonZeroUsize::new(window).unwrap();
        let each = |place, group: &rl_algos::Group<&Prompt>| {
            assert_eq!(place, seen.len());
            seen.push(group.completions().to_vec());
            ControlFlow::Continue(())
        };
        bench.sampler().evaluate(stream(), window, &params(), each).unwrap();
        assert_eq!(seen.len(), 7);
        if reference.is_empty() {
            reference.clone_from(&seen);
        }
        assert_eq!(seen, reference);
    }
    let mut count = 0;
    let each = |_, group: &rl_algos::Group<&Prompt>| {
        assert_eq!(group.completions().len(), 1);
        count += 1;
        if count < 2 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    bench.sampler().evaluate(stream(), NonZeroUsize::MIN, &greedy(params()), each).unwrap();
    assert_eq!(count, 2);
}

#[test]
fn impossible_parameters_are_refused_by_name() {
    let mut bench = Bench::open(NAMES[0]);
    let refused = |bench: &Bench, params: SamplingParams| {
        bench.sampler().sample(vec![&bench.prompts[0]], &params).unwrap_err()
    };
    for temperature in [1e-300, 1e-9, 1e300] {
        let error = refused(&bench, params().with_temperature(temperature).unwrap());
        assert!(error.to_string().contains("temperature"), "{error}");
    }
    let error = refused(&bench, params().with_max_new_tokens(usize::MAX).unwrap());
    assert!(matches!(error, RolloutError::Generate(GenerateError::CacheRows { request: 0, .. })), "{error}");
    assert_eq!(bench.sample(&params().with_top_p(1e-300).unwrap()).groups().len(), ROWS.len());

    bench.settings.forbidden = (0..u32::try_from(bench.model.config().text.vocab_size).unwrap()).collect();
    let error = refused(&bench, params());
    assert!(matches!(error, RolloutError::Generate(GenerateError::NotFinite { request: 0 })), "{error}");

    let bench = Bench::open(NAMES[0]);
    let stopped =
        bench.sampler().watched_by(|_| ControlFlow::Break(())).sample(vec![&bench.prompts[0]], &params());
    assert!(matches!(stopped, Err(RolloutError::Generate(GenerateError::Stopped))));
}
