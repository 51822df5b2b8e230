//! Reinforce++ on recorded completions: from scores to token rewards, returns, advantages, losses, gradients.

use crate::generation::{Rollouts, rows};
use crate::numbers::{Gradients, assert_close, assert_rows};
use crate::recorded::{CHECKPOINTS, adapted, json};
use crate::update::plan;
use rl_algos::advantage::{ReinforcePp, terminal_rewards};
use rl_algos::kl::{Estimator, token_penalty};
use rl_algos::{Aggregation, ClipBand, Fraction, Grid, Mask, SamplingParams};
use rollout::SamplerSettings;
use serde::Deserialize;
use std::collections::BTreeMap;
use trainer::online::{
    AdvantageRule, Divisor, Experience, KlCorrection, KlTerm, LossSettings, OnlineSettings, Reference,
    Rhythm, Surrogate, Truncated,
};
use vlm_model::Activations;

#[derive(Deserialize)]
pub struct Recorded {
    pub adapter: String,
    pub rollouts: Scored,
    pub returns: BTreeMap<String, Returns>,
    pub losses: BTreeMap<String, Loss>,
}

#[derive(Deserialize)]
pub struct Scored {
    #[serde(flatten)]
    pub rollouts: Rollouts,
    scores: Vec<f64>,
    old_logps: Vec<Vec<f64>>,
    reference_logps: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
pub struct Returns {
    kl_reward_coeff: f64,
    gamma: f64,
    whiten: String,
    kl: Vec<Vec<f64>>,
    rewards: Vec<Vec<f64>>,
    returns: Vec<Vec<f64>>,
    advantages: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
pub struct Loss {
    loss_agg: String,
    kl_loss_coeff: f64,
    epsilon_low: f64,
    epsilon_high: f64,
    pub returns: String,
    loss: f64,
    policy_loss: f64,
    kl_loss: f64,
    clipfrac: f64,
    #[serde(flatten)]
    gradients: Gradients,
}

impl Returns {
    fn rule(&self) -> ReinforcePp {
        let form = match self.whiten.as_str() {
            "zero_mean" => ReinforcePp::MAYE,
            "readd_mean" => ReinforcePp::MAYE_PUBLISHED,
            other => panic!("{other}: no such whitening is recorded"),
        };
        form.with_gamma(Fraction::new(self.gamma).unwrap())
    }
}

impl Loss {
    pub fn settings(&self, returns: &Returns, micro: usize, activations: Activations) -> OnlineSettings {
        OnlineSettings {
            rhythm: Rhythm { completions: 4, prompts: 2, updates: 1, passes: 2, micro },
            fresh_rounds: 0,
            sampling: SamplingParams::default(),
            sampler: SamplerSettings::default(),
            reference: Reference::Base,
            activations,
            advantage: AdvantageRule::ReinforcePp { returns: returns.rule(), kl: returns.kl_reward_coeff },
            loss: LossSettings {
                surrogate: Surrogate::Clip(ClipBand::new(self.epsilon_low, self.epsilon_high).unwrap()),
                divisor: Divisor::Update(match self.loss_agg.as_str() {
                    "sequence_mean" => Aggregation::SequenceMeanTokenMeanAll,
                    "token_mean" => Aggregation::TokenMean,
                    other => panic!("{other}: no such average is recorded"),
                }),
                kl: Some(KlTerm {
                    beta: self.kl_loss_coeff,
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
}

impl Scored {
    /// The generation as it is before it is weighed.
    pub fn generation(&self) -> Vec<Experience> {
        let mut generation = self.rollouts.generation(&self.old_logps, &self.scores);
        let mut reference = self.reference_logps.iter();
        for written in generation.iter_mut().flat_map(|experience| &mut experience.completions) {
            let logps = reference.next().unwrap();
            written.reference = Some(logps.iter().map(|logp| *logp as f32).collect());
        }
        generation
    }
}

/// Rows without their padding.
fn ragged(grid: &Grid<f64>, mask: &Mask) -> Vec<Vec<f64>> {
    grid.rows().zip(mask.counts()).map(|(row, length)| row[..*length].to_vec()).collect()
}

#[test]
fn scores_become_the_recorded_rewards_returns_and_advantages() {
    for checkpoint in CHECKPOINTS {
        let Recorded { rollouts, returns, .. } = json(checkpoint, "reinforce.json");
        let lengths: Vec<usize> = rollouts.old_logps.iter().map(Vec::len).collect();
        let mask = Mask::from_lengths(&lengths, lengths.iter().copied().max().unwrap()).unwrap();
        let grid = |rows: &[Vec<f64>]| mask.fill(|row, t| rows[row][t]);
        let (old_bt, reference_bt) = (grid(&rollouts.old_logps), grid(&rollouts.reference_logps));
        let score_bt = terminal_rewards(&rollouts.scores, &mask).unwrap();
        for (name, recorded) in &returns {
            let same = |what: &str, found: &Grid<f64>, expected: &[Vec<f64>]| {
                assert_rows(&format!("{checkpoint} {name} {what}"), &ragged(found, &mask), expected, 2e-6);
            };
            let clamped = |d: f64| Estimator::K3.of(d).clamp(-10.0, 10.0);
            let kl_bt = token_penalty(&old_bt, &reference_bt, &mask, clamped).unwrap();
            same("kl", &kl_bt, &recorded.kl);
            let penalty_bt = mask.fill(|row, t| recorded.kl_reward_coeff * kl_bt.row(row)[t]);
            let reward_bt = mask.fill(|row, t| score_bt.row(row)[t] - penalty_bt.row(row)[t]);
            same("rewards", &reward_bt, &recorded.rewards);
            let found = recorded.rule().advantages(&rollouts.scores, Some(&penalty_bt), &mask).unwrap();
            same("returns", &found.returns_bt, &recorded.returns);
            same("advantages", &found.advantage_bt, &recorded.advantages);
        }
    }
}

#[test]
fn losses_figures_and_gradients_are_the_recorded_ones() {
    for checkpoint in CHECKPOINTS {
        let recorded: Recorded = json(checkpoint, "reinforce.json");
        for (name, loss) in &recorded.losses {
            let returns = &recorded.returns[&loss.returns];
            for (micro, activations) in [(4, Activations::Kept), (3, Activations::Recomputed)] {
                let what = format!("{checkpoint} {name} by {micro}");
                let settings = loss.settings(returns, micro, activations);
                let mut generation = recorded.rollouts.generation();
                settings.advantage.apply(&mut generation, &[1.0]).unwrap();
                let weighed = rows(&generation, |written| written.advantages.clone());
                assert_rows(&what, &weighed, &returns.advantages, 2e-6);
                let model = adapted(checkpoint, &recorded.adapter);
                let rollouts = &recorded.rollouts.rollouts;
                let update = rollouts.learn(checkpoint, model, &settings, &generation, &plan(1));
                assert_close(&what, update.figure("loss"), loss.loss, 1e-5);
                let parts = loss.policy_loss + loss.kl_loss_coeff * loss.kl_loss;
                assert_close(&what, update.figure("loss"), parts, 1e-5);
                assert_close(&what, update.figure("clip_ratio/region_mean"), loss.clipfrac, 1e-7);
                if loss.loss_agg == "token_mean" {
                    assert_close(&what, update.figure("kl"), loss.kl_loss, 2e-5);
                }
                loss.gradients.check(&what, checkpoint, &update.adapter_gradients(), 1e-4);
            }
        }
    }
}
