//! A run's folder: records, checkpoints, and the lock that keeps a second process out.

use super::identity::Identity;
use crate::engine::{Failure, Files, Ledger};
use checkpoint::{LoadError, Loaded, LockError, RealFs, RunLock, StepMeta, Store};
use journal::{
    EvalLog, EvalRecord, JournalError, MetricLine, MetricsLog, RolloutLog, RolloutRecord, Start, TensorBoard,
};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// Why a run's folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RunDirError {
    /// Another process is at work in it.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A checkpoint cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A file operation failed.
    #[error(transparent)]
    Io(#[from] checkpoint::IoFailure),
    /// A record cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// There is a run already, and it was not asked to go on.
    #[error(
        "{dir}: holds a run already (checkpoint-{step}); go on with it with `--resume latest`, or choose another output_dir",
        dir = dir.display()
    )]
    Occupied {
        /// The folder.
        dir: PathBuf,
        /// Its last checkpoint.
        step: u64,
    },
    /// The run to go on with was started with other settings.
    #[error(
        "{path}: was written with other settings ({differences}), so going on would not give what an uninterrupted run gives; \
         use the config.yaml beside it, or start a new run with `adapter: {path}`",
        path = path.display()
    )]
    OtherSettings {
        /// The checkpoint.
        path: PathBuf,
        /// The keys, with what they say and what they said.
        differences: String,
    },
    /// The run to go on with began with other rows or weights, or computed otherwise.
    #[error(
        "{input}: has changed since {path} was written: found {now}, expected {then}; put back what was there, go on with what \
         is there now by `--set on_changed_input=go_on`, or start a new run with `adapter: {path}`",
        path = path.display()
    )]
    ChangedInput {
        /// The checkpoint.
        path: PathBuf,
        /// Key and path of what has changed.
        input: String,
        /// What it was.
        then: String,
        /// What it is.
        now: String,
    },
    /// There is nothing to go on with.
    #[error("{dir}: found no checkpoint that is whole; start without `--resume`", dir = dir.display())]
    Nothing {
        /// The folder.
        dir: PathBuf,
    },
}

/// Where a run starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// At the beginning, in a folder without checkpoints.
    Beginning,
    /// At the newest checkpoint that is whole.
    Latest,
    /// At the newest checkpoint that is whole, or at the beginning when there is none.
    LatestOrBeginning,
    /// At the checkpoint of a step.
    Step(u64),
}

/// A folder that is kept for a run which may start there. Nothing of an earlier run is changed yet.
pub struct Claim {
    dir: PathBuf,
    store: Store,
    lock: RunLock,
    loaded: Option<Loaded>,
    meta: StepMeta,
    notices: Vec<String>,
}

/// What a run's folder was opened with.
pub struct RunDir {
    store: Store,
    meta: StepMeta,
    metrics: MetricsLog,
    rollouts: RolloutLog,
    evaluations: EvalLog,
    board: TensorBoard,
    _lock: RunLock,
}

/// An opened folder, with the checkpoint to go on from.
pub struct Opened {
    /// The folder.
    pub dir: RunDir,
    /// Files of the checkpoint, when the run goes on.
    pub files: Option<Files>,
    /// What a person should know: checkpoints that were left out and why.
    pub notices: Vec<String>,
}

impl Claim {
    /// Locks the folder, clears away what a killed process left, and finds the checkpoint to go on from, which must be
    /// one of the same run.
    pub fn new(
        dir: &Path,
        from: &From,
        limit: Option<usize>,
        identity: &Identity,
    ) -> Result<Self, RunDirError> {
        let lock = RunLock::acquire(dir)?;
        let mut store = Store::new(RealFs, dir);
        if let Some(limit) = limit.and_then(NonZeroUsize::new) {
            store = store.with_limit(limit);
        }
        let mut notices = store.clean_up(&lock)?;
        let loaded = match from {
            From::Step(step) => Some(store.load(*step)?),
            _ => store.latest()?,
        };
        match (from, &loaded) {
            (From::Beginning, Some(loaded)) => {
                return Err(RunDirError::Occupied { dir: dir.to_owned(), step: loaded.step() });
            }
            (From::Latest, None) => return Err(RunDirError::Nothing { dir: dir.to_owned() }),
            (_, Some(loaded)) => notices.extend(identity.check(dir, loaded)?),
            (_, None) => {}
        }
        Ok(Self { dir: dir.to_owned(), store, lock, loaded, meta: identity.meta().clone(), notices })
    }

    /// Opens the folder; records and checkpoints of later steps are cut off.
    pub fn open(self) -> Result<Opened, RunDirError> {
        let Self { dir, store, lock, loaded, meta, mut notices } = self;
        let start = Start::After(loaded.as_ref().map_or(0, Loaded::step));
        let mut files = None;
        if let Some(loaded) = &loaded {
            notices.extend(loaded.skipped().iter().map(|skipped| format!("left out: {skipped}")));
            let mut read = Files::default();
            for name in loaded.names() {
                read.insert(name, loaded.read(name)?);
            }
            store.discard_after(loaded.step())?;
            files = Some(read);
        }
        let dir = RunDir {
            metrics: MetricsLog::open(&dir, start)?,
            rollouts: RolloutLog::open(&dir, start)?,
            evaluations: EvalLog::open(&dir, start)?,
            board: TensorBoard::create(&dir, start)?,
            store,
            meta,
            _lock: lock,
        };
        Ok(Opened { dir, files, notices })
    }
}

impl Ledger for RunDir {
    fn metrics(&mut self, step: u64, epoch: f64, values: &BTreeMap<String, f64>) -> Result<(), Failure> {
        let mut line = MetricLine::new(step).with_epoch(epoch);
        values.iter().for_each(|(name, value)| line.set(name.clone(), *value));
        self.metrics.append(&line)?;
        Ok(self.board.append(&line)?)
    }

    fn rollouts(&mut self, records: &[RolloutRecord]) -> Result<(), Failure> {
        Ok(records.iter().try_for_each(|record| self.rollouts.append(record))?)
    }

    fn evaluation(&mut self, record: &EvalRecord) -> Result<(), Failure> {
        Ok(self.evaluations.append(record)?)
    }

    fn checkpoint(&mut self, step: u64, files: &Files) -> Result<Option<PathBuf>, Failure> {
        // What the records say up to this step must not be less than what the checkpoint has seen.
        self.metrics.sync()?;
        self.rollouts.sync()?;
        self.evaluations.sync()?;
        self.board.flush()?;
        let saved = self.store.save(step, &self.meta, |folder| {
            files.iter().try_for_each(|(name, bytes)| folder.write(name, bytes))
        })?;
        Ok(Some(saved.path))
    }
}
