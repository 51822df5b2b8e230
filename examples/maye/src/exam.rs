//! The evaluation scheme: before training and after every epoch, validation and test are asked at three settings.
//!
//! | setting | pass@k | temperature | top_p |
//! |---|---|---|---|
//! | low | 1 | 0.01 | 0.001 |
//! | medium | 1 | 0.6 | 1.0 |
//! | high | 8 | 1.0 | 1.0 |
//!
//! pass@k draws k answers to a problem, which is solved if any of them is judged right; accuracy = solved / all. Training
//! accuracy is the share of the epoch's responses whose accuracy reward was 1.

use crate::epochs::Epochs;
use crate::extras::{EvalFiles, Extras, Vanilla};
use crate::held_out::{HeldOut, Verdicts};
use crate::keepsakes::{self, Keepsakes};
use burn::module::Module;
use command_line::{Answering, PublishedFigures, progress};
use eval::EvalSampling;
use journal::{EvalRecord, RolloutRecord, WrongSample};
use recipe::{Method, Recipe};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use trainer::engine::{Abandoned, Companion, Failure, Metrics, Stop};
use trainer::session::Session;
use vlm_model::VlModel;
use vlm_processor::Processor;

/// Problems that are asked together.
const TOGETHER: usize = 64;

/// What is asked of a model, and when.
pub struct Exam {
    sets: Vec<HeldOut>,
    settings: [EvalSampling; 3],
    epochs: Epochs,
    vanilla: Vanilla,
    /// The figures of Reinforce++; there are none of supervised learning.
    figures: Option<PublishedFigures>,
    processor: Arc<Processor>,
    model: PathBuf,
    out: PathBuf,
    keepsakes: Keepsakes,
}

impl Exam {
    /// The validation set is the first of the recipe's `eval_dataset`, the test set the second.
    pub fn open(session: &Session, extras: &Extras) -> Result<Self, Box<dyn std::error::Error>> {
        let recipe = session.recipe();
        let epochs = Epochs { steps: session.updates_per_epoch()? };
        let sets = HeldOut::of(recipe)?;
        if sets.is_empty() {
            eprintln!("eval_dataset names no file: the model is not measured");
        }
        Ok(Self {
            sets,
            settings: settings(recipe),
            epochs,
            vanilla: extras.vanilla,
            figures: PublishedFigures::of(recipe),
            processor: session.processor().clone(),
            model: recipe.model.model_name_or_path.clone(),
            out: recipe.run.output_dir.clone(),
            keepsakes: Keepsakes::of(recipe, extras)?,
        })
    }

    /// One set at all settings, as a record of the run.
    fn examine(
        &self,
        model: &VlModel,
        set: &HeldOut,
        (epoch, step): (u64, u64),
        stop: &Stop,
    ) -> Result<EvalRecord, Failure> {
        let mut record = record(step, epoch, set.name);
        for setting in &self.settings {
            let verdicts = ask(model, (&self.model, &self.processor), set, setting, stop)?;
            let key = format!("acc/{} Set Epoch Accuracy {}", set.name, setting.suffix());
            record.metrics.insert(key, verdicts.accuracy());
            if self.keepsakes.eval_files == EvalFiles::Kept && epoch > 0 {
                keepsakes::eval_file(&self.out, epoch - 1, set, setting, &verdicts)?;
            }
            if setting.name == "low" {
                record.wrong = verdicts.wrong(set);
            }
        }
        Ok(record)
    }

    /// The share of right responses of the epoch that ends, where responses were judged.
    fn training_accuracy(
        &self,
        (epoch, step): (u64, u64),
        responses: &[RolloutRecord],
    ) -> Option<EvalRecord> {
        let accuracy = eval::dynamics::training_accuracy(responses, "accuracy")?;
        let mut record = record(step, epoch, "Training");
        record.metrics.insert("acc/Training Set Epoch Accuracy".into(), accuracy);
        Some(record)
    }

    /// The responses of the epoch that ends.
    fn responses(&self, epoch: u64) -> Result<Vec<RolloutRecord>, Failure> {
        let first = self.epochs.end_of(epoch.saturating_sub(1));
        let all = journal::rollouts(&self.out)?;
        let of_epoch = all.filter(|record| record.as_ref().map_or(true, |record| record.step > first));
        Ok(of_epoch.collect::<Result<_, _>>()?)
    }
}

impl Companion<VlModel> for Exam {
    fn annotate(&mut self, step: u64, figures: &mut Metrics, rollouts: &[RolloutRecord]) {
        if let Some(published) = &mut self.figures {
            published.annotate(step, figures, rollouts);
        }
    }

    fn is_due(&self, step: u64) -> bool {
        match self.epochs.ended_by(step) {
            Some(0) => self.vanilla == Vanilla::Measured && !self.sets.is_empty(),
            other => other.is_some(),
        }
    }

    fn measure(&mut self, model: &VlModel, step: u64, stop: &Stop) -> Result<Vec<EvalRecord>, Failure> {
        let Some(epoch) = self.epochs.ended_by(step) else { return Ok(Vec::new()) };
        let valid = model.valid();
        let mut records = Vec::new();
        for set in &self.sets {
            records.push(self.examine(&valid, set, (epoch, step), stop)?);
        }
        if epoch > 0 {
            let responses = self.responses(epoch)?;
            records.extend(self.training_accuracy((epoch, step), &responses));
            self.keepsakes.tables(epoch, step, &responses)?;
            self.keepsakes.checkpoint(epoch, model)?;
        }
        Ok(records)
    }
}

fn record(step: u64, epoch: u64, set: &str) -> EvalRecord {
    EvalRecord { step, stage: format!("epoch {epoch}"), name: format!("{set} set"), ..EvalRecord::default() }
}

/// Asks every problem of a set at a setting.
pub fn ask(
    model: &VlModel,
    (folder, processor): (&Path, &Processor),
    set: &HeldOut,
    setting: &EvalSampling,
    stop: &Stop,
) -> Result<Verdicts, Failure> {
    let bar = progress::rows(set.questions.len() as u64, 0);
    let mut answering =
        Answering::new(model, processor, folder, TOGETHER, &bar).map_err(|error| error.to_string())?;
    let mut verdicts = Verdicts::default();
    for questions in set.questions.chunks(TOGETHER) {
        if stop.is_requested() {
            return Err(Abandoned.into());
        }
        verdicts.add(set, questions, &mut answering, setting)?;
    }
    bar.finish_and_clear();
    Ok(verdicts)
}

/// The three settings, with the recipe's longest response and seed.
pub fn settings(recipe: &Recipe) -> [EvalSampling; 3] {
    let longest = match &recipe.method {
        Method::Reinforce(reinforce) => Some(reinforce.sampling.max_completion_length.get()),
        Method::Grpo(grpo) => Some(grpo.sampling.max_completion_length.get()),
        Method::Sft(_) | Method::Dpo(_) => None,
    };
    EvalSampling::maye().map(|setting| EvalSampling {
        max_new_tokens: longest.unwrap_or(setting.max_new_tokens),
        seed: recipe.run.seed,
        ..setting
    })
}

/// Wrong answers that are kept for people to look at.
pub const SHOWN: usize = 12;

impl Verdicts {
    /// Some of the wrong answers.
    fn wrong(&self, set: &HeldOut) -> Vec<WrongSample> {
        let wrong = set.questions.iter().zip(&self.0).filter(|(_, verdict)| !verdict.solved);
        let sample =
            |(question, verdict): (&crate::held_out::Problem, &crate::held_out::Verdict)| WrongSample {
                prompt: question.question.text(),
                images: question.question.picture_names(),
                completion: verdict.replies.first().cloned().unwrap_or_default(),
                expected: question.gold.clone(),
            };
        wrong.take(SHOWN).map(sample).collect()
    }
}
