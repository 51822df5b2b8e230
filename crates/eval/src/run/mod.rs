//! Running a benchmark: questions in batches of like size, answers logged as they come, resumable by row.

mod error;
mod log;
mod pictures;
mod questions;

use std::collections::HashMap;
use std::fs;
use std::path::Path;

pub use error::RunError;
pub use log::{LogHeader, PREDICTIONS_FILE, read_log};
pub use questions::{BadRows, Limit};

use crate::bench::{Benchmark, Official};
use crate::prediction::{Prediction, Response};
use crate::question::Question;
use crate::result::{RESULTS_VERSION, scores};
use crate::tally::{Summary, tables};
use crate::{EvalSampling, Policy, Results};
use datasets::Source;
use log::Log;

/// Batches that may fail from the start before the run is given up.
const HOPELESS: usize = 16;

/// What can go wrong while a model answers.
pub type RespondError = Box<dyn std::error::Error + Send + Sync>;

/// A model that answers questions.
pub trait Respond {
    /// Told once, before the first question, how many will be asked.
    fn expect(&mut self, _questions: usize) {}

    /// `sampling.samples` answers to each question, in order. The answers must depend on the question and the sampling
    /// alone, not on what else is in the batch.
    ///
    /// # Errors
    /// Whatever keeps the batch from being answered. Its questions are then asked one by one, and those that fail again
    /// count as wrong, with the error in the log.
    fn respond(
        &mut self,
        questions: &[Question],
        sampling: &EvalSampling,
    ) -> Result<Vec<Vec<Response>>, RespondError>;
}

/// How a benchmark is run.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// How answers are drawn.
    pub setting: EvalSampling,
    /// What is recorded beside the scores; the prompt is the benchmark's.
    pub policy: Policy,
    /// Questions that are asked together.
    pub batch: usize,
    /// Which questions are asked.
    pub limit: Limit,
    /// What happens with rows that are no questions.
    pub bad_rows: BadRows,
    /// What happens with answers that are already there.
    pub existing: Existing,
    /// Wrong answers that are kept with their pictures for the report.
    pub wrong: usize,
}

/// What happens with a prediction log that is already there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// Its answers are kept when it was made in the same way, and refused otherwise.
    #[default]
    Resume,
    /// It is replaced.
    Overwrite,
}

impl RunOptions {
    /// The usual options: batches of 8, all questions, no bad rows, answers resumed, 24 wrong answers kept.
    pub fn new(setting: EvalSampling, policy: Policy) -> Self {
        Self {
            setting,
            policy,
            batch: 8,
            limit: Limit::All,
            bad_rows: BadRows::Stop,
            existing: Existing::Resume,
            wrong: 24,
        }
    }
}

/// Asks every question of `source`, logs the answers in `out_dir/predictions.jsonl` and writes `results.json` and
/// `results.md`. A run that was stopped goes on where it stopped; the results do not depend on that.
///
/// # Errors
/// [`RunError`] when the options make no sense, a row is no question, a file cannot be written, the log there is of another
/// run, or the model answers nothing at all.
pub fn run(
    benchmark: &dyn Benchmark,
    source: &dyn Source,
    respond: &mut dyn Respond,
    out_dir: &Path,
    options: &RunOptions,
) -> Result<Results, RunError> {
    options.setting.check()?;
    let (questions, mut notes) = questions::gather(benchmark, source, options)?;
    fs::create_dir_all(out_dir).map_err(|source| RunError::io(out_dir, source))?;
    let policy = Policy { prompt: benchmark.prompt().to_owned(), ..options.policy.clone() };
    let header = LogHeader::new(benchmark, options.setting.clone(), policy);
    let (mut log, mut done) = Log::open(&out_dir.join(PREDICTIONS_FILE), &header, options.existing)?;
    // A question that failed gets another chance.
    done.retain(|_, prediction| prediction.error.is_none());
    let open: Vec<&Question> =
        by_size(&questions).into_iter().filter(|q| !done.contains_key(&q.id)).collect();
    respond.expect(open.len());
    let mut asker = Asker { benchmark, respond, setting: &options.setting, failures: 0, successes: 0 };
    for batch in open.chunks(options.batch.max(1)) {
        for prediction in asker.ask(batch)? {
            log.append(&prediction)?;
            done.insert(prediction.id.clone(), prediction);
        }
    }
    let predictions = in_order(&questions, done, &header);
    let mut results = results(&header, &predictions, benchmark.official(&predictions));
    results.notes.append(&mut notes);
    results.wrong = pictures::wrong_answers(&questions, &predictions, out_dir, options.wrong);
    results.write(out_dir)?;
    Ok(results)
}

/// The scores of predictions that are already judged.
pub(crate) fn results(header: &LogHeader, predictions: &[Prediction], official: Official) -> Results {
    Results {
        version: RESULTS_VERSION,
        benchmark: header.benchmark.clone(),
        setting: header.setting.clone(),
        judge: header.judge,
        policy: header.policy.clone(),
        summary: Summary::of(predictions, header.setting.seed),
        official: official.scores,
        tables: tables(predictions, header.setting.seed),
        baseline: None,
        notes: official.notes,
        wrong: Vec::new(),
        scores: scores(predictions),
    }
}

/// Questions of one size beside each other, so that a batch is not as slow as one long question in it.
fn by_size(questions: &[Question]) -> Vec<&Question> {
    let mut sorted: Vec<&Question> = questions.iter().collect();
    sorted.sort_by_key(|question| question.size());
    sorted
}

/// The predictions in the order of the questions, judged as the log says.
fn in_order(
    questions: &[Question],
    mut done: HashMap<String, Prediction>,
    header: &LogHeader,
) -> Vec<Prediction> {
    let judged = |p: Prediction| p.scored(header.judge, &header.setting);
    questions.iter().filter_map(|question| done.remove(&question.id)).map(judged).collect()
}

/// Asks, and counts what fails.
struct Asker<'a> {
    benchmark: &'a dyn Benchmark,
    respond: &'a mut dyn Respond,
    setting: &'a EvalSampling,
    failures: usize,
    successes: usize,
}

impl Asker<'_> {
    fn ask(&mut self, batch: &[&Question]) -> Result<Vec<Prediction>, RunError> {
        let asked: Vec<Question> = batch.iter().map(|question| (*question).clone()).collect();
        let answers = self.answers(&asked);
        match answers {
            Ok(answers) => {
                self.successes += asked.len();
                Ok(asked
                    .iter()
                    .zip(answers)
                    .map(|(question, answers)| self.judged(question, answers))
                    .collect())
            }
            Err(error) if asked.len() == 1 => self.failed(&asked[0], error).map(|failed| vec![failed]),
            Err(_) => batch.iter().map(|question| Ok(self.ask(&[*question])?.remove(0))).collect(),
        }
    }

    fn answers(&mut self, asked: &[Question]) -> Result<Vec<Vec<Response>>, RespondError> {
        let answers = self.respond.respond(asked, self.setting)?;
        let wrong = answers.iter().find(|answers| answers.len() != self.setting.samples).map(Vec::len);
        match wrong {
            _ if answers.len() != asked.len() => {
                Err(format!("found answers to {} questions, expected {}", answers.len(), asked.len()).into())
            }
            Some(found) => Err(format!("found {found} answers, expected {}", self.setting.samples).into()),
            None => Ok(answers),
        }
    }

    fn judged(&self, question: &Question, responses: Vec<Response>) -> Prediction {
        let prediction = Prediction { responses, ..question.unanswered() };
        prediction.scored(self.benchmark.judge(), self.setting)
    }

    fn failed(&mut self, question: &Question, error: RespondError) -> Result<Prediction, RunError> {
        self.failures += 1;
        if self.successes == 0 && self.failures >= HOPELESS {
            return Err(RunError::NothingWorks { failures: self.failures, last: error });
        }
        Ok(Prediction { error: Some(error.to_string()), ..question.unanswered() })
    }
}
