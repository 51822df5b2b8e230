//! The stages of a generation: sample, judge, consult the reference, weigh.

use super::advantage::AdvantageRule;
use super::experience::{Experience, Written};
use super::settings::OnlineSettings;
use super::task::Task;
use crate::engine::{BadInput, Failure};
use crate::packed::PackedRows;
use crate::sight::Sight;
use rewards::{GroupReport, RewardSet};
use rl_algos::{Sampler, SamplingParams};
use vlm_model::{Activations, Scored, Tape, VlModel};

/// Turns token ids into the text that rewards read.
pub type Decode = Box<dyn Fn(&[u32]) -> String + Send>;

/// Prompts with the positions at which they stand in the data, one after another.
pub type Asked = Vec<(u64, Task)>;

/// Stage 1. Has a sampler write completions for every prompt.
pub fn sample<S: Sampler<Task>>(
    sampler: &mut S,
    asked: &Asked,
    params: &SamplingParams,
) -> Result<Vec<Experience>, Failure> {
    let prompts = asked.iter().map(|(_, task)| task.clone()).collect();
    let batch = sampler.sample(prompts, params).map_err(Box::new)?;
    let groups = batch.groups().iter().zip(asked);
    Ok(groups.map(|(group, (position, _))| Experience::new(*position, group.completions())).collect())
}

/// Stage 2b, where the greedy completion is the baseline: writes it and notes its reward.
pub fn answer_greedily<S: Sampler<Task>>(
    sampler: &mut S,
    generation: &mut [Experience],
    asked: &Asked,
    params: &SamplingParams,
    rewards: &RewardSet,
) -> Result<(), Failure> {
    let mut greedy = sample(sampler, asked, &rollout::greedy(*params))?;
    judge(&mut greedy, asked, rewards)?;
    for (experience, greedy) in generation.iter_mut().zip(greedy) {
        experience.greedy_reward = greedy.completions[0].reward;
    }
    Ok(())
}

/// Stage 2. Judges every group and notes the totals; the reports say where they come from.
pub fn judge(
    generation: &mut [Experience],
    asked: &Asked,
    rewards: &RewardSet,
) -> Result<Vec<GroupReport>, Failure> {
    let mut reports = Vec::with_capacity(generation.len());
    for (experience, (_, task)) in generation.iter_mut().zip(asked) {
        let report = judge_group(task, &experience.completions, rewards)?;
        for (index, (written, total)) in experience.completions.iter_mut().zip(&report.totals).enumerate() {
            written.reward = total.map(rewards::Finite::get);
            written.components =
                report.judged.iter().map(|judged| judged.scores().nth(index).flatten()).collect();
        }
        reports.push(report);
    }
    Ok(reports)
}

fn judge_group(task: &Task, written: &[Written], rewards: &RewardSet) -> Result<GroupReport, Failure> {
    let completions = written.iter().map(|written| {
        let finish = if written.is_truncated() { rewards::Finish::Length } else { rewards::Finish::Stop };
        rewards::Completion::new(&written.text).with_tokens(written.token_ids.len()).with_finish(finish)
    });
    let report = rewards.judge(&rewards::Group::new(task.sample().clone(), completions.collect()));
    match report.abort() {
        Some(error) => {
            Err(BadInput(format!("row {}: a reward wants the run to stop: {error}", task.id()).into()).into())
        }
        None => Ok(report),
    }
}

/// Stage 3. Notes what the reference thinks of every token.
pub fn consult(
    reference: &VlModel,
    generation: &mut [Experience],
    asked: &Asked,
    settings: &OnlineSettings,
    sight: &mut Sight,
) -> Result<(), Failure> {
    for (experience, (_, task)) in generation.iter_mut().zip(asked) {
        let given = Pass { task, completions: &experience.completions, activations: Activations::Kept };
        let (scores, _) = score(reference, given, settings, sight)?;
        let rows = PackedRows::new(experience.completions.iter().map(|written| written.token_ids.len()));
        let values: Vec<f32> = scores.log_probs.inner().into_data().iter::<f32>().collect();
        for (written, row) in experience.completions.iter_mut().zip(rows.ranges()) {
            written.reference = Some(values[row.clone()].to_vec());
        }
    }
    Ok(())
}

/// Stage 4. Turns rewards into the advantage of every token.
pub fn weigh(
    generation: &mut [Experience],
    rule: AdvantageRule,
    reports: &[GroupReport],
) -> Result<(), Failure> {
    let weights: Vec<f64> = reports
        .first()
        .map_or_else(Vec::new, |report| report.judged.iter().map(|judged| judged.weight).collect());
    Ok(rule.apply(generation, &weights)?)
}

/// Completions that go through a network together.
pub(super) struct Pass<'a> {
    pub task: &'a Task,
    pub completions: &'a [Written],
    pub activations: Activations,
}

/// Scores of a group's completions as they were drawn: same temperature, same forbidden ids, same positions.
pub(super) fn score(
    model: &VlModel,
    Pass { task, completions, activations }: Pass,
    settings: &OnlineSettings,
    sight: &mut Sight,
) -> Result<(fused_ops::ChosenLogProbs, Tape), Failure> {
    let features = sight.features(model, task.prompt())?;
    let ids: Vec<&[u32]> = completions.iter().map(|written| written.token_ids.as_slice()).collect();
    let item = Scored::group(task.prompt(), &ids).with_features(features.as_deref());
    Ok(model.score_on_tape(&[item], &settings.sampler.scoring(&settings.sampling)?, activations)?)
}
