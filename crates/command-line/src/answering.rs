//! The model as somebody who answers the questions of a benchmark.

use eval::{EvalSampling, Finish, Question, Respond, RespondError, Response};
use indicatif::ProgressBar;
use rayon::prelude::*;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;
use vlm_model::VlModel;
use vlm_model::generate::{
    Capacity, Completion, DrawKey, Engine, FinishReason, GenerationConfig, Request, SamplingSettings,
    SettingsError,
};
use vlm_processor::{Processor, Prompt, RowProblem, SpecialTokens};

/// A model with what it takes to ask it.
pub struct Answering<'a> {
    /// What answers.
    model: &'a VlModel,
    /// What makes prompts of questions, and text of answers.
    processor: &'a Processor,
    /// Ids at which an answer ends.
    stop: Vec<u32>,
    /// Ids that are never written.
    forbidden: Vec<u32>,
    /// Answers that are decoded side by side.
    running: NonZeroUsize,
    /// Questions that have been asked.
    bar: &'a ProgressBar,
}

impl<'a> Answering<'a> {
    /// Answers end where the model's folder says, or at its tokenizer's end tokens, and never hold a placeholder.
    pub fn new(
        model: &'a VlModel,
        processor: &'a Processor,
        folder: &Path,
        running: usize,
        bar: &'a ProgressBar,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let configured = GenerationConfig::from_dir(folder)?.eos;
        let stop = if configured.is_empty() { processor.special().eos.clone() } else { configured };
        let forbidden = processor.special().never_written(&stop);
        let running = NonZeroUsize::new(running).unwrap_or(NonZeroUsize::MIN);
        Ok(Self { model, processor, stop, forbidden, running, bar })
    }
}

impl Respond for Answering<'_> {
    fn expect(&mut self, questions: usize) {
        self.bar.set_length(questions as u64);
    }

    fn respond(
        &mut self,
        questions: &[Question],
        sampling: &EvalSampling,
    ) -> Result<Vec<Vec<Response>>, RespondError> {
        let prepared = |question: &Question| self.processor.prepare_from(&question.row(), &question.visuals);
        let prompts: Vec<Prompt> = questions.par_iter().map(prepared).collect::<Result<_, _>>()?;
        // A question's draws are its own, whatever it is asked with.
        let key = |question: &Question| DrawKey {
            seed: sampling.seed,
            step: 0,
            prompt: DrawKey::prompt_of(&question.id),
            sample: 0,
            token: 0,
        };
        let requests: Vec<Request> = questions
            .iter()
            .zip(&prompts)
            .map(|(question, prompt)| Request::new(prompt, sampling.samples, key(question)))
            .collect();
        let settings = self.settings(sampling)?;
        let capacity = Capacity { running: self.running, ..Capacity::default() };
        let engine = Engine::new(self.model, &settings).with_capacity(capacity);
        let written = engine.run(&requests, &mut |_| ControlFlow::Continue(()))?;
        let answers = written.iter().map(|samples| samples.iter().map(|one| self.response(one)).collect());
        let answers = answers.collect::<Result<_, RowProblem>>()?;
        self.bar.inc(questions.len() as u64);
        Ok(answers)
    }
}

impl Answering<'_> {
    fn settings(&self, asked: &EvalSampling) -> Result<SamplingSettings, SettingsError> {
        SamplingSettings::greedy(asked.max_new_tokens, self.stop.clone())
            .forbid(self.forbidden.clone())
            .top_k(asked.top_k.unwrap_or(0))
            .temperature(asked.temperature as f32)?
            .top_p(asked.top_p as f32)
    }

    fn response(&self, written: &Completion) -> Result<Response, RowProblem> {
        Ok(Response {
            text: self.processor.decode(&written.token_ids, SpecialTokens::Skip)?,
            tokens: written.token_ids.len(),
            finish: match written.finish {
                FinishReason::Stop => Finish::Stop,
                FinishReason::Length => Finish::Length,
            },
        })
    }
}
