//! GRPO for `anneal bench`: an update on groups of completions, which are in the file or are sampled in every step.

use crate::args::{BenchArgs, Task};
use crate::rows;
use burn::module::Module;
use rl_algos::advantage::Grpo;
use rl_algos::{
    Aggregation, ClipBand, Completion, Mask, Sampler, SamplingError, SamplingParams, StopReason, Totals,
};
use rollout::{LocalSampler, SamplerSettings};
use serde::Deserialize;
use trainer::PackedRows;
use trainer::engine::{Failure, FileError, Files, Method, Step};
use trainer::online::{
    AdvantageRule, Divisor, Experience, LossSettings, Scored, Surrogate, Truncated, Whole,
};
use vlm_model::{Activations, FeatureCache, Scoring, VlModel};
use vlm_processor::{Processor, Prompt, Row};

/// Feature rows that a step may keep until its end.
const FEATURE_ROWS: usize = 1 << 20;

/// A row with completions that were judged before.
#[derive(Deserialize)]
struct Judged {
    #[serde(flatten)]
    row: Row,
    completions: Vec<JudgedCompletion>,
}

#[derive(Deserialize)]
struct JudgedCompletion {
    token_ids: Vec<u32>,
    reward: f64,
}

/// GRPO's step on the first groups of a file: `dapo`, ε 0.2, no reference, on-policy.
pub struct Groups {
    prompts: Vec<Prompt>,
    groups: Vec<Experience>,
    /// How completions are drawn, where those of the file are only counted.
    draw: Option<Draw>,
}

/// How a step samples its completions.
struct Draw {
    settings: SamplerSettings,
    params: SamplingParams,
}

impl Groups {
    /// The groups of the file, sampled anew in every step where the task says so.
    pub fn read(args: &BenchArgs, processor: &Processor) -> Result<Self, Box<dyn std::error::Error>> {
        let text = std::fs::read_to_string(&args.input)?;
        let (mut prompts, mut groups) = (Vec::new(), Vec::new());
        for line in text.lines().take(args.batch) {
            let judged: Judged = serde_json::from_str(line)?;
            prompts.push(processor.prepare(&judged.row, rows::root_of(&args.input))?);
            groups.push(experience(&judged, groups.len() as u64)?);
        }
        AdvantageRule::Grpo(Grpo::TRL).apply(&mut groups, &[])?;
        let draw = (args.task == Task::GrpoStep)
            .then(|| Draw::new(args.new_tokens, completions_of(&groups), processor))
            .transpose()?;
        Ok(Self { prompts, groups, draw })
    }

    /// Tokens of the completions that a step learns from.
    pub fn tokens(&self) -> usize {
        let rows = self.groups.iter().flat_map(|group| &group.completions);
        match &self.draw {
            Some(draw) => rows.count() * draw.params.max_new_tokens(),
            None => rows.map(|row| row.token_ids.len()).sum(),
        }
    }

    /// Replaces the completions by fresh ones, with the rewards of those before them.
    fn sample(&mut self, model: &VlModel, features: &mut FeatureCache, index: u64) -> Result<(), Failure> {
        let Some(Draw { settings, params }) = &self.draw else { return Ok(()) };
        let mut sampler = LocalSampler::new(model, settings, |_: &[u32]| String::new())
            .at_step(index)
            .with_features(features);
        let prompts = self.prompts.iter().map(Asked).collect();
        let drawn = sampler.sample(prompts, params)?;
        for (group, drawn) in self.groups.iter_mut().zip(drawn.groups()) {
            let fresh = Experience::new(group.position, drawn.completions());
            let rewards: Vec<Option<f64>> = group.completions.iter().map(|row| row.reward).collect();
            group.completions = fresh.completions;
            for (written, reward) in group.completions.iter_mut().zip(rewards) {
                written.reward = reward;
            }
        }
        Ok(AdvantageRule::Grpo(Grpo::TRL).apply(&mut self.groups, &[])?)
    }

    fn scoring(&self) -> Result<Scoring<'_>, Failure> {
        let drawn = self.draw.as_ref().map(|draw| draw.settings.scoring(&draw.params));
        Ok(drawn.transpose()?.unwrap_or_default())
    }
}

impl Draw {
    /// Temperature 1, and no end before the last token.
    fn new(new_tokens: usize, group: usize, processor: &Processor) -> Result<Self, SamplingError> {
        let forbidden = processor.special().never_written(&[]);
        let settings = SamplerSettings { forbidden, ..SamplerSettings::default() };
        let params =
            SamplingParams::default().with_max_new_tokens(new_tokens)?.with_num_generations(group)?;
        Ok(Self { settings, params })
    }
}

impl Method<VlModel> for Groups {
    fn step(&mut self, model: &VlModel, step: &mut Step) -> Result<(), Failure> {
        // Made anew for every step: an image is encoded once in each.
        let mut features = FeatureCache::new(FEATURE_ROWS);
        self.sample(&model.valid(), &mut features, step.index)?;
        let masks = self.groups.iter().map(mask).collect::<Result<Vec<Mask>, _>>()?;
        let totals = masks.iter().map(Mask::totals).fold(Totals::default(), |sum, part| sum + part);
        let whole = Whole { totals, parts: masks.len() };
        for ((prompt, group), mask) in self.prompts.iter().zip(&self.groups).zip(masks) {
            let ids: Vec<&[u32]> = group.completions.iter().map(|row| row.token_ids.as_slice()).collect();
            let seen = features.of(model, prompt)?;
            let item = vlm_model::Scored::group(prompt, &ids).with_features(seen.as_slice());
            let (scores, tape) = model.score_on_tape(&[item], &self.scoring()?, Activations::Kept)?;
            let packed = PackedRows::new(ids.iter().map(|ids| ids.len()));
            let rows = Scored {
                logp_bt: packed.grid(scores.log_probs),
                old_bt: None,
                reference_bt: None,
                entropy_bt: packed.grid(scores.entropy),
                advantage_bt: mask.fill(|row, t| group.completions[row].advantages[t]),
                mask,
                truncated: vec![false; ids.len()],
            };
            let loss = loss()?.compute(rows, whole)?.loss;
            step.backward_through(model, &loss, |above, found| tape.backward(above, found))?;
        }
        Ok(())
    }

    fn epoch(&self) -> f64 {
        0.0
    }

    fn save(&self, _: &mut Files) -> Result<(), FileError> {
        Ok(())
    }

    fn load(&mut self, _: &Files) -> Result<(), Failure> {
        Ok(())
    }
}

/// A prompt as the sampler takes it.
struct Asked<'a>(&'a Prompt);

impl AsRef<Prompt> for Asked<'_> {
    fn as_ref(&self) -> &Prompt {
        self.0
    }
}

fn loss() -> Result<LossSettings, Failure> {
    Ok(LossSettings {
        surrogate: Surrogate::Clip(ClipBand::symmetric(0.2)?),
        divisor: Divisor::Update(Aggregation::TokenMean),
        kl: None,
        truncated: Truncated::Keep,
        top_entropy: None,
        entropy_bonus: 0.0,
    })
}

/// Completions of a prompt: as many as the first has.
fn completions_of(groups: &[Experience]) -> usize {
    groups.first().map_or(0, |group| group.completions.len())
}

fn experience(judged: &Judged, position: u64) -> Result<Experience, Box<dyn std::error::Error>> {
    let completion = |given: &JudgedCompletion| {
        let logprobs = vec![0.0; given.token_ids.len()];
        Completion::new(given.token_ids.clone(), logprobs, String::new(), StopReason::Stop)
    };
    let completions = judged.completions.iter().map(completion).collect::<Result<Vec<_>, _>>()?;
    let mut experience = Experience::new(position, &completions);
    for (written, given) in experience.completions.iter_mut().zip(&judged.completions) {
        written.reward = Some(given.reward);
    }
    Ok(experience)
}

fn mask(group: &Experience) -> Result<Mask, rl_algos::AlgoError> {
    let lengths: Vec<usize> = group.completions.iter().map(|row| row.token_ids.len()).collect();
    Mask::from_lengths(&lengths, lengths.iter().copied().max().unwrap_or(0))
}
