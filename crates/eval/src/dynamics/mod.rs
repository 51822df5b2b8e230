//! The training dynamics that MAYE watches ("Rethinking RL Scaling for Vision Language Models", 2025), computed from
//! rollout records.

mod epochs;
mod warnings;

pub(crate) use epochs::epoch;
pub use epochs::{EpochReport, epoch_curves, epoch_report};
pub(crate) use warnings::about;
pub use warnings::warnings;

use std::collections::BTreeMap;

use journal::{RolloutRecord, Stop};
use rewards::{REFLECTION_WORDS, Reflection, is_reflective};

use crate::stats::mean;

/// Metrics by name.
pub type Metrics = BTreeMap<String, f64>;

/// Counts how often the texts look back at themselves; a text is right where the reward `accuracy` is 1.
///
/// ```
/// let counts = eval::dynamics::reflection(&[], "accuracy");
/// assert_eq!(counts.texts, 0);
/// ```
pub fn reflection(records: &[RolloutRecord], accuracy: &str) -> Reflection {
    let mut counts = Reflection::default();
    for record in records {
        counts.add(&record.completion, reward(record, accuracy).unwrap_or(0.0));
    }
    counts
}

/// The five ratios and fifteen counts under the names that MAYE logs. Ratios are of summed counts, and 0 where nothing was
/// counted:
/// R/N, RC/C, (R − RC)/(N − C), RC/R, (C − RC)/(N − R), with N texts, R of them reflective, C right and RC both.
///
/// ```
/// let metrics = eval::dynamics::reflection_metrics(&rewards::Reflection::default());
/// assert_eq!(metrics.len(), 20);
/// assert_eq!(metrics["reflection_analysis/reflection_ratio"], 0.0);
/// ```
pub fn reflection_metrics(counts: &Reflection) -> Metrics {
    let ratios = [
        ("reflection_ratio", counts.ratio()),
        ("reflection_ratio_in_correct_answers", counts.ratio_in_correct()),
        ("reflection_ratio_in_incorrect_answers", counts.ratio_in_incorrect()),
        ("correct_ratio_in_reflection_texts", counts.correct_in_reflective()),
        ("correct_ratio_in_no_reflection_texts", counts.correct_in_plain()),
    ];
    let ratios = ratios.into_iter().map(|(name, value)| (format!("reflection_analysis/{name}"), value));
    let words = REFLECTION_WORDS.iter().zip(counts.words);
    ratios.chain(words.map(|(word, count)| (format!("reflection_words/{word}"), count as f64))).collect()
}

/// The first text that is reflective and right.
pub fn reflective_example<'r>(records: &'r [RolloutRecord], accuracy: &str) -> Option<&'r RolloutRecord> {
    records.iter().find(|r| is_reflective(&r.completion) && reward(r, accuracy) == Some(1.0))
}

/// The share of rollouts whose reward `accuracy` is 1; `None` where no rollout has that reward.
pub fn training_accuracy(records: &[RolloutRecord], accuracy: &str) -> Option<f64> {
    let right = |record: &RolloutRecord| Some(f64::from(u8::from(reward(record, accuracy)? == 1.0)));
    mean(&records.iter().filter_map(right).collect::<Vec<_>>())
}

/// What MAYE logs of a step, under its names.
///
/// Figures of the generation come from its rollouts: `rews/{scores, acc_rewards, format_rewards, language_rewards,
/// kl_reward, rlhf_reward}`, `response/{response_lengths, length_clip_ratio}`, `training/{num_stop_tokens, kl}`,
/// `reflection_analysis/…` and `reflection_words/…`. With kₜ the divergence of a token from the reference, `training/kl` is
/// the mean over rows of Σₜ kₜ, `rews/kl_reward` is −β times that, and `rews/rlhf_reward` the sum of scores and `kl_reward`.
///
/// ```
/// let published = eval::dynamics::Published { max_tokens: 2048, temperature: 1.0, kl_reward_coeff: 0.0, updates: 32 };
/// let figures = published.figures(33, |name| (name == "learning_rate").then_some(5e-6), &[]);
/// assert_eq!((figures["training/lr"], figures["generation_steps"], figures["gradient_steps"]), (5e-6, 2.0, 33.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Published {
    /// Length at which a response is cut.
    pub max_tokens: u64,
    /// Temperature of the samples.
    pub temperature: f64,
    /// β of the divergence in the reward.
    pub kl_reward_coeff: f64,
    /// Optimiser steps that learn from one generation.
    pub updates: u64,
}

/// Names of MAYE beside those of the trainer.
pub(crate) const SAME: [(&str, &str); 13] = [
    ("loss/loss", "loss"),
    ("loss/policy_loss", "policy_loss"),
    ("loss/kl_loss", "kl_loss"),
    ("training/clipfrac", "clip_ratio/region_mean"),
    ("training/entropy", "entropy_of_drawn"),
    ("training/entropy_full", "entropy"),
    ("training/ratios", "policy/ratio_mean"),
    ("training/approx_policy_kl", "policy/half_square"),
    ("training/lr", "learning_rate"),
    ("training/grad_norm", "grad_norm"),
    ("training/skipped_steps", "skipped_steps"),
    ("speed/tokens_per_second_per_gpu_trajectory", "generation/tokens_per_second"),
    ("speed/tokens_per_second_per_gpu_ppo", "update/tokens_per_second"),
];

impl Published {
    /// The figures of optimiser step `step`, counted from 1: `known` gives the trainer's, `records` are the responses that
    /// were written in it. What has no value is absent.
    pub fn figures(
        &self,
        step: u64,
        known: impl Fn(&str) -> Option<f64>,
        records: &[RolloutRecord],
    ) -> Metrics {
        let same = SAME.iter().filter_map(|(theirs, ours)| Some(((*theirs).to_owned(), known(ours)?)));
        let mut metrics: Metrics = same.collect();
        // Without a reference there is no such term.
        metrics.entry("loss/kl_loss".into()).or_insert(0.0);
        metrics.insert("training/temperature".into(), self.temperature);
        metrics.insert("generation_steps".into(), step.div_ceil(self.updates.max(1)) as f64);
        metrics.insert("gradient_steps".into(), step as f64);
        if !records.is_empty() {
            metrics.extend(self.of_responses(records));
            metrics.extend(reflection_metrics(&reflection(records, "accuracy")));
        }
        metrics
    }

    fn of_responses(&self, records: &[RolloutRecord]) -> Metrics {
        let values = |part: &dyn Fn(&RolloutRecord) -> Option<f64>| {
            mean(&records.iter().filter_map(part).collect::<Vec<f64>>())
        };
        let full = |r: &RolloutRecord| Some(f64::from(u8::from(r.tokens >= self.max_tokens)));
        let kl = values(&|r| Some(r.kl? * r.tokens as f64)).unwrap_or(0.0);
        let kl_reward = if kl == 0.0 { 0.0 } else { -self.kl_reward_coeff * kl };
        let scores = values(&|r| r.reward);
        let stopped = records.iter().filter(|record| record.stop == Stop::Stop).count();
        let figures = [
            ("rews/scores", scores),
            ("rews/acc_rewards", values(&|r| reward(r, "accuracy"))),
            ("rews/format_rewards", values(&|r| reward(r, "format"))),
            ("rews/language_rewards", values(&|r| reward(r, "language"))),
            ("rews/kl_reward", Some(kl_reward)),
            ("rews/rlhf_reward", scores.map(|scores| scores + kl_reward)),
            ("response/response_lengths", values(&|r| Some(r.tokens as f64))),
            ("response/length_clip_ratio", values(&full)),
            ("training/num_stop_tokens", Some(stopped as f64)),
            ("training/kl", Some(kl)),
        ];
        figures.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

fn reward(record: &RolloutRecord, name: &str) -> Option<f64> {
    record.rewards.get(name).copied().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(text: &str, accuracy: f64) -> RolloutRecord {
        let rewards = [("accuracy".to_owned(), Some(accuracy)), ("language".to_owned(), None)].into();
        RolloutRecord {
            step: 1,
            group: 0,
            sample_id: String::new(),
            prompt: String::new(),
            images: vec![],
            ground_truth: None,
            completion: text.to_owned(),
            tokens: 10,
            stop: Stop::Stop,
            rewards,
            reward: Some(accuracy),
            advantage: None,
            kl: None,
            entropy: None,
        }
    }

    fn worked() -> Vec<RolloutRecord> {
        vec![
            record("Wait, let me verify the angle.", 1.0),
            record(r"The answer is \boxed{5}.", 1.0),
            record("We are not done yet. Let me RE-CHECK and recheck.", 0.0),
            record("The waiter brings 3 plates.", 0.0),
            record("So x = 4.", 1.0),
        ]
    }

    #[test]
    fn ratios_and_counts_of_the_worked_example() {
        let metrics = reflection_metrics(&reflection(&worked(), "accuracy"));
        let ratios = [
            ("reflection_ratio", 0.6),
            ("reflection_ratio_in_correct_answers", 0.333_333),
            ("reflection_ratio_in_incorrect_answers", 1.0),
            ("correct_ratio_in_reflection_texts", 0.333_333),
            ("correct_ratio_in_no_reflection_texts", 1.0),
        ];
        for (name, expected) in ratios {
            assert!((metrics[&format!("reflection_analysis/{name}")] - expected).abs() < 1e-5, "{name}");
        }
        for (word, count) in REFLECTION_WORDS.map(|word| (word, metrics[&format!("reflection_words/{word}")]))
        {
            let expected = match word {
                "verify" | "re-check" | "recheck" | "yet" => 1.0,
                "wait" => 2.0,
                _ => 0.0,
            };
            assert_eq!(count, expected, "{word}");
        }
        assert_eq!(reflective_example(&worked(), "accuracy").unwrap().completion, worked()[0].completion);
        assert!((training_accuracy(&worked(), "accuracy").unwrap() - 0.6).abs() < 1e-12);
    }

    #[test]
    fn words_inside_words_count_and_nothing_divides_by_zero() {
        let counts = reflection(&[record("a reevaluation, I reevaluate", 0.0)], "accuracy");
        let metrics = reflection_metrics(&counts);
        assert_eq!(
            (metrics["reflection_words/reevaluate"], metrics["reflection_words/reevaluation"]),
            (1.0, 1.0)
        );
        for records in [vec![], vec![record("plain", 0.0), record("words", 0.0)]] {
            let metrics = reflection_metrics(&reflection(&records, "accuracy"));
            assert!(metrics.values().all(|value| *value == 0.0));
        }
        assert_eq!(training_accuracy(&[], "accuracy"), None);
    }

    #[test]
    fn figures_of_a_generation_have_the_published_names_and_a_metric_without_a_value_is_absent() {
        let published = Published { max_tokens: 10, temperature: 1.0, kl_reward_coeff: 0.5, updates: 4 };
        let mut records = worked();
        records[0].kl = Some(0.2);
        records[1].kl = Some(0.0);
        records[1].tokens = 9;
        let metrics = published.figures(5, |_| None, &records);
        assert_eq!((metrics["rews/acc_rewards"], metrics["rews/scores"]), (0.6, 0.6));
        assert_eq!((metrics["training/kl"], metrics["rews/kl_reward"]), (1.0, -0.5));
        assert!((metrics["rews/rlhf_reward"] - 0.1).abs() < 1e-12);
        assert_eq!((metrics["response/length_clip_ratio"], metrics["training/num_stop_tokens"]), (0.8, 5.0));
        assert_eq!(
            (metrics["generation_steps"], metrics["reflection_analysis/reflection_ratio"]),
            (2.0, 0.6)
        );
        assert!(!metrics.contains_key("rews/language_rewards") && !metrics.contains_key("loss/loss"));
        assert!(!published.figures(5, |_| None, &[]).contains_key("rews/scores"));
    }
}
