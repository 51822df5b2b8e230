//! What is logged of a generation, under TRL's names, and what people read of it.

use super::experience::{Experience, Written};
use super::generate::Asked;
use crate::engine::Metrics;
use journal::RolloutRecord;
use rewards::{GroupReport, Spread};
use std::collections::BTreeMap;

/// Rewards, lengths and spread of a generation.
pub fn log_generation(generation: &[Experience], reports: &[GroupReport], metrics: &mut Metrics) {
    let written = || generation.iter().flat_map(|experience| &experience.completions);
    let flat = reports.iter().filter(|report| report.spread != Spread::Varied).count();
    metrics.mean("frac_reward_zero_std", flat as f64 / reports.len().max(1) as f64);
    for experience in generation {
        let rewards: Vec<f64> = experience.completions.iter().filter_map(|written| written.reward).collect();
        if let Some((mean, std)) = moments(&rewards) {
            metrics.weighted("reward", mean, rewards.len() as f64);
            metrics.mean("reward_std", std);
        }
    }
    log_rewards_by_function(reports, metrics);
    log_lengths(written().collect(), metrics);
}

/// Everything about a generation that is worth reading again.
pub fn records(
    step: u64,
    asked: &Asked,
    generation: &[Experience],
    reports: &[GroupReport],
    prompts: &[String],
) -> Vec<RolloutRecord> {
    let mut records = Vec::new();
    for (group, ((experience, report), (_, task))) in generation.iter().zip(reports).zip(asked).enumerate() {
        for (index, written) in experience.completions.iter().enumerate() {
            let by_function: BTreeMap<String, Option<f64>> = report
                .judged
                .iter()
                .map(|judged| (judged.name.clone(), judged.outcomes[index].value()))
                .collect();
            let part = |(_, part): &(String, rewards::Component)| {
                (part.name.to_owned(), part.values.get(index).map(|value| value.get()))
            };
            let rewards = by_function.into_iter().chain(report.parts.iter().map(part)).collect();
            records.push(RolloutRecord {
                step,
                group: group as u64,
                sample_id: task.id().to_owned(),
                prompt: prompts.get(group).cloned().unwrap_or_default(),
                images: task.images().to_vec(),
                ground_truth: gold(task.sample()),
                completion: written.text.clone(),
                tokens: written.token_ids.len() as u64,
                stop: if written.is_truncated() { journal::Stop::Length } else { journal::Stop::Stop },
                rewards,
                reward: written.reward,
                advantage: mean(&written.advantages),
                kl: written.reference.as_ref().and_then(|reference| kl(written, reference)),
                entropy: None,
            });
        }
    }
    records
}

/// Means and spreads of what entered the totals, an unread text with the score of its rule; beside them the share of texts
/// that could not be read, and how many verdicts failed.
fn log_rewards_by_function(reports: &[GroupReport], metrics: &mut Metrics) {
    let mut values: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for judged in reports.iter().flat_map(|report| &report.judged) {
        values.entry(&judged.name).or_default().extend(judged.scores().flatten());
        let (stats, all) = (judged.stats(), judged.outcomes.len() as f64);
        let unparsed = stats.unparsed.values().sum::<usize>() as f64;
        metrics.weighted(&format!("rewards/{}/unparsed", judged.name), unparsed / all, all);
        metrics.count(&format!("rewards/{}/failed", judged.name), stats.failed as f64);
    }
    let mut parts: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (reward, part) in reports.iter().flat_map(|report| &report.parts) {
        let values = part.values.iter().map(|value| value.get());
        parts.entry(format!("rewards/{reward}/{}", part.name)).or_default().extend(values);
    }
    for (name, values) in parts {
        mean(&values).into_iter().for_each(|value| metrics.mean(&name, value));
    }
    for (name, values) in values {
        if let Some((mean, std)) = moments(&values) {
            metrics.mean(&format!("rewards/{name}/mean"), mean);
            metrics.mean(&format!("rewards/{name}/std"), std);
        }
    }
}

fn log_lengths(written: Vec<&Written>, metrics: &mut Metrics) {
    let lengths: Vec<f64> = written.iter().map(|written| written.token_ids.len() as f64).collect();
    let ended: Vec<f64> =
        written.iter().filter(|written| !written.is_truncated()).map(|w| w.token_ids.len() as f64).collect();
    let extreme = |values: &[f64], better: fn(f64, f64) -> f64| values.iter().copied().reduce(better);
    for (name, value) in [
        ("completions/mean_length", mean(&lengths)),
        ("completions/min_length", extreme(&lengths, f64::min)),
        ("completions/max_length", extreme(&lengths, f64::max)),
        ("completions/mean_terminated_length", mean(&ended)),
        ("completions/clipped_ratio", Some(1.0 - ended.len() as f64 / lengths.len().max(1) as f64)),
    ] {
        value.into_iter().for_each(|value| metrics.mean(name, value));
    }
}

pub(super) fn gold(sample: &rewards::Sample) -> Option<String> {
    match &sample.gold {
        rewards::Gold::Missing | rewards::Gold::Objects(_) => None,
        rewards::Gold::Text(text) => Some(text.clone()),
        rewards::Gold::Answers(answers) => Some(answers.join(" | ")),
    }
}

/// Mean of k3 between the sampler and the reference.
fn kl(written: &Written, reference: &[f32]) -> Option<f64> {
    let terms: Vec<f64> = written
        .logprobs
        .iter()
        .zip(reference)
        .map(|(logp, reference)| rl_algos::kl::Estimator::K3.of(f64::from(*logp) - f64::from(*reference)))
        .collect();
    mean(&terms)
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Mean and sample standard deviation (0 for one value).
fn moments(values: &[f64]) -> Option<(f64, f64)> {
    let mean = mean(values)?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let std = if values.len() > 1 { (squares / (values.len() - 1) as f64).sqrt() } else { 0.0 };
    Some((mean, std))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rewards::{CountingReward, ExactMatch, Group, RewardSet, Sample};

    #[test]
    fn the_mean_of_a_reward_is_that_of_what_entered_the_sum() {
        let set = RewardSet::new().with(CountingReward, 2.0).with(ExactMatch::default(), 1.0);
        let read = set.judge(&Group::of_texts(Sample::text("?", "3"), ["3", "no idea"]));
        let unread = set.judge(&Group::of_texts(Sample::text("?", "3"), ["no idea", "no idea"]));
        let mut metrics = Metrics::default();
        log_rewards_by_function(&[read.clone(), unread.clone()], &mut metrics);
        let totals = [read, unread.clone()].into_iter().flat_map(|report| report.totals).flatten();
        let reward = totals.map(rewards::Finite::get).sum::<f64>() / 4.0;
        let mean = |name: &str| metrics.get(&format!("rewards/{name}/mean")).unwrap();
        assert_eq!(2.0 * mean("counting") + mean("exact"), reward);
        assert_eq!(metrics.get("rewards/counting/unparsed"), Some(0.75));

        let mut metrics = Metrics::default();
        log_rewards_by_function(&[unread], &mut metrics);
        assert_eq!(metrics.get("rewards/counting/mean"), Some(-0.5));
        assert_eq!(metrics.get("rewards/counting/unparsed"), Some(1.0));
    }
}
