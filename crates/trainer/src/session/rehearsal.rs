//! The rows of a recipe made ready as its run would, without its model: what would break is known beforehand.

use super::examples::{Conversations, Pairs, Prepared, Tasks};
use super::sources::{Sources, most_passed_over};
use super::{Labels, SessionError, hints, online, plan, preference, reward_set, updates};
use crate::data::Examples;
use crate::engine::Failure;
use crate::methods::Pair;
use crate::online::Task;
use recipe::{OnBadRow, Recipe, SamplingSettings};
use std::sync::Arc;
use vlm_processor::LabelledPrompt;

/// Every row of a recipe: those to learn from, then those to measure on.
pub struct Rehearsal {
    parts: Vec<Box<dyn Lengths>>,
    steps: u64,
    most_broken: usize,
}

impl Rehearsal {
    /// Opens the data of `recipe`, and checks the settings of its method.
    pub fn open(recipe: &Recipe) -> Result<Self, SessionError> {
        let processor = Arc::new(super::processor(recipe)?);
        let sources = Sources::open(recipe)?;
        let prepared =
            |longest: Option<recipe::Count>| sources.prepared(&processor, longest.map(|count| count.get()));
        let every_row_once = updates(recipe, &sources);
        let special = processor.special();
        let (parts, updates) = match &recipe.method {
            recipe::Method::Sft(sft) => {
                let labels = Labels::of(sft);
                let parts = rows(
                    prepared(sft.max_length),
                    |part| Conversations(part.overlong(sft.overlong), labels),
                    tokens_of,
                );
                (parts, every_row_once)
            }
            recipe::Method::Dpo(dpo) => {
                preference::losses(dpo)?;
                (
                    rows(prepared(dpo.max_length), |part| Pairs(part.overlong(dpo.overlong)), tokens_of_pair),
                    every_row_once,
                )
            }
            recipe::Method::Grpo(grpo) => {
                let settings = online::grpo(recipe, grpo, special)?;
                let rewards = Arc::new(reward_set(&grpo.rewards, &grpo.sampling, None)?);
                let hints = hints(&recipe.method);
                let parts = answered(prepared(grpo.sampling.max_prompt_length), &grpo.sampling, |part| {
                    Tasks(part.hints(hints).judged_by(rewards.clone()))
                });
                (parts, settings.rhythm.updates_of(online::rows(recipe, &sources, settings.rhythm)?))
            }
            recipe::Method::Reinforce(reinforce) => {
                let settings = online::reinforce(recipe, reinforce, special)?;
                let rewards = Arc::new(reward_set(&reinforce.rewards, &reinforce.sampling, Some(reinforce))?);
                let parts =
                    answered(prepared(reinforce.sampling.max_prompt_length), &reinforce.sampling, |part| {
                        Tasks(part.judged_by(rewards.clone()))
                    });
                (parts, settings.rhythm.updates_of(online::rows(recipe, &sources, settings.rhythm)?))
            }
        };
        let most = |part: &dyn Lengths| most_passed_over(part.len());
        let most_broken = match recipe.data.on_bad_row {
            OnBadRow::Stop => 0,
            OnBadRow::Skip => parts.iter().map(|part| most(&**part)).sum(),
        };
        Ok(Self { parts, steps: plan(recipe, updates).steps, most_broken })
    }

    /// Rows in all.
    pub fn rows(&self) -> usize {
        self.parts.iter().map(|part| part.len()).sum()
    }

    /// How many rows may be broken without ending the run.
    pub fn most_broken(&self) -> usize {
        self.most_broken
    }

    /// Steps that the run will have.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Makes a row ready, pictures included, and gives the tokens that go through the model for it: of a prompt, the
    /// longest completion with it.
    pub fn tokens(&self, row: usize) -> Result<usize, Failure> {
        let mut index = row;
        for part in &self.parts {
            match index.checked_sub(part.len()) {
                Some(rest) => index = rest,
                None => return part.tokens(index),
            }
        }
        Err(format!("found row {row}, expected one of {}", self.rows()).into())
    }
}

/// Rows that know how long they are.
trait Lengths: Send + Sync {
    fn len(&self) -> usize;
    fn tokens(&self, index: usize) -> Result<usize, Failure>;
}

struct Measured<E, F> {
    examples: E,
    tokens: F,
}

impl<E: Examples, F: Fn(&E::Item) -> usize + Send + Sync> Lengths for Measured<E, F> {
    fn len(&self) -> usize {
        self.examples.epoch_len() as usize
    }

    fn tokens(&self, index: usize) -> Result<usize, Failure> {
        Ok((self.tokens)(&self.examples.get(index as u64)?))
    }
}

fn rows<E: Examples>(
    parts: Vec<Prepared>,
    examples: impl Fn(Prepared) -> E,
    tokens: impl Fn(&E::Item) -> usize + Copy + Send + Sync + 'static,
) -> Vec<Box<dyn Lengths>> {
    let measured = |part| Box::new(Measured { examples: examples(part), tokens }) as Box<dyn Lengths>;
    parts.into_iter().map(measured).collect()
}

fn answered(
    parts: Vec<Prepared>,
    sampling: &SamplingSettings,
    tasks: impl Fn(Prepared) -> Tasks,
) -> Vec<Box<dyn Lengths>> {
    let longest = sampling.max_completion_length.get();
    rows(parts, tasks, move |task: &Task| task.prompt().ids.len() + longest)
}

fn tokens_of(conversation: &LabelledPrompt) -> usize {
    conversation.prompt.ids.len()
}

fn tokens_of_pair(pair: &Pair) -> usize {
    pair.prompt.ids.len() + pair.chosen.len() + pair.rejected.len()
}
