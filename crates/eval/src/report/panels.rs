//! Which metric is drawn where.

use std::collections::{BTreeMap, BTreeSet};

use super::families::{Family, families};
use super::run::Run;
use super::series::Series;
use super::{chart, dynamics};
use crate::dynamics::SAME;

/// A chart and the metrics that belong into it.
struct Panel {
    title: &'static str,
    keys: &'static [&'static str],
    /// Every metric that begins with one of these belongs here too.
    prefixes: &'static [&'static str],
}

const fn panel(
    title: &'static str,
    keys: &'static [&'static str],
    prefixes: &'static [&'static str],
) -> Panel {
    Panel { title, keys, prefixes }
}

/// In the order of the page. A metric goes to the first panel that wants it.
const PANELS: [Panel; 15] = [
    panel("Loss", &["loss", "eval_loss", "loss/loss", "loss/policy_loss", "loss/kl_loss", "train_loss"], &[]),
    panel("Reward", &["reward", "rews/scores", "rews/rlhf_reward"], &[]),
    panel("Spread of rewards", &["reward_std", "frac_reward_zero_std"], &[]),
    panel("Preference margins", &["rewards/chosen", "rewards/rejected", "rewards/margins"], &[]),
    panel(
        "Accuracy",
        &["accuracy", "mean_token_accuracy", "eval_mean_token_accuracy", "rewards/accuracies"],
        &["acc/"],
    ),
    panel("Rewards by function", &[], &["rewards/", "rews/"]),
    panel("KL from the reference", &["kl", "training/kl", "approx_kl", "training/approx_policy_kl"], &[]),
    panel(
        "Completion length",
        &["response/response_lengths"],
        &["completions/mean", "completions/min", "completions/max"],
    ),
    panel("Share of cut completions", &["completions/clipped_ratio", "response/length_clip_ratio"], &[]),
    panel("Share of clipped tokens", &["clip_ratio", "training/clipfrac"], &["clip_ratio/"]),
    panel("Entropy", &["entropy", "training/entropy", "training/entropy_full"], &[]),
    panel("Learning rate", &["learning_rate", "training/lr"], &[]),
    panel("Gradient norm", &["grad_norm", "training/grad_norm"], &[]),
    panel("Reflection", &[], &["reflection_analysis/"]),
    panel("Log-probabilities", &[], &["logps/", "logits/"]),
];

/// Keys that are no curves.
const SILENT: [&str; 5] = ["step", "epoch", "total_flos", "generation_steps", "gradient_steps"];

/// The charts of all metrics: those that everybody looks for, and the rest behind a fold.
pub(super) fn charts(runs: &[Run]) -> (String, String) {
    let kinds = families(runs.iter());
    let mut keys: BTreeSet<&str> = runs.iter().flat_map(|run| &run.keys).map(String::as_str).collect();
    keys.retain(|key| !SILENT.contains(key));
    let mut main = String::new();
    for panel in &PANELS {
        let mine: Vec<&str> = keys.iter().copied().filter(|key| panel.wants(key)).collect();
        keys.retain(|key| !mine.contains(key));
        main += &chart::figure(panel.title, &lines(&kinds, &mine, panel), "step");
    }
    let rest = keys.iter().map(|key| chart::figure(key, &curves(&kinds, key), "step")).collect();
    (main, rest)
}

impl Panel {
    fn wants(&self, key: &str) -> bool {
        self.keys.contains(&key) || self.prefixes.iter().any(|prefix| key.starts_with(prefix))
    }
}

/// The panel's lines, the listed keys first in their order.
fn lines(kinds: &[Family<'_>], keys: &[&str], panel: &Panel) -> Vec<Series> {
    let place = |key: &str| panel.keys.iter().position(|known| *known == key).unwrap_or(usize::MAX);
    let mut keys: Vec<&str> = keys.iter().copied().filter(|key| !is_spread(key, keys)).collect();
    keys.sort_by_key(|key| place(key));
    keys.into_iter().flat_map(|key| curves(kinds, key)).collect()
}

/// One line for each family of runs that logged the metric and shows it nowhere else.
fn curves(kinds: &[Family<'_>], key: &str) -> Vec<Series> {
    let name = key.trim_end_matches("/mean");
    let one = |family: &Family<'_>| {
        let runs: Vec<&Run> = family.runs.iter().copied().filter(|run| !is_elsewhere(run, key)).collect();
        joined(&runs, key, &family.line(name))
    };
    kinds.iter().map(one).filter(|series| !series.points.is_empty()).collect()
}

/// Whether the figures of epochs and dynamics hold a metric, or the same number stands under the trainer's name.
fn is_elsewhere(run: &Run, key: &str) -> bool {
    let twin = SAME.iter().find(|(published, _)| *published == key);
    run.epochs.contains_key(key)
        || dynamics::shows(run, key)
        || twin.is_some_and(|(_, ours)| run.keys.contains(*ours))
}

/// `rewards/x/std` beside `rewards/x/mean` would only squeeze the scale.
fn is_spread(key: &str, keys: &[&str]) -> bool {
    key.strip_suffix("/std").is_some_and(|stem| keys.iter().any(|k| k.strip_suffix("/mean") == Some(stem)))
}

/// One metric of all runs.
pub(super) fn curve(runs: &[Run], key: &str) -> Series {
    joined(&runs.iter().collect::<Vec<_>>(), key, key)
}

fn joined(runs: &[&Run], key: &str, name: &str) -> Series {
    let points = |run: &&Run| {
        let value = |line: &journal::MetricLine| Some((line.step as f64, *line.values.get(key)?));
        // A step that was logged twice, by a resumed run say, keeps the later value.
        let by_step: BTreeMap<u64, (f64, f64)> =
            run.metrics.iter().filter_map(value).map(|(step, y)| (step.to_bits(), (step, y))).collect();
        by_step.into_values().collect()
    };
    Series::joined(name, &runs.iter().map(points).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::run::tests::run_of;

    #[test]
    fn every_metric_is_drawn_once() {
        let run = run_of(&[
            ("loss", 1.0),
            ("rewards/format/mean", 0.5),
            ("rewards/format/std", 0.1),
            ("speed", 3.0),
            ("epoch", 1.0),
        ]);
        let (main, rest) = charts(&[run]);
        assert_eq!(main.matches("<figure").count(), 2);
        assert!(main.contains("rewards/format <b>") && !main.contains("/std"));
        assert_eq!(rest.matches("<figure").count(), 1);
        assert!(rest.contains("speed") && !rest.contains("epoch"));
    }

    #[test]
    fn runs_of_other_metrics_are_lines_of_their_own() {
        let named = |name: &str, metrics: &[(&str, f64)]| Run { name: name.into(), ..run_of(metrics) };
        let runs = [
            named("sft", &[("loss", 1.0)]),
            named("grpo-1", &[("loss", 2.0), ("kl", 0.1)]),
            named("grpo-2", &[("loss", 4.0), ("kl", 0.3)]),
        ];
        let (main, _) = charts(&runs);
        assert!(main.contains("sft: loss <b>1</b>") && main.contains("grpo-1 and 1 more: loss <b>3</b>"));
    }
}
