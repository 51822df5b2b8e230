//! Recorded completions put in the place of sampled ones, as a checkpoint would.

use crate::recorded::stream;
use crate::update::{Watched, run};
use rewards::RewardSet;
use rl_algos::StopReason;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use trainer::Sight;
use trainer::engine::{Files, Method, Plan};
use trainer::online::generate::{Asked, consult};
use trainer::online::{Experience, Online, OnlineSettings, RewardHealth, Written};
use trainer::session::Tasks;
use vlm_model::VlModel;

/// Completions of two prompts, four each.
#[derive(Deserialize)]
pub struct Rollouts {
    prompt_ids: BTreeMap<String, Vec<u32>>,
    pub completions: Vec<Completion>,
}

#[derive(Deserialize)]
pub struct Completion {
    prompt: String,
    token_ids: Vec<u32>,
    finish_reason: StopReason,
    pub reward: f64,
}

impl Rollouts {
    /// The prompts as they are read from their file.
    pub fn asked(&self, checkpoint: &str) -> Asked {
        let names = self.prompts();
        let tasks = stream(checkpoint, "prompts.jsonl", &names, Tasks).take(names.len()).unwrap();
        for (task, name) in tasks.iter().zip(&names) {
            assert_eq!(task.prompt().ids, self.prompt_ids[name]);
        }
        (0..).zip(tasks).collect()
    }

    /// Everything the sampler said: tokens, log-probabilities, and what they earned.
    pub fn generation(&self, old: &[Vec<f64>], rewards: &[f64]) -> Vec<Experience> {
        let written = |index: usize| {
            let Completion { token_ids, finish_reason, .. } = &self.completions[index];
            Written {
                token_ids: token_ids.clone(),
                logprobs: old[index].iter().map(|logp| *logp as f32).collect(),
                text: String::new(),
                stop: *finish_reason,
                reward: Some(rewards[index]),
                components: Vec::new(),
                advantages: Vec::new(),
                reference: None,
            }
        };
        let of = |name: &String| {
            let belongs = |index: &usize| self.completions[*index].prompt == *name;
            (0..self.completions.len()).filter(belongs).map(written).collect()
        };
        let groups = self.prompts().into_iter().zip(0..);
        groups
            .map(|(name, position)| Experience { position, completions: of(&name), greedy_reward: None })
            .collect()
    }

    /// One update on a generation that is already weighed.
    pub fn learn(
        &self,
        checkpoint: &str,
        model: VlModel,
        settings: &OnlineSettings,
        generation: &[Experience],
        plan: &Plan,
    ) -> Watched {
        let data = stream(checkpoint, "prompts.jsonl", &self.prompts(), Tasks);
        let decode = Box::new(|_: &[u32]| String::new());
        let mut online = Online::new(settings.clone(), data, RewardSet::new(), decode, &model);
        let state = json!({
            "generations": 1,
            "position": generation.len(),
            "generation": generation,
            "updates_made": 0,
            "health": RewardHealth::default(),
        });
        let mut files = Files::default();
        files.insert_json("online.json", &state).unwrap();
        online.load(&files).unwrap();
        run(plan, model, &mut online)
    }

    fn prompts(&self) -> Vec<String> {
        let mut names: Vec<String> = self.completions.iter().map(|row| row.prompt.clone()).collect();
        names.dedup();
        names
    }
}

/// log p of every completion under a model, by row.
pub fn scores(
    model: &VlModel,
    generation: &[Experience],
    asked: &Asked,
    settings: &OnlineSettings,
) -> Vec<Vec<f64>> {
    let mut generation = generation.to_vec();
    consult(model, &mut generation, asked, settings, &mut Sight::of(model)).unwrap();
    rows(&generation, |written| written.reference.iter().flatten().map(|logp| f64::from(*logp)).collect())
}

/// Something of every completion, one after another.
pub fn rows<T>(generation: &[Experience], of: impl FnMut(&Written) -> T) -> Vec<T> {
    generation.iter().flat_map(|experience| &experience.completions).map(of).collect()
}
