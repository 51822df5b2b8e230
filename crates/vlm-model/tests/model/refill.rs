//! A completion's bytes depend on its prompt, key and settings: not on who else runs, when, or where in the cache.

use crate::fixture::{checkpoint, model, prompt};
use proptest::prelude::*;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::LazyLock;
use vlm_model::generate::{
    Capacity, Choosing, Completion, DrawKey, Engine, FinishReason, GenerateError, GenerationConfig, Progress,
    Request, SamplingSettings,
};
use vlm_model::{PromptError, VlModel};
use vlm_processor::{Prompt, Token};

const NAME: &str = "qwen2_5-nano";
const ROWS: [&str; 4] = ["text", "pair", "turns", "video-odd"];
const SAMPLES: usize = 5;
const NEW_TOKENS: usize = 9;

static MODEL: LazyLock<VlModel> = LazyLock::new(|| model(NAME));
static PROMPTS: LazyLock<Vec<Prompt>> = LazyLock::new(|| ROWS.map(|id| prompt(NAME, id)).into());
/// What each prompt gets alone, one completion at a time.
static ALONE: LazyLock<Vec<Vec<Completion>>> = LazyLock::new(|| {
    let capacity = Capacity::new(NonZeroUsize::MIN, 1 << 12);
    let alone = (0..ROWS.len()).map(|i| run(&[request(i, SAMPLES)], capacity).unwrap().remove(0));
    alone.collect()
});

fn settings() -> SamplingSettings {
    let eos = GenerationConfig::from_dir(&checkpoint(NAME)).unwrap().eos;
    SamplingSettings::greedy(NEW_TOKENS, eos).temperature(1.3).unwrap().top_p(0.95).unwrap()
}

fn key(prompt: usize) -> DrawKey {
    DrawKey { seed: 11, step: 2, prompt: prompt as u64, sample: 0, token: 0 }
}

fn request(prompt: usize, samples: usize) -> Request<'static> {
    Request::new(&PROMPTS[prompt], samples, key(prompt))
}

fn unwatched(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn run(requests: &[Request], capacity: Capacity) -> Result<Vec<Vec<Completion>>, GenerateError> {
    Engine::new(&MODEL, &settings()).with_capacity(capacity).run(requests, &mut unwatched)
}

fn longest() -> usize {
    PROMPTS.iter().map(|prompt| prompt.tokens.len()).max().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_capacity_and_threads_change_no_byte(
        asked in proptest::collection::vec((0..ROWS.len(), 0..=SAMPLES), 1..7),
        running in 1..20_usize,
        spare in 0..200_usize,
        threads in 1..3_usize,
    ) {
        let requests: Vec<Request> = asked.iter().map(|(prompt, samples)| request(*prompt, *samples)).collect();
        let capacity = Capacity::new(NonZeroUsize::new(running).unwrap(), longest() + NEW_TOKENS + spare);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let written = pool.install(|| run(&requests, capacity)).unwrap();
        for ((prompt, samples), group) in asked.iter().zip(&written) {
            prop_assert_eq!(group.as_slice(), &ALONE[*prompt][..*samples]);
        }
    }
}

#[test]
fn a_group_is_what_its_members_are_when_asked_for_alone() {
    assert!(
        ALONE.iter().any(|group| group.iter().any(|completion| *completion != group[0])),
        "samples differ"
    );
    for (prompt, group) in ALONE.iter().enumerate() {
        for (sample, expected) in group.iter().enumerate() {
            let key = DrawKey { sample: sample as u64, ..key(prompt) };
            let single = Request::new(&PROMPTS[prompt], 1, key);
            assert_eq!(run(&[single], Capacity::default()).unwrap(), [[expected.clone()]]);
        }
    }
}

#[test]
fn features_that_are_given_are_those_that_would_be_computed() {
    let image = ROWS.iter().position(|row| *row == "pair").unwrap();
    let features = MODEL.encode(&PROMPTS[image]).unwrap();
    let given = request(image, SAMPLES).with_features(&features);
    assert_eq!(run(&[given], Capacity::default()).unwrap()[0], ALONE[image]);
    let error = run(&[request(image, 1).with_features(&features[1..])], Capacity::default()).unwrap_err();
    assert!(matches!(error, GenerateError::Prompt { request: 0, problem: PromptError::Placeholders { .. } }));
}

#[test]
fn progress_counts_to_the_end_and_may_be_stopped() {
    let (mut passes, mut last) = (0, None);
    let settings = settings();
    let engine = Engine::new(&MODEL, &settings);
    let requests = [request(0, SAMPLES), request(1, 2)];
    let written = engine.run(&requests, &mut |progress| {
        assert!(progress.finished <= progress.total && progress.total == SAMPLES + 2);
        last = Some(progress);
        unwatched(progress)
    });
    let tokens = written.unwrap().iter().flatten().map(|completion| completion.token_ids.len()).sum();
    assert_eq!(last, Some(Progress { finished: SAMPLES + 2, total: SAMPLES + 2, tokens }));
    let stopped = engine.run(&requests, &mut |_| {
        passes += 1;
        if passes < 4 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    assert_eq!((stopped, passes), (Err(GenerateError::Stopped), 4));
}

#[test]
fn what_cannot_be_done_is_refused_with_the_prompt_it_is_about() {
    let tight = Capacity::new(NonZeroUsize::MIN, longest() + NEW_TOKENS - 2);
    let error = run(&[request(0, 1), request(1, 1), request(2, 1), request(3, 1)], tight).unwrap_err();
    let GenerateError::CacheRows { request: place, needed, allowed } = error else { panic!("{error}") };
    assert_eq!((PROMPTS[place].tokens.len(), needed - allowed), (longest(), 1));

    let endless = SamplingSettings::greedy(usize::MAX, vec![]);
    assert!(matches!(MODEL.generate(&[request(0, 3)], &endless), Err(GenerateError::CacheRows { .. })));

    let mut broken = PROMPTS[0].clone();
    broken.tokens[2] = Token::Text(u32::MAX);
    let requests = [request(0, 1), Request::new(&broken, 1, key(0))];
    let error = run(&requests, Capacity::default()).unwrap_err();
    assert!(matches!(error, GenerateError::Prompt { request: 1, problem: PromptError::UnknownToken { .. } }));
}

#[test]
fn asking_for_nothing_gives_nothing() {
    assert_eq!(run(&[], Capacity::default()), Ok(vec![]));
    assert_eq!(run(&[request(0, 0)], Capacity::default()), Ok(vec![vec![]]));
    let none = MODEL.generate(&[request(0, 2)], &SamplingSettings::greedy(0, vec![])).unwrap();
    assert!(none[0].len() == 2 && none[0].iter().all(|completion| completion.token_ids.is_empty()));
}

#[test]
fn tokens_chosen_on_the_device_are_those_that_the_host_chooses() {
    let greedy =
        |new_tokens| SamplingSettings::greedy(new_tokens, (0..512).step_by(9).collect()).forbid(vec![50, 60]);
    let capacity = Capacity::new(NonZeroUsize::new(3).unwrap(), 2 * longest() + 100);
    let requests: Vec<Request> = (0..ROWS.len()).map(|prompt| request(prompt, SAMPLES)).collect();
    let mut finishes = Vec::new();
    for new_tokens in [1, 2, 9, 21] {
        for settings in [greedy(new_tokens), greedy(new_tokens).temperature(1.3).unwrap()] {
            let write = |choosing| {
                let engine = Engine::new(&MODEL, &settings).with_capacity(capacity).with_choosing(choosing);
                engine.run(&requests, &mut unwatched).unwrap().concat()
            };
            let (host, device) = (write(Choosing::Host), write(Choosing::Device));
            for (host, device) in host.iter().zip(&device) {
                assert_eq!((&host.token_ids, host.finish), (&device.token_ids, device.finish));
                for (host, device) in host.logprobs.iter().zip(&device.logprobs) {
                    assert!((host - device).abs() < 1e-4, "{host} {device}");
                }
            }
            finishes.extend(host.iter().filter(|host| host.token_ids.len() > 1).map(|host| host.finish));
        }
    }
    assert!(finishes.contains(&FinishReason::Stop) && finishes.contains(&FinishReason::Length));
}
