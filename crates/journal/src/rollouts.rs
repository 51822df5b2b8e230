//! Completions and what they earned.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::JournalError;
use crate::line_log::{LineLog, Start, Stepped, sync_folder};
use crate::line_reader::Chain;
use crate::run_folder::RunFolder;

/// Steps whose completions share a file: steps 1 to 100 are in `rollouts-000001.jsonl`.
pub const STEPS_PER_FILE: u64 = 100;

/// One completion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RolloutRecord {
    /// The step, counted from 1.
    pub step: u64,
    /// The prompt's number within the step; completions of one group share it.
    pub group: u64,
    /// The sample's id in the data.
    pub sample_id: String,
    /// The prompt as text.
    pub prompt: String,
    /// Paths of its images.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
    /// The right answer, where the data has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground_truth: Option<String>,
    /// What the model wrote.
    pub completion: String,
    /// How many tokens that is, its end token included.
    pub tokens: u64,
    /// Why it ended.
    pub stop: Stop,
    /// What each reward function gave; `None` where it did not apply or failed.
    #[serde(default)]
    pub rewards: BTreeMap<String, Option<f64>>,
    /// The weighted sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reward: Option<f64>,
    /// The advantage within its group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advantage: Option<f64>,
    /// Mean divergence from the reference per token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kl: Option<f64>,
    /// Mean entropy per token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entropy: Option<f64>,
}

/// Why a completion ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stop {
    /// With an end token.
    Stop,
    /// At the limit.
    Length,
}

impl Stepped for RolloutRecord {
    fn step(&self) -> u64 {
        self.step
    }
}

/// The files below `rollouts`, for writing.
#[derive(Debug)]
pub struct RolloutLog {
    folder: PathBuf,
    current: Option<(u64, LineLog<RolloutRecord>)>,
}

impl RolloutLog {
    /// Opens the rollouts of a run.
    pub fn open(run_dir: impl AsRef<Path>, start: Start) -> Result<Self, JournalError> {
        let run = run_dir.as_ref();
        let folder = RunFolder::new(run).rollouts();
        fs::create_dir_all(&folder).map_err(JournalError::io(&folder))?;
        sync_folder(run).map_err(JournalError::io(run))?;
        let current = match start {
            Start::Fresh => match files(&folder)?.into_iter().next() {
                Some((_, path)) => return Err(JournalError::NotFresh { path }),
                None => None,
            },
            Start::After(step) => cut_after(&folder, step)?,
        };
        Ok(Self { folder, current })
    }

    /// Adds a completion.
    pub fn append(&mut self, record: &RolloutRecord) -> Result<(), JournalError> {
        let first = first_step(record.step);
        let log = match self.current.take() {
            Some((open, log)) if open == first => log,
            last => {
                // From here on `sync` knows the new file only.
                last.map_or(Ok(()), |(_, log)| log.sync())?;
                LineLog::open(path(&self.folder, first), Start::After(u64::MAX))?
            }
        };
        let (_, log) = self.current.insert((first, log));
        log.append(record)
    }

    /// Returns once every completion has reached the disk; to be called before a checkpoint of the same step is saved.
    pub fn sync(&self) -> Result<(), JournalError> {
        self.current.as_ref().map_or(Ok(()), |(_, log)| log.sync())
    }
}

/// The completions of a run, in the order in which they were written. A run without any has none.
pub fn rollouts(
    run_dir: impl AsRef<Path>,
) -> Result<impl Iterator<Item = Result<RolloutRecord, JournalError>>, JournalError> {
    let files = files(&RunFolder::new(run_dir.as_ref()).rollouts())?;
    Ok(Chain::new(files.into_iter().map(|(_, path)| path)))
}

/// Removes the files of later steps, last first, and cuts the one in which the step is.
fn cut_after(folder: &Path, step: u64) -> Result<Option<(u64, LineLog<RolloutRecord>)>, JournalError> {
    let last = first_step(step);
    let mut current = None;
    for (first, path) in files(folder)?.into_iter().rev() {
        if first > last {
            fs::remove_file(&path).map_err(JournalError::io(path))?;
        } else if first == last {
            current = Some((first, LineLog::open(path, Start::After(step))?));
        }
    }
    sync_folder(folder).map_err(JournalError::io(folder))?;
    Ok(current)
}

/// The first step of the file that holds a step.
fn first_step(step: u64) -> u64 {
    step.saturating_sub(1) / STEPS_PER_FILE * STEPS_PER_FILE + 1
}

fn path(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("rollouts-{first:06}.jsonl"))
}

/// The files in a folder by their first step; other files are left alone.
fn files(folder: &Path) -> Result<Vec<(u64, PathBuf)>, JournalError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(other) => return Err(JournalError::io(folder)(other)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let name = entry.map_err(JournalError::io(folder))?.file_name();
        if let Some(first) = name.to_str().and_then(read_name) {
            files.push((first, folder.join(name)));
        }
    }
    files.sort_unstable();
    Ok(files)
}

fn read_name(name: &str) -> Option<u64> {
    name.strip_prefix("rollouts-")?.strip_suffix(".jsonl")?.parse().ok()
}
