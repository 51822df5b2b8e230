//! The checkpoints of one run.

use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::error::{Action, IoFailure};
use crate::folder_name::{self, FolderName};
use crate::fs::{Fs, Kind};
use crate::lock::RunLock;

/// The checkpoints of one run: folders `checkpoint-<step>` below the run's folder.
///
/// Any number of threads may use it; two processes on one run are kept apart by [`RunLock`].
pub struct Store {
    pub(crate) fs: Arc<dyn Fs>,
    pub(crate) run: PathBuf,
    pub(crate) limit: Option<NonZeroUsize>,
    /// Steps that this process wrote or verified in full.
    pub(crate) known_sound: Mutex<BTreeSet<u64>>,
}

impl Store {
    /// The checkpoints of the run in a folder, which need not be there yet. Keeps all of them.
    pub fn new(fs: impl Fs + 'static, run_dir: impl Into<PathBuf>) -> Self {
        Self { fs: Arc::new(fs), run: run_dir.into(), limit: None, known_sound: Mutex::default() }
    }

    /// Keeps the newest `limit` checkpoints in good order, and at least two of them, whatever the limit: the newest
    /// may be the one that a disk is about to lose.
    #[must_use]
    pub fn with_limit(self, limit: NonZeroUsize) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// The run's folder.
    pub fn run_dir(&self) -> &Path {
        &self.run
    }

    /// The steps that have a folder, in good order or not, oldest first.
    pub fn steps(&self) -> Result<Vec<u64>, IoFailure> {
        let mut steps = Vec::new();
        for (name, kind) in self.names()? {
            if let FolderName::Checkpoint(step) = kind
                && self.kind(&self.run.join(name))? == Some(Kind::Folder)
            {
                steps.push(step);
            }
        }
        steps.sort_unstable();
        Ok(steps)
    }

    /// Removes what killed processes left half written or half removed, and returns the names.
    ///
    /// Holding the lock proves that nobody is at work on them, on this machine or another.
    pub fn clean_up(&self, lock: &RunLock) -> Result<Vec<String>, IoFailure> {
        debug_assert_eq!(lock.run_dir(), self.run, "a lock of another run proves nothing");
        let leftovers = self.leftovers()?;
        for name in &leftovers {
            let path = self.run.join(name);
            self.fs.remove_folder(&path).map_err(IoFailure::of(Action::Remove, path))?;
        }
        Ok(leftovers)
    }

    /// Names of folders that are half written or half removed.
    pub(crate) fn leftovers(&self) -> Result<Vec<String>, IoFailure> {
        let mut names = Vec::new();
        for (name, kind) in self.names()? {
            if kind.is_leftover() && self.kind(&self.run.join(&name))? == Some(Kind::Folder) {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Where a step's checkpoint is or would be.
    pub(crate) fn path(&self, step: u64) -> PathBuf {
        self.run.join(folder_name::checkpoint(step))
    }

    pub(crate) fn kind(&self, path: &Path) -> Result<Option<Kind>, IoFailure> {
        self.fs.kind(path).map_err(IoFailure::of(Action::Read, path))
    }

    /// The names below the run that are ours; none when the run does not exist yet.
    fn names(&self) -> Result<Vec<(String, FolderName)>, IoFailure> {
        if self.kind(&self.run)?.is_none() {
            return Ok(Vec::new());
        }
        let names = self.fs.list(&self.run).map_err(IoFailure::of(Action::Read, &self.run))?;
        Ok(names.into_iter().filter_map(|name| folder_name::parse(&name).map(|kind| (name, kind))).collect())
    }

    pub(crate) fn remember_sound(&self, step: u64) {
        self.with_known(|known| known.insert(step));
    }

    pub(crate) fn forget(&self, step: u64) {
        self.with_known(|known| known.remove(&step));
    }

    pub(crate) fn with_known<T>(&self, act: impl FnOnce(&mut BTreeSet<u64>) -> T) -> T {
        act(&mut self.known_sound.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("run", &self.run).field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl FolderName {
    fn is_leftover(self) -> bool {
        matches!(self, Self::Scratch | Self::Trash)
    }
}
