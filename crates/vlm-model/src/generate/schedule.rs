//! Who runs when: continuous refill of the places that finished completions leave.

use super::arena::Arena;
use super::capacity::{Demand, Division};
use super::decode::{Input, Passes};
use super::engine::{Progress, Request};
use super::sequence::{Completion, Sequence};
use super::{GenerateError, SamplingSettings};
use crate::VlModel;
use fused_ops::KeyRows;
use rayon::prelude::*;
use std::collections::VecDeque;
use std::ops::Range;

/// Tokens of each completion that a device writes before the host looks at them.
const AHEAD: usize = 8;

/// The state of a call: requests wait for room in the arena, then their completions for a slot.
pub(super) struct Schedule<'a> {
    model: &'a VlModel,
    settings: &'a SamplingSettings,
    requests: &'a [Request<'a>],
    passes: Passes<'a>,
    arena: Arena,
    /// First rows of free slots.
    slots: Vec<usize>,
    /// Requests whose prompts have not been read.
    waiting: VecDeque<usize>,
    /// Completions with a first token and no slot yet.
    ready: VecDeque<Sequence>,
    running: Vec<Running>,
    groups: Vec<Group>,
    progress: Progress,
}

/// A completion in its slot.
struct Running {
    sequence: Sequence,
    first_row: usize,
}

/// The completions of a request.
struct Group {
    /// Where the prompt's keys and values lie.
    prompt_rows: Range<usize>,
    unfinished: usize,
    completions: Vec<Option<Completion>>,
}

impl<'a> Schedule<'a> {
    pub(super) fn new(
        model: &'a VlModel,
        settings: &'a SamplingSettings,
        requests: &'a [Request<'a>],
        demand: &Demand,
        (division, passes): (Division, Passes<'a>),
    ) -> Self {
        let first_of_arena = division.slots * division.slot_rows;
        let group = |request: &Request| Group {
            prompt_rows: 0..0,
            unfinished: request.samples,
            completions: vec![None; request.samples],
        };
        Self {
            model,
            settings,
            requests,
            passes,
            arena: Arena::new(first_of_arena..division.rows()),
            slots: (0..division.slots).rev().map(|slot| slot * division.slot_rows).collect(),
            waiting: demand.prompts.iter().map(|(request, _)| *request).collect(),
            ready: VecDeque::new(),
            running: Vec::new(),
            groups: requests.iter().map(group).collect(),
            progress: Progress { finished: 0, total: demand.samples, tokens: 0 },
        }
    }

    pub(super) fn progress(&self) -> Progress {
        self.progress
    }

    /// Reads the next prompt if there is room for its completions, else writes one token of every running completion;
    /// false when nothing is left to do.
    pub(super) fn advance(&mut self) -> Result<bool, GenerateError> {
        self.place();
        if !self.slots.is_empty() && self.admit()? {
            return Ok(true);
        }
        if self.running.is_empty() {
            return Ok(false);
        }
        self.step()?;
        Ok(true)
    }

    /// The completions of every request.
    pub(super) fn finish(self) -> Vec<Vec<Completion>> {
        self.groups.into_iter().map(|group| group.completions.into_iter().flatten().collect()).collect()
    }

    /// Gives free slots to ready completions.
    fn place(&mut self) {
        let count = self.ready.len().min(self.slots.len());
        let rows = self.slots.drain(self.slots.len() - count..);
        let placed = self.ready.drain(..count).zip(rows);
        self.running.extend(placed.map(|(sequence, first_row)| Running { sequence, first_row }));
    }

    /// Reads the next prompt and draws the first token of each of its completions; false when none waits or there
    /// is no room, which there is as soon as nobody runs.
    fn admit(&mut self) -> Result<bool, GenerateError> {
        let Some(&request) = self.waiting.front() else { return Ok(false) };
        let Request { prompt, samples, key, .. } = self.requests[request];
        let Some(rows) = self.arena.take(prompt.tokens.len()) else { return Ok(false) };
        self.waiting.pop_front();
        self.groups[request].prompt_rows = rows.clone();
        let mut logits = self.read(request, rows)?;
        for sample in 0..samples {
            let mut sequence = Sequence::new(request, sample, key);
            if self.settings.penalises() {
                sequence.seen.clone_from(&prompt.ids);
            }
            if self.settings.max_new_tokens > 0 {
                sequence.draw(&mut logits, self.settings);
                self.progress.tokens += 1;
            }
            if sequence.ended || self.settings.max_new_tokens == 0 {
                self.end(sequence)?;
            } else {
                self.ready.push_back(sequence);
            }
        }
        Ok(true)
    }

    /// Puts a prompt into the cache; logits of what follows it.
    fn read(&mut self, request: usize, rows: Range<usize>) -> Result<Vec<f32>, GenerateError> {
        let Request { prompt, features, .. } = self.requests[request];
        let embedded = match features {
            Some(features) => self.model.embed_with(prompt, features),
            None => self.model.embed(prompt),
        };
        let embedded = embedded.map_err(|problem| GenerateError::Prompt { request, problem })?;
        Ok(self.passes.prefill(embedded, &prompt.positions, rows))
    }

    /// Writes a token or several of every running completion and clears the places of those that end.
    fn step(&mut self) -> Result<(), GenerateError> {
        if self.passes.run_ahead() {
            self.write_ahead();
        } else {
            self.write_one();
        }
        let ended: Vec<Running> = self.running.extract_if(.., |running| running.sequence.ended).collect();
        for Running { sequence, first_row } in ended {
            self.slots.push(first_row);
            self.end(sequence)?;
        }
        Ok(())
    }

    fn write_one(&mut self) {
        for chunk in 0..self.running.len().div_ceil(self.passes.together) {
            let first = chunk * self.passes.together;
            let last = first.saturating_add(self.passes.together).min(self.running.len());
            let inputs: Vec<Input> =
                self.running[first..last].iter().map(|running| self.input(running, 0)).collect();
            let mut logits = self.passes.step(&inputs);
            draw_all(&mut self.running[first..last], &mut logits, self.settings);
        }
        self.progress.tokens += self.running.len();
    }

    /// Lets the device write [`AHEAD`] tokens of each completion, or as many as the longest has left, and keeps those up to
    /// each completion's end.
    fn write_ahead(&mut self) {
        let left =
            |running: &Running| self.settings.max_new_tokens - running.sequence.completion.token_ids.len();
        let count = self.running.iter().map(left).max().unwrap_or(0).min(AHEAD);
        let step = |ahead| {
            let inputs = self.running.iter().map(|running| self.input(running, ahead)).collect();
            let draws = self.running.iter().map(|running| running.sequence.uniform(ahead)).collect();
            (inputs, draws)
        };
        let steps: Vec<(Vec<Input>, Vec<f64>)> = (0..count).map(step).collect();
        for choices in self.passes.ahead(&steps) {
            for (running, choice) in self.running.iter_mut().zip(choices) {
                if !running.sequence.ended {
                    running.sequence.write(choice, self.settings);
                    self.progress.tokens += 1;
                }
            }
        }
    }

    /// What a completion reads after `ahead` more tokens. One that has ended by then reads its last row again and again.
    fn input(&self, running: &Running, ahead: usize) -> Input {
        let Sequence { request, completion, .. } = &running.sequence;
        let (prompt, rows) = (self.requests[*request].prompt, &self.groups[*request].prompt_rows);
        let written = completion.token_ids.len() - 1;
        let newest = (written + ahead).min(self.settings.max_new_tokens - 2);
        Input {
            token: completion.token_ids[written],
            position: prompt.generated_position(newest),
            place: running.first_row + newest,
            keys: [
                KeyRows::contiguous(rows.start, rows.len()),
                KeyRows::contiguous(running.first_row, newest + 1),
            ],
        }
    }

    /// Keeps a completion, and gives back the rows of its prompt when it was the last of its group.
    fn end(&mut self, sequence: Sequence) -> Result<(), GenerateError> {
        let Sequence { request, sample, completion, .. } = sequence;
        // One logit that is NaN or infinite leaves its mark on the sum below every log-probability.
        if completion.logprobs.iter().any(|logprob| !logprob.is_finite()) {
            return Err(GenerateError::NotFinite { request });
        }
        let group = &mut self.groups[request];
        group.completions[sample] = Some(completion);
        group.unfinished -= 1;
        if group.unfinished == 0 {
            self.arena.give(group.prompt_rows.clone());
        }
        self.progress.finished += 1;
        Ok(())
    }
}

/// Logits of a chunk above which its draws are worth a second thread.
const WORTH_SHARING: usize = 1 << 16;

/// Draws the next token of each completion from its row of `logits`.
fn draw_all(running: &mut [Running], logits: &mut [f32], settings: &SamplingSettings) {
    let vocabulary = logits.len() / running.len();
    if logits.len() < WORTH_SHARING {
        let rows = running.iter_mut().zip(logits.chunks_exact_mut(vocabulary));
        rows.for_each(|(running, row)| running.sequence.draw(row, settings));
    } else {
        let rows = running.par_iter_mut().zip(logits.par_chunks_exact_mut(vocabulary)).with_max_len(1);
        rows.for_each(|(running, row)| running.sequence.draw(row, settings));
    }
}
