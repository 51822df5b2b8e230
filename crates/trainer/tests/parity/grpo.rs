//! GRPO on recorded completions: every variant of the loss.

use crate::generation::{Rollouts, rows, scores};
use crate::numbers::{Gradients, assert_close, assert_rows, assert_tensors, read};
use crate::recorded::{CHECKPOINTS, adapted, json};
use crate::update::{adapter, plan};
use burn::module::Module;
use rl_algos::advantage::Grpo;
use rl_algos::kl::Estimator;
use rl_algos::{Aggregation, ClipBand, SamplingParams};
use rollout::SamplerSettings;
use serde::Deserialize;
use std::collections::BTreeMap;
use trainer::Sight;
use trainer::engine::{AdamWSettings, Plan};
use trainer::online::generate::consult;
use trainer::online::{
    AdvantageRule, Divisor, Experience, KlCorrection, KlTerm, LossSettings, OnlineSettings, Reference,
    Rhythm, Surrogate, Truncated,
};
use vlm_model::Activations;

#[derive(Deserialize)]
pub struct Recorded {
    pub adapter: String,
    pub rollouts: Weighed,
    pub variants: BTreeMap<String, Variant>,
}

#[derive(Deserialize)]
pub struct Weighed {
    #[serde(flatten)]
    pub rollouts: Rollouts,
    advantages: Vec<f64>,
}

#[derive(Deserialize)]
pub struct Variant {
    loss_type: String,
    beta: f64,
    use_bias_correction_kl: bool,
    epsilon: f64,
    epsilon_high: f64,
    temperature: f64,
    on_policy: bool,
    logps: Vec<Vec<f64>>,
    old_logps: Vec<Vec<f64>>,
    reference_logps: Vec<Vec<f64>>,
    loss: f64,
    #[serde(rename = "clip_ratio/low_mean")]
    low: f64,
    #[serde(rename = "clip_ratio/high_mean")]
    high: f64,
    kl: Option<f64>,
    stepped: Option<String>,
    stepped_learning_rate: Option<f64>,
    #[serde(flatten)]
    gradients: Gradients,
}

impl Variant {
    pub fn settings(&self, micro: usize, activations: Activations) -> OnlineSettings {
        // A second pass would look back at the sampler: that is when its log-probabilities count.
        let passes = if self.on_policy { 1 } else { 2 };
        OnlineSettings {
            rhythm: Rhythm { completions: 4, prompts: 2, updates: 1, passes, micro },
            fresh_rounds: 0,
            sampling: SamplingParams::default().with_temperature(self.temperature).unwrap(),
            sampler: SamplerSettings::default(),
            reference: Reference::Base,
            activations,
            advantage: AdvantageRule::Grpo(Grpo::TRL),
            loss: self.loss(),
        }
    }

    fn loss(&self) -> LossSettings {
        let aggregation = match self.loss_type.as_str() {
            "dapo" => Aggregation::TokenMean,
            "grpo" => Aggregation::SequenceMeanTokenMeanAll,
            other => panic!("{other}: no such loss is recorded"),
        };
        let correction =
            if self.use_bias_correction_kl { KlCorrection::ImportanceWeighted } else { KlCorrection::Plain };
        let kl = KlTerm { beta: self.beta, estimator: Estimator::K3, correction, limit: None };
        LossSettings {
            surrogate: Surrogate::Clip(ClipBand::new(self.epsilon, self.epsilon_high).unwrap()),
            divisor: Divisor::Update(aggregation),
            kl: (self.beta > 0.0).then_some(kl),
            truncated: Truncated::Keep,
            top_entropy: None,
            entropy_bonus: 0.0,
        }
    }

    /// TRL's optimiser with its clipping, where a step is recorded.
    fn step(&self) -> Option<(&str, Plan)> {
        let optimiser = AdamWSettings { weight_decay: 0.01, ..AdamWSettings::default() };
        let learning_rate = self.stepped_learning_rate?;
        let plan = Plan { learning_rate, optimiser, max_grad_norm: Some(1.0), ..plan(1) };
        Some((self.stepped.as_deref()?, plan))
    }
}

/// The recorded completions, weighed, with the reference's log-probabilities where the loss has a use for them.
pub fn generation(checkpoint: &str, recorded: &Recorded, variant: &Variant) -> Vec<Experience> {
    let Weighed { rollouts, advantages } = &recorded.rollouts;
    let rewards: Vec<f64> = rollouts.completions.iter().map(|completion| completion.reward).collect();
    let mut generation = rollouts.generation(&variant.old_logps, &rewards);
    let settings = variant.settings(4, Activations::Kept);
    settings.advantage.apply(&mut generation, &[1.0]).unwrap();
    let weighed = rows(&generation, |written| {
        assert_eq!(written.advantages.len(), written.token_ids.len());
        written.advantages[0]
    });
    assert_rows("advantages", &[weighed], std::slice::from_ref(advantages), 1e-7);
    if settings.needs_reference() {
        let base = adapted(checkpoint, &recorded.adapter).without_adapters();
        let asked = rollouts.asked(checkpoint);
        consult(&base, &mut generation, &asked, &settings, &mut Sight::of(&base)).unwrap();
    }
    generation
}

#[test]
fn completions_have_the_recorded_log_probabilities_at_every_temperature() {
    for checkpoint in CHECKPOINTS {
        let recorded: Recorded = json(checkpoint, "grpo.json");
        let rollouts = &recorded.rollouts.rollouts;
        let asked = rollouts.asked(checkpoint);
        let policy = adapted(checkpoint, &recorded.adapter).valid();
        let base = policy.without_adapters();
        for name in ["dapo", "dapo-cool"] {
            let variant = &recorded.variants[name];
            let generation = generation(checkpoint, &recorded, variant);
            let settings = variant.settings(4, Activations::Kept);
            for (who, model, expected) in
                [("policy", &policy, &variant.logps), ("reference", &base, &variant.reference_logps)]
            {
                let found = scores(model, &generation, &asked, &settings);
                assert_rows(&format!("{checkpoint} {name} {who}"), &found, expected, 5e-5);
            }
        }
    }
}

#[test]
fn every_variant_has_the_loss_the_figures_and_the_gradient_of_trl() {
    for checkpoint in CHECKPOINTS {
        let recorded: Recorded = json(checkpoint, "grpo.json");
        let rollouts = &recorded.rollouts.rollouts;
        for (name, variant) in &recorded.variants {
            let generation = generation(checkpoint, &recorded, variant);
            // Whole groups, and a split that cuts them unevenly.
            for (micro, activations) in [(4, Activations::Kept), (3, Activations::Recomputed)] {
                let what = format!("{checkpoint} {name} by {micro}");
                let model = adapted(checkpoint, &recorded.adapter);
                let settings = variant.settings(micro, activations);
                let update = rollouts.learn(checkpoint, model, &settings, &generation, &plan(1));
                assert_close(&what, update.figure("loss"), variant.loss, 1e-5);
                assert_close(&what, update.figure("clip_ratio/low_mean"), variant.low, 1e-7);
                assert_close(&what, update.figure("clip_ratio/high_mean"), variant.high, 1e-7);
                assert_eq!(update.figures[0].contains_key("kl"), variant.kl.is_some());
                if let Some(kl) = variant.kl {
                    assert_close(&format!("{what}: kl"), update.figure("kl"), kl, 2e-5 * kl);
                }
                variant.gradients.check(&what, checkpoint, &update.adapter_gradients(), 1e-4);
            }
        }
    }
}

#[test]
fn one_step_leaves_the_recorded_adapter() {
    let checkpoint = CHECKPOINTS[0];
    let recorded: Recorded = json(checkpoint, "grpo.json");
    let mut steps = 0;
    for (name, variant) in &recorded.variants {
        let Some((file, plan)) = variant.step() else { continue };
        let generation = generation(checkpoint, &recorded, variant);
        let model = adapted(checkpoint, &recorded.adapter);
        let rollouts = &recorded.rollouts.rollouts;
        let mut update =
            rollouts.learn(checkpoint, model, &variant.settings(4, Activations::Kept), &generation, &plan);
        assert_tensors(name, &adapter(&mut update.model), &read(checkpoint, file), 5e-5);
        steps += 1;
    }
    assert_eq!(steps, 1);
}
