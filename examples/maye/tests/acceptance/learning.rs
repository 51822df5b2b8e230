//! A model learns from its own responses.

use crate::workplace::Workplace;
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;
use journal::{EvalRecord, RolloutRecord};
use rewards::{Group, Outcome, RewardFn, RewardSet};
use rl_algos::advantage::ReinforcePp;
use rl_algos::kl::Estimator;
use rl_algos::{Aggregation, ClipBand, SamplingParams};
use rollout::{LocalSampler, SamplerSettings};
use std::collections::BTreeMap;
use std::path::PathBuf;
use trainer::Sight;
use trainer::engine::{
    AdamWSettings, Alone, Decay, Failure, Files, Ledger, Plan, Run, Schedule, Stop, TrainedWeights,
    Unobserved, train_only,
};
use trainer::online::generate::{consult, sample};
use trainer::online::{
    AdvantageRule, Divisor, KlCorrection, KlTerm, LossSettings, Online, OnlineSettings, Reference, Rhythm,
    Surrogate, Truncated,
};
use vlm_model::{Activations, VlModel};

/// Right where the text has the digit somewhere.
struct HasDigit;

impl RewardFn for HasDigit {
    fn name(&self) -> &str {
        "has_digit"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        let gold = group.sample().gold_text().unwrap();
        group.completions().iter().map(|completion| Outcome::from(completion.text.contains(gold))).collect()
    }
}

/// Reinforce++ as the paper has it, at temperature 1, with `updates` updates of 8 responses for each generation.
fn settings(place: &Workplace, updates: usize) -> OnlineSettings {
    let special = place.processor.special();
    OnlineSettings {
        rhythm: Rhythm { completions: 1, prompts: 8, updates, passes: 1, micro: 8 },
        fresh_rounds: 0,
        sampling: SamplingParams::default().with_max_new_tokens(16).unwrap(),
        sampler: SamplerSettings {
            stop: special.eos.clone(),
            forbidden: special.never_written(&special.eos),
            ..SamplerSettings::default()
        },
        reference: Reference::Start,
        activations: Activations::Kept,
        advantage: AdvantageRule::ReinforcePp { returns: ReinforcePp::MAYE, kl: 0.0 },
        loss: LossSettings {
            surrogate: Surrogate::Clip(ClipBand::PPO),
            divisor: Divisor::Update(Aggregation::SequenceMeanTokenMeanAll),
            kl: Some(KlTerm {
                beta: 0.001,
                estimator: Estimator::K3,
                correction: KlCorrection::Plain,
                limit: Some(10.0),
            }),
            truncated: Truncated::Keep,
            top_entropy: None,
            entropy_bonus: 0.0,
        },
    }
}

#[test]
fn on_the_same_weights_every_ratio_is_one() {
    let place = Workplace::of_recorded();
    let (model, settings) = (place.model().valid(), settings(&place, 1));
    let asked = (0..).zip(place.tasks().take(16).unwrap()).collect();
    let mut sampler = LocalSampler::new(&model, &settings.sampler, place.decode());
    let mut generation = sample(&mut sampler, &asked, &settings.sampling).unwrap();
    // The reference is the model itself: its pass is that of training.
    consult(&model, &mut generation, &asked, &settings, &mut Sight::of(&model)).unwrap();
    let mut tokens = 0;
    for written in generation.iter().flat_map(|experience| &experience.completions) {
        for (old, new) in written.logprobs.iter().zip(written.reference.as_ref().unwrap()) {
            let ratio = f64::from(new - old).exp();
            assert!((ratio - 1.0).abs() < 1e-4, "found a ratio of {ratio}");
            tokens += 1;
        }
        let ends = |ids: &[u32]| ids.iter().filter(|id| settings.sampler.stop.contains(id)).count();
        let (last, before) = written.token_ids.split_last().unwrap();
        assert_eq!((ends(before), ends(&[*last]) == 1), (0, !written.is_truncated()));
    }
    assert!(tokens > 100, "found {tokens} tokens");
}

/// The figures of every step.
#[derive(Default)]
struct Figures(Vec<BTreeMap<String, f64>>);

impl Ledger for Figures {
    fn metrics(&mut self, _: u64, _: f64, values: &BTreeMap<String, f64>) -> Result<(), Failure> {
        self.0.push(values.clone());
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

/// Trains the decoder for so many updates: the figures of each, and the model.
fn train(place: &Workplace, settings: OnlineSettings, steps: u64, model: VlModel) -> (Figures, VlModel) {
    let rewards = RewardSet::new().with(HasDigit, 1.0);
    let mut method = Online::new(settings, place.tasks(), rewards, place.decode(), &model);
    let plan = Plan {
        steps,
        learning_rate: 5e-3,
        module_rates: Vec::new(),
        schedule: Schedule { decay: Decay::Constant, warmup: 0, total: steps },
        optimiser: AdamWSettings { beta2: 0.95, weight_decay: 0.01, ..AdamWSettings::default() },
        max_grad_norm: Some(1.0),
        seed: 0,
        logging_steps: 1,
        save_steps: None,
        eval_steps: None,
    };
    let mut figures = Figures::default();
    let run = Run {
        plan: &plan,
        weights: &TrainedWeights,
        ledger: &mut figures,
        observer: &mut Unobserved,
        companion: &mut Alone,
        stop: Stop::new(),
    };
    let model = run.train(model, &mut method, None).unwrap().model;
    (figures, model)
}

/// The language model learns, the tower does not.
fn without_tower(model: VlModel) -> VlModel {
    train_only(model, |name| !name.starts_with("visual."))
}

#[test]
fn the_first_update_clips_nothing_and_is_where_the_reference_is() {
    let place = Workplace::of_recorded();
    // Of four updates the first has the weights that wrote.
    let (figures, _) = train(&place, settings(&place, 4), 1, without_tower(place.model()));
    let first = &figures.0[0];
    assert_eq!(first["clip_ratio/region_mean"], 0.0);
    assert!(first["kl"].abs() < 1e-7, "found {}", first["kl"]);
    assert!((first["policy/ratio_mean"] - 1.0).abs() < 1e-4, "found {}", first["policy/ratio_mean"]);
}

/// The bits of every weight, the tower's and the others'.
fn bits(model: &VlModel) -> [Vec<Vec<u32>>; 2] {
    #[derive(Default)]
    struct Bits {
        path: Vec<String>,
        found: [Vec<Vec<u32>>; 2],
    }
    impl ModuleVisitor for Bits {
        fn enter_module(&mut self, name: &str, _: &str) {
            self.path.push(name.to_owned());
        }

        fn exit_module(&mut self, _: &str, _: &str) {
            self.path.pop();
        }

        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let bits = param.val().into_data().iter::<f32>().map(f32::to_bits).collect();
            let part = usize::from(self.path.first().is_none_or(|part| part != "visual"));
            self.found[part].push(bits);
        }
    }
    let mut bits = Bits::default();
    model.visit(&mut bits);
    bits.found
}

#[test]
fn twenty_generations_raise_the_score_and_a_frozen_tower_keeps_its_bits() {
    let place = Workplace::new();
    let start = without_tower(place.model());
    let [tower, rest] = bits(&start);
    assert!(!tower.is_empty() && !rest.is_empty());
    let (updates, generations) = (4, 20);
    let (figures, trained) = train(&place, settings(&place, updates), 20 * 4, start);
    let scores: Vec<f64> = figures.0.iter().step_by(updates).map(|step| step["reward"]).collect();
    assert_eq!(scores.len(), generations);
    let mean = |scores: &[f64]| eval::stats::mean(scores).unwrap();
    let (first, last) = (mean(&scores[..5]), mean(&scores[15..]));
    assert!(last > first + 0.2, "found {first} at first and {last} at last: {scores:?}");
    let [tower_after, rest_after] = bits(&trained);
    assert!(tower == tower_after, "the frozen tower has changed");
    assert!(rest != rest_after, "nothing was learnt");
}
