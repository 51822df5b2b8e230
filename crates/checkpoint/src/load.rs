//! Finding the newest checkpoint in good order, and reading it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{LoadError, Skipped};
use crate::fs::Fs;
use crate::inspect;
use crate::manifest::{Manifest, StepMeta};
use crate::store::Store;

impl Store {
    /// The newest checkpoint in good order, and on its [`skipped`](Loaded::skipped) the newer ones that are not.
    ///
    /// `None` means that the run has no checkpoint. When it has some and none can be used, that is an error: to
    /// start again from nothing would hide it.
    pub fn latest(&self) -> Result<Option<Loaded>, LoadError> {
        let mut skipped = Vec::new();
        for step in self.steps()?.into_iter().rev() {
            match self.open(step) {
                Ok(loaded) => return Ok(Some(Loaded { skipped, ..loaded })),
                Err(reason) => skipped.push(reason),
            }
        }
        if skipped.is_empty() { Ok(None) } else { Err(LoadError::NoneSound { skipped }) }
    }

    /// The checkpoint of one step, if it is in good order.
    pub fn load(&self, step: u64) -> Result<Loaded, LoadError> {
        let available = self.steps()?;
        if !available.contains(&step) {
            return Err(LoadError::NotFound { path: self.path(step), available });
        }
        self.open(step).map_err(LoadError::Damaged)
    }

    fn open(&self, step: u64) -> Result<Loaded, Skipped> {
        let path = self.path(step);
        match inspect::sound(&*self.fs, &path, step) {
            Ok(manifest) => {
                self.remember_sound(step);
                Ok(Loaded { fs: Arc::clone(&self.fs), path, manifest, skipped: Vec::new() })
            }
            Err(flaw) => Err(Skipped { step, path, flaw }),
        }
    }
}

/// A checkpoint whose every byte was compared with its manifest.
pub struct Loaded {
    fs: Arc<dyn Fs>,
    path: PathBuf,
    manifest: Manifest,
    skipped: Vec<Skipped>,
}

impl Loaded {
    /// Its step.
    pub fn step(&self) -> u64 {
        self.manifest.step
    }

    /// What was saved beside the files.
    pub fn meta(&self) -> &StepMeta {
        &self.manifest.meta
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Newer checkpoints that were passed over, newest first, each with its reason.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// The names of its files, in the order in which they were saved.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.manifest.files.iter().map(|entry| entry.name.as_str())
    }

    /// Reads a file and compares its bytes once more: these are the ones that are used.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, LoadError> {
        let Some(entry) = self.manifest.file(name) else {
            let available = self.names().map(str::to_owned).collect();
            return Err(LoadError::NoSuchFile { path: self.path.clone(), name: name.to_owned(), available });
        };
        let mut bytes = Vec::new();
        match inspect::contents(&*self.fs, &self.path, entry, &mut bytes) {
            Ok(()) => Ok(bytes),
            Err(flaw) => {
                Err(LoadError::Damaged(Skipped { step: self.step(), path: self.path.clone(), flaw }))
            }
        }
    }
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Loaded");
        out.field("path", &self.path).field("manifest", &self.manifest).field("skipped", &self.skipped);
        out.finish_non_exhaustive()
    }
}
