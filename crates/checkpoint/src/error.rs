//! Errors of saving and loading.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::file_name::NameFlaw;
use crate::flaw::Flaw;

/// What the system was asked to do when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Make a file or folder.
    Create,
    /// Write into a file.
    Write,
    /// Wait until it is on the disk.
    Sync,
    /// Give it its final name, or move it out of the way.
    Rename,
    /// Remove it.
    Remove,
    /// Read it.
    Read,
    /// Take the lock on it.
    Lock,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Write => "write",
            Self::Sync => "sync",
            Self::Rename => "rename",
            Self::Remove => "remove",
            Self::Read => "read",
            Self::Lock => "lock",
        })
    }
}

/// The system refused something.
#[derive(Debug, Error)]
#[error("cannot {action} {path}: {source}", path = path.display())]
pub struct IoFailure {
    /// What was asked.
    pub action: Action,
    /// Of which file or folder.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl IoFailure {
    /// Says what was asked of the system, and where, when it failed.
    pub(crate) fn of(action: Action, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self { action, path: path.into(), source }
    }
}

/// A checkpoint that was not saved. Earlier ones are as they were.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SaveError {
    /// The disk is full, broken or not ours to write.
    #[error("step {step} is not saved, earlier checkpoints are as they were: {failure}")]
    Io {
        /// The step.
        step: u64,
        /// What failed.
        #[source]
        failure: IoFailure,
    },
    /// What should be saved could not be made.
    #[error("step {step} is not saved, {name} could not be made: {source}")]
    Content {
        /// The step.
        step: u64,
        /// The file it was for.
        name: String,
        /// What went wrong.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A name that could lead elsewhere.
    #[error("step {step} is not saved, {name:?} is no name for its file: {why}")]
    Name {
        /// The step.
        step: u64,
        /// The name.
        name: String,
        /// Why it is refused.
        why: NameFlaw,
    },
    /// The same name a second time, in one save.
    #[error("step {step} is not saved: it has two files called {name:?}, expected each name once")]
    Twice {
        /// The step.
        step: u64,
        /// The name.
        name: String,
    },
    /// More files than are read back.
    #[error("step {step} is not saved: it has more than {limit} files")]
    TooManyFiles {
        /// The step.
        step: u64,
        /// The limit.
        limit: usize,
    },
    /// The step was saved before and is in good order.
    #[error("{path}: is saved already; to go back to an earlier step, discard the later ones first", path = path.display())]
    Exists {
        /// The checkpoint.
        path: PathBuf,
    },
    /// The place is taken by something we did not put there.
    #[error("{path}: is not ours to replace: {flaw}; move it away, or choose another output_dir", path = path.display())]
    Taken {
        /// The folder.
        path: PathBuf,
        /// What shows that it is not ours.
        #[source]
        flaw: Flaw,
    },
}

/// A checkpoint that was found and not used, and why.
#[derive(Debug, Error)]
#[error("{path}: {flaw}", path = path.display())]
pub struct Skipped {
    /// Its step.
    pub step: u64,
    /// Its folder.
    pub path: PathBuf,
    /// What is wrong with it.
    #[source]
    pub flaw: Flaw,
}

/// A checkpoint that cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The run cannot be looked at.
    #[error(transparent)]
    Io(#[from] IoFailure),
    /// There is none of that step.
    #[error("{path}: found no checkpoint there; the run has {}", steps(available))]
    NotFound {
        /// Where it would be.
        path: PathBuf,
        /// The steps that there are.
        available: Vec<u64>,
    },
    /// It is not as it was saved.
    #[error(transparent)]
    Damaged(Skipped),
    /// There are checkpoints, and none is as it was saved.
    #[error("found {} checkpoints, none in good order: {}", skipped.len(), reasons(skipped))]
    NoneSound {
        /// All of them, newest first.
        skipped: Vec<Skipped>,
    },
    /// The checkpoint has no such file.
    #[error("{path}: holds no {name:?}; its files are {}", available.join(", "))]
    NoSuchFile {
        /// The checkpoint.
        path: PathBuf,
        /// The file asked for.
        name: String,
        /// The files it has.
        available: Vec<String>,
    },
}

fn steps(available: &[u64]) -> String {
    match available {
        [] => "none at all".to_owned(),
        steps => format!("steps {}", steps.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")),
    }
}

fn reasons(skipped: &[Skipped]) -> String {
    skipped.iter().map(Skipped::to_string).collect::<Vec<_>>().join("; ")
}
