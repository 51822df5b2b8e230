//! How good the model's likeliest answers are.

use super::generate::{self, Asked};
use super::task::Task;
use crate::engine::Failure;
use journal::{EvalRecord, WrongSample};
use rewards::{Finite, RewardSet};
use rl_algos::{Sampler, SamplingParams};
use std::collections::BTreeMap;

/// Wrong answers that are kept for people to look at.
const KEPT: usize = 12;
/// Prompts that are answered together.
const TOGETHER: usize = 64;

/// Has a sampler answer every prompt once and judges the answers: means of the total and of each function, and of the
/// length.
pub fn evaluate<S: Sampler<Task>>(
    sampler: &mut S,
    asked: &Asked,
    params: &SamplingParams,
    rewards: &RewardSet,
    step: u64,
) -> Result<EvalRecord, Failure> {
    let mut sums: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for asked in asked.chunks(TOGETHER) {
        let asked = asked.to_vec();
        let mut answers = generate::sample(sampler, &asked, params)?;
        let reports = generate::judge(&mut answers, &asked, rewards)?;
        for ((answer, report), (_, task)) in answers.iter().zip(&reports).zip(&asked) {
            let mut add = |name: String, value: f64| {
                let (sum, count) = sums.entry(name).or_default();
                *sum += value;
                *count += 1.0;
            };
            let written = &answer.completions[0];
            add("eval_completions/mean_length".into(), written.token_ids.len() as f64);
            report.totals[0].map(Finite::get).into_iter().for_each(|total| add("eval_reward".into(), total));
            for judged in &report.judged {
                let score = judged.scores().next().flatten();
                score.into_iter().for_each(|score| add(format!("eval_rewards/{}/mean", judged.name), score));
            }
            if wrong.len() < KEPT && written.reward.is_none_or(|reward| reward <= 0.0) {
                wrong.push(WrongSample {
                    prompt: task.sample().question.clone(),
                    images: task.images().to_vec(),
                    completion: written.text.clone(),
                    expected: super::figures::gold(task.sample()).unwrap_or_default(),
                });
            }
        }
    }
    let metrics = sums.into_iter().map(|(name, (sum, count))| (name, sum / count)).collect();
    Ok(EvalRecord { step, stage: "rl".into(), name: "held-out".into(), metrics, wrong })
}
