//! The result of a benchmark, as files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use journal::{EvalRecord, WrongSample};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::judge::Judge;
use crate::prediction::Prediction;
use crate::stats::{Paired, compare_paired};
use crate::tally::{Summary, Tables};
use crate::{EvalSampling, markdown};

/// Version of the format of result files.
pub const RESULTS_VERSION: u32 = 1;
/// Name of the result file.
pub const RESULTS_FILE: &str = "results.json";

/// What was asked how: everything besides the questions that a score depends on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// The model's folder or name.
    pub model: String,
    /// The adapter's folder or name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapter: Option<String>,
    /// The data.
    pub data: String,
    /// The template of the prompt.
    pub prompt: String,
    /// The fewest and the most pixels of a picture, where the model sees pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pixels: Option<(usize, usize)>,
}

/// The scores of one benchmark in one setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// Version of this format.
    pub version: u32,
    /// Name of the benchmark.
    pub benchmark: String,
    /// How answers were drawn.
    pub setting: EvalSampling,
    /// How they were judged.
    pub judge: Judge,
    /// What was asked.
    pub policy: Policy,
    /// The score and its rates.
    pub summary: Summary,
    /// The numbers that the benchmark's authors report, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub official: BTreeMap<String, f64>,
    /// Scores by category.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tables: Tables,
    /// Comparison with the baseline, where one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Paired>,
    /// Remarks, such as a data set that is not complete.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Some wrong answers, for the report; pictures are relative to the folder of the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wrong: Vec<WrongSample>,
    /// The score of every question, for comparisons.
    pub scores: BTreeMap<String, f64>,
}

/// A result file that cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ResultError {
    /// The file system said no.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is no result file.
    #[error("{path}: {source}; expected a results.json written by `anneal eval`", path = path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The file is from another version.
    #[error("{path}: found version {found}, expected {RESULTS_VERSION}; run the evaluation again", path = path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// The baseline is of another benchmark.
    #[error("baseline {path}: found benchmark {found:?}, expected {expected:?}", path = path.display())]
    OtherBenchmark {
        /// The baseline's file.
        path: PathBuf,
        /// Its benchmark.
        found: String,
        /// The benchmark that was run.
        expected: String,
    },
    /// Not one question is in both.
    #[error("baseline {path}: found no question of this run in it, expected the same questions", path = path.display())]
    NothingInCommon {
        /// The baseline's file.
        path: PathBuf,
    },
}

impl Results {
    /// Reads a result file.
    ///
    /// # Errors
    /// [`ResultError`] when it cannot be read or is no result file of this version.
    pub fn read(path: &Path) -> Result<Self, ResultError> {
        let text = fs::read(path).map_err(|source| ResultError::Io { path: path.to_owned(), source })?;
        let results: Self = serde_json::from_slice(&text)
            .map_err(|source| ResultError::Json { path: path.to_owned(), source })?;
        match results.version {
            RESULTS_VERSION => Ok(results),
            found => Err(ResultError::Version { path: path.to_owned(), found }),
        }
    }

    /// Reads every result file in `folder` and up to two folders below it, in order of their paths, each with its folder.
    ///
    /// # Errors
    /// [`ResultError`] for the first that cannot be read.
    pub fn below(folder: &Path) -> Result<Vec<(PathBuf, Self)>, ResultError> {
        let mut files = Vec::new();
        gather(folder, 2, &mut files);
        files.sort();
        let place = |path: &PathBuf| path.parent().unwrap_or(folder).to_owned();
        files.iter().map(|path| Ok((place(path), Self::read(path)?))).collect()
    }

    /// Writes `results.json` and `results.md` into `folder`; each file is either the old one or the new one, never half.
    ///
    /// # Errors
    /// [`ResultError::Io`] when that fails.
    pub fn write(&self, folder: &Path) -> Result<(), ResultError> {
        let json = serde_json::to_string_pretty(self)
            .map_err(|source| ResultError::Json { path: folder.join(RESULTS_FILE), source })?;
        replace(&folder.join(RESULTS_FILE), &(json + "\n"))?;
        replace(&folder.join("results.md"), &markdown::page(self))
    }

    /// The results as a record of a run's evaluations: score, rates and official numbers. Wrong answers keep their pictures,
    /// which are looked for relative to the run, so `folder` is where the result file stands in it.
    pub fn record(&self, step: u64, stage: &str, folder: &Path) -> EvalRecord {
        let share = |part: usize| part as f64 / self.summary.responses.max(1) as f64;
        let rates =
            [("unparsed", share(self.summary.unparsed)), ("truncated", share(self.summary.truncated))];
        let mut metrics: BTreeMap<String, f64> = self.official.clone();
        metrics.extend(rates.map(|(name, value)| (name.to_owned(), value)));
        metrics.extend(self.summary.score.map(|score| ("accuracy".to_owned(), score)));
        let placed = |image: &String| folder.join(image).to_string_lossy().into_owned();
        let wrong = self
            .wrong
            .iter()
            .map(|wrong| WrongSample { images: wrong.images.iter().map(placed).collect(), ..wrong.clone() });
        EvalRecord {
            step,
            stage: stage.to_owned(),
            name: self.benchmark.clone(),
            metrics,
            wrong: wrong.collect(),
        }
    }

    /// The same results compared with those of another run, question by question.
    ///
    /// # Errors
    /// [`ResultError`] when the baseline cannot be read, is of another benchmark, or shares no question.
    pub fn against(self, baseline: &Path) -> Result<Self, ResultError> {
        let old = Self::read(baseline)?;
        if old.benchmark != self.benchmark {
            let (found, expected) = (old.benchmark, self.benchmark);
            return Err(ResultError::OtherBenchmark { path: baseline.to_owned(), found, expected });
        }
        let pairs: Vec<(f64, f64)> =
            self.scores.iter().filter_map(|(id, new)| Some((*new, *old.scores.get(id)?))).collect();
        let paired = compare_paired(&pairs, self.setting.seed)
            .ok_or_else(|| ResultError::NothingInCommon { path: baseline.to_owned() })?;
        Ok(Self { baseline: Some(paired), ..self })
    }
}

/// The score of every question by its id.
pub(crate) fn scores(predictions: &[Prediction]) -> BTreeMap<String, f64> {
    predictions.iter().map(|prediction| (prediction.id.clone(), prediction.score)).collect()
}

fn gather(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth > 0 => gather(&path, depth - 1, files),
            Ok(kind) if kind.is_file() && entry.file_name() == RESULTS_FILE => files.push(path),
            _ => {}
        }
    }
}

/// Writes a file beside its place and moves it there.
fn replace(path: &Path, text: &str) -> Result<(), ResultError> {
    let io = |source| ResultError::Io { path: path.to_owned(), source };
    let scratch = path.with_extension("tmp");
    fs::write(&scratch, text).map_err(io)?;
    fs::rename(&scratch, path).map_err(io)
}
