//! Looking at everything a run has saved.

use std::fmt;
use std::path::PathBuf;

use crate::error::IoFailure;
use crate::flaw::Flaw;
use crate::inspect;
use crate::manifest::{MANIFEST, Manifest};
use crate::store::Store;

impl Store {
    /// Compares every byte of every checkpoint with its manifest, and changes nothing.
    pub fn verify_all(&self) -> Result<Report, IoFailure> {
        let checkpoints = self.steps()?.into_iter().map(|step| self.verify(step)).collect();
        Ok(Report { run: self.run.clone(), checkpoints, leftovers: self.leftovers()? })
    }

    fn verify(&self, step: u64) -> Verified {
        let path = self.path(step);
        match inspect::manifest(&*self.fs, &path, step) {
            Ok(manifest) => self.verify_files(path, &manifest),
            Err(flaw) => Verified { step, path, files: 0, bytes: 0, flaws: vec![flaw], unlisted: Vec::new() },
        }
    }

    fn verify_files(&self, path: PathBuf, manifest: &Manifest) -> Verified {
        let check = |entry| inspect::contents(&*self.fs, &path, entry, std::io::sink()).err();
        let mut flaws: Vec<_> = manifest.files.iter().filter_map(check).collect();
        let is_unlisted = |name: &String| name != MANIFEST && manifest.file(name).is_none();
        let mut unlisted: Vec<String> = match self.fs.list(&path) {
            Ok(names) => names.into_iter().filter(is_unlisted).collect(),
            Err(source) => {
                flaws.push(Flaw::Unreadable { path: path.clone(), source });
                Vec::new()
            }
        };
        unlisted.sort_unstable();
        let (files, bytes) = (manifest.files.len(), manifest.bytes());
        Verified { step: manifest.step, path, files, bytes, flaws, unlisted }
    }
}

/// What was found about one checkpoint.
#[derive(Debug)]
pub struct Verified {
    /// Its step.
    pub step: u64,
    /// Its folder.
    pub path: PathBuf,
    /// How many files its manifest lists.
    pub files: usize,
    /// Their length in all.
    pub bytes: u64,
    /// Everything that is wrong; empty when it is in good order.
    pub flaws: Vec<Flaw>,
    /// Files that somebody added since. They are never read.
    pub unlisted: Vec<String>,
}

/// What was found about a run; printing it gives a line per checkpoint and per flaw.
#[derive(Debug)]
pub struct Report {
    /// The run's folder.
    pub run: PathBuf,
    /// Its checkpoints, oldest first.
    pub checkpoints: Vec<Verified>,
    /// Folders half written or half removed, of a process that was killed or is still at work.
    pub leftovers: Vec<String>,
}

impl Report {
    /// Whether every checkpoint is in good order.
    pub fn is_sound(&self) -> bool {
        self.checkpoints.iter().all(|checkpoint| checkpoint.flaws.is_empty())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.checkpoints.is_empty() {
            writeln!(f, "{}: has no checkpoints", self.run.display())?;
        }
        for checkpoint in &self.checkpoints {
            write!(f, "{checkpoint}")?;
        }
        for name in &self.leftovers {
            writeln!(f, "{}: unfinished, removed when the run is continued", self.run.join(name).display())?;
        }
        Ok(())
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        if self.flaws.is_empty() {
            writeln!(f, "{path}: in good order, {} files, {} bytes", self.files, self.bytes)?;
        }
        for flaw in &self.flaws {
            writeln!(f, "{path}: DAMAGED: {flaw}")?;
        }
        for name in &self.unlisted {
            writeln!(f, "{path}: {name:?} was added by somebody else and is not used")?;
        }
        Ok(())
    }
}
