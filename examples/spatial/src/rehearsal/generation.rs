//! Texts that the small model writes: not good ones, but texts.

use super::Stage;
use super::prompts::reward_set;
use super::report::{Report, Status};
use datasets::Record;
use recipe::{GrpoSettings, Method};
use rewards::Group;
use serde_json::{Value, json};
use std::collections::HashSet;
use trainer::engine::Failure;
use trainer::online::Task;
use vlm_model::generate::{DrawKey, GenerationConfig, Request, SamplingSettings};
use vlm_processor::{Prompt, SpecialTokens};

/// Tokens of a text.
const LONGEST: usize = 100;

impl Stage {
    /// One text for each of the first rows; a group of them, with rewards, for the third stage.
    pub(super) fn generate(&self, records: &[Record], report: &mut Report) {
        let found = match &self.recipe.method {
            Method::Grpo(grpo) => self.practise(grpo),
            _ => self.answer(records),
        };
        match found {
            Err(error) => report.note("generation", Status::Fail, error.to_string()),
            Ok((texts, figures)) => {
                judge(&texts, report);
                report.generation = figures;
            }
        }
    }

    fn answer(&self, records: &[Record]) -> Result<(Vec<String>, Value), Failure> {
        let mut prompts = Vec::new();
        for record in records.iter().take(self.first as usize) {
            let asked = record.clone().into_rl_prompt()?;
            prompts.push(self.processor.prepare_from(&asked.row(), &asked.visuals)?);
        }
        let texts: Vec<String> = self.write(&prompts, 1, 0.0)?.concat();
        let figures = json!({"texts": texts});
        Ok((texts, figures))
    }

    fn practise(&self, grpo: &GrpoSettings) -> Result<(Vec<String>, Value), Failure> {
        let tasks: Vec<Task> = self.tasks(grpo)?;
        let prompts: Vec<Prompt> = tasks.iter().map(|task| task.prompt().clone()).collect();
        let groups = self.write(&prompts, grpo.num_generations.get(), 0.7)?;
        let rewards = reward_set(grpo)?;
        let mut values = Vec::new();
        for (task, texts) in tasks.iter().zip(&groups) {
            let judged = rewards.judge(&Group::of_texts(task.sample().clone(), texts.clone()));
            values.extend(judged.totals.into_iter().flatten().map(rewards::Finite::get));
        }
        let different: usize = groups.iter().map(|texts| texts.iter().collect::<HashSet<_>>().len()).sum();
        let all: usize = groups.iter().map(Vec::len).sum();
        let figures = json!({
            "texts": groups, "rewards": values, "avg_reward": eval::stats::mean(&values),
            "std_reward": eval::stats::sample_std(&values), "diversity_ratio": different as f64 / all.max(1) as f64,
        });
        Ok((groups.concat(), figures))
    }

    fn write(
        &self,
        prompts: &[Prompt],
        samples: usize,
        temperature: f32,
    ) -> Result<Vec<Vec<String>>, Failure> {
        let configured = GenerationConfig::from_dir(&self.folder)?.eos;
        let special = self.processor.special();
        let stop = if configured.is_empty() { special.eos.clone() } else { configured };
        let settings = SamplingSettings::greedy(LONGEST, stop.clone())
            .forbid(special.never_written(&stop))
            .temperature(temperature)?;
        let key = |prompt| DrawKey { seed: self.recipe.run.seed, step: 0, prompt, sample: 0, token: 0 };
        let requests: Vec<Request> = prompts
            .iter()
            .enumerate()
            .map(|(index, prompt)| Request::new(prompt, samples, key(index as u64)))
            .collect();
        let written = self.model.generate(&requests, &settings)?;
        let text = |ids: &[u32]| Ok(self.processor.decode(ids, SpecialTokens::Skip)?);
        written.iter().map(|group| group.iter().map(|one| text(&one.token_ids)).collect()).collect()
    }
}

fn judge(texts: &[String], report: &mut Report) {
    let said = texts.iter().filter(|text| !text.trim().is_empty()).count();
    report.demand(
        "generation",
        said > 0,
        Status::Fail,
        format!("{said} of {} texts are not empty", texts.len()),
    );
    let marked = texts.iter().find(|text| text.contains("<|"));
    let message =
        marked.map_or_else(|| "no special tokens in the texts".to_owned(), |text| format!("{text:?}"));
    report.demand("generation_text", marked.is_none(), Status::Fail, message);
    let repeated = texts.iter().map(|text| repeated_share(text)).fold(0.0, f64::max);
    report.demand(
        "generation_repetition",
        repeated <= 0.5,
        Status::Warn,
        format!(
            "{:.0} % of four words in a row occurred before; a random model repeats itself",
            100.0 * repeated
        ),
    );
}

/// Share of runs of four words that stand earlier in the text.
fn repeated_share(text: &str) -> f64 {
    let words: Vec<&str> = text.split_whitespace().collect();
    let runs: Vec<&[&str]> = words.windows(4).collect();
    let different = runs.iter().collect::<HashSet<_>>().len();
    if runs.is_empty() { 0.0 } else { 1.0 - different as f64 / runs.len() as f64 }
}
