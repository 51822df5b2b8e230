//! The stages of a generation: sample, judge, consult the reference, weigh.

use super::advantage::AdvantageRule;
use super::experience::{Experience, Written};
use super::settings::OnlineSettings;
use super::task::Task;
use crate::engine::Failure;
use crate::packed::PackedRows;
use crate::sight::Sight;
use burn::module::Module;
use burn::tensor::Tensor;
use rewards::{GroupReport, RewardSet};
use rl_algos::StopReason;
use vlm_model::generate::{Completion, DrawKey, FinishReason, Request};
use vlm_model::{Continuation, Scored, Scoring, VlModel};

/// Turns token ids into the text that rewards read.
pub type Decode = Box<dyn Fn(&[u32]) -> Result<String, Failure> + Send>;

/// Prompts with the positions at which they stand in the data.
pub type Asked = Vec<(u64, Task)>;

/// Stage 1. Writes completions for every prompt. A draw depends on seed, generation, position, sample and token.
pub fn sample(
    model: &VlModel,
    asked: &Asked,
    settings: &OnlineSettings,
    decode: &Decode,
    [seed, generation]: [u64; 2],
) -> Result<Vec<Experience>, Failure> {
    let requests: Vec<Request> = asked
        .iter()
        .map(|(position, task)| Request {
            prompt: task.prompt(),
            samples: settings.rhythm.completions,
            key: DrawKey { seed, step: generation, prompt: *position, sample: 0, token: 0 },
        })
        .collect();
    // Without a tape: what is sampled is not differentiated.
    let groups = model.valid().generate(&requests, &settings.sampling)?;
    let experience = |((position, _), group): (&(u64, Task), Vec<Completion>)| {
        let completions = group.into_iter().map(|completion| written(completion, decode));
        Ok(Experience { position: *position, completions: completions.collect::<Result<_, Failure>>()? })
    };
    asked.iter().zip(groups).map(experience).collect()
}

fn written(completion: Completion, decode: &Decode) -> Result<Written, Failure> {
    let stop = match completion.finish {
        FinishReason::Stop => StopReason::Stop,
        FinishReason::Length => StopReason::Length,
    };
    Ok(Written {
        text: decode(&completion.token_ids)?,
        token_ids: completion.token_ids,
        logprobs: completion.logprobs,
        stop,
        reward: None,
        advantages: Vec::new(),
        reference: None,
    })
}

/// Stage 2. Judges every group and notes the totals; the reports say where they come from.
pub fn judge(
    generation: &mut [Experience],
    asked: &Asked,
    rewards: &RewardSet,
) -> Result<Vec<GroupReport>, Failure> {
    let mut reports = Vec::with_capacity(generation.len());
    for (experience, (_, task)) in generation.iter_mut().zip(asked) {
        let completions = experience.completions.iter().map(|written| {
            let finish = if written.is_truncated() { rewards::Finish::Length } else { rewards::Finish::Stop };
            rewards::Completion::new(&written.text).with_tokens(written.token_ids.len()).with_finish(finish)
        });
        let report = rewards.judge(&rewards::Group::new(task.sample().clone(), completions.collect()));
        if let Some(error) = report.abort() {
            return Err(format!("row {}: a reward wants the run to stop: {error}", task.id()).into());
        }
        for (written, total) in experience.completions.iter_mut().zip(&report.totals) {
            written.reward = total.map(rewards::Finite::get);
        }
        reports.push(report);
    }
    Ok(reports)
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
        let scores = score(reference, task, &experience.completions, settings, sight)?;
        let rows = PackedRows::new(experience.completions.iter().map(|written| written.token_ids.len()));
        let values: Vec<f32> = scores.log_probs.inner().into_data().iter::<f32>().collect();
        for (written, row) in experience.completions.iter_mut().zip(rows.ranges()) {
            written.reference = Some(values[row.clone()].to_vec());
        }
    }
    Ok(())
}

/// Stage 4. Turns rewards into the advantage of every token.
pub fn weigh(generation: &mut [Experience], rule: AdvantageRule) -> Result<(), Failure> {
    Ok(rule.apply(generation)?)
}

/// Scores of a group's completions as they were drawn: same temperature, same forbidden ids, same positions.
pub(super) fn score(
    model: &VlModel,
    task: &Task,
    completions: &[Written],
    settings: &OnlineSettings,
    sight: &mut Sight,
) -> Result<fused_ops::ChosenLogProbs, Failure> {
    let features: Vec<Tensor<2>> = sight.features(model, task.prompt())?;
    let ids: Vec<&[u32]> = completions.iter().map(|written| written.token_ids.as_slice()).collect();
    let item = Scored::group(task.prompt(), &ids).with_features(&features);
    Ok(model.score_all(&[item], &scoring(settings))?)
}

/// The distribution that completions were drawn from.
pub(super) fn scoring(settings: &OnlineSettings) -> Scoring<'_> {
    Scoring {
        temperature: settings.sampling.log_prob_temperature(),
        forbidden: &settings.forbidden,
        continuation: Continuation::Generated,
    }
}
