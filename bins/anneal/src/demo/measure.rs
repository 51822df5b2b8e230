//! How many held-out questions a model answers right.

use burn::module::Module;
use datasets::{Mix, OpenOptions, Shuffle, open};
use journal::{EvalRecord, WrongSample};
use rewards::{Group, Registry, RewardSet};
use rl_algos::SamplingParams;
use rollout::{LocalSampler, SamplerSettings, greedy};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use trainer::data::Examples;
use trainer::online::Task;
use trainer::session::{Prepared, Tasks};
use vlm_model::VlModel;
use vlm_processor::{Processor, SpecialTokens};

/// Wrong answers that the report shows.
const SHOWN: usize = 12;
const TOGETHER: NonZeroUsize = NonZeroUsize::new(64).expect("64 is not 0");

/// The share of right answers to the questions of a file, with examples of wrong ones.
pub struct Measured {
    /// Between 0 and 1.
    pub accuracy: f64,
    /// Mean length of an answer in tokens.
    pub length: f64,
    wrong: Vec<WrongSample>,
}

/// Answers every question of `file` greedily.
pub fn measure(model: &VlModel, folder: &Path, file: &Path) -> Result<Measured, Box<dyn std::error::Error>> {
    let processor = Arc::new(Processor::from_dir(folder)?);
    let questions = Mix::of(open(file, &OpenOptions::default())?.into(), Shuffle::FileOrder)?;
    let tasks = Tasks(Prepared::new(Arc::new(questions), processor.clone(), None));
    let prompts = (0..tasks.epoch_len()).map(|index| tasks.get(index)).collect::<Result<Vec<Task>, _>>();
    let prompts = prompts.map_err(|error| error.to_string())?;
    let rewards = RewardSet::new().with_shared(Registry::default().get("exact")?, 1.0);
    let settings = SamplerSettings { stop: processor.special().eos.clone(), ..SamplerSettings::default() };
    let model = model.valid();
    let decode = |ids: &[u32]| processor.decode(ids, SpecialTokens::Skip).unwrap_or_default();
    let params = greedy(SamplingParams::default().with_max_new_tokens(16)?);
    let (mut right, mut tokens, mut wrong) = (0.0, 0, Vec::new());
    let mut sampler = LocalSampler::new(&model, &settings, decode);
    sampler.evaluate(prompts.iter().cloned(), TOGETHER, &params, |_, group| {
        let (task, answer) = (group.prompt(), &group.completions()[0]);
        tokens += answer.token_ids().len();
        let report = rewards.judge(&Group::of_texts(task.sample().clone(), [answer.text()]));
        match report.totals[0] {
            Some(score) if score.get() > 0.0 => right += 1.0,
            _ if wrong.len() < SHOWN => wrong.push(mistake(task, answer.text())),
            _ => {}
        }
        ControlFlow::Continue(())
    })?;
    let n = prompts.len().max(1) as f64;
    Ok(Measured { accuracy: right / n, length: tokens as f64 / n, wrong })
}

fn mistake(task: &Task, answer: &str) -> WrongSample {
    WrongSample {
        prompt: task.sample().question.clone(),
        images: task.images().to_vec(),
        completion: answer.to_owned(),
        expected: task.sample().gold_text().unwrap_or_default().to_owned(),
    }
}

impl Measured {
    /// The record of a stage for its run's journal.
    pub fn record(self, stage: &str, step: u64) -> EvalRecord {
        let metrics = [("accuracy", self.accuracy), ("mean_length", self.length)];
        EvalRecord {
            step,
            stage: stage.to_owned(),
            name: "held-out scenes".to_owned(),
            metrics: metrics.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            wrong: self.wrong,
        }
    }
}
