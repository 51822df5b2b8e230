//! What can be wrong with a checkpoint on the disk.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::file_name::NameFlaw;
use crate::manifest::MANIFEST;

/// What is wrong with a checkpoint.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Flaw {
    /// It has no manifest: another program wrote it.
    #[error("found no manifest.json, so another program wrote it")]
    NoManifest,
    /// The manifest is not as it was written.
    #[error("manifest.json: {0}")]
    Manifest(#[from] ManifestFlaw),
    /// The folder was renamed, or the manifest belongs to another one.
    #[error("manifest.json: found step {found}, expected {expected} as the folder's name says")]
    Step {
        /// The step of the manifest.
        found: u64,
        /// The step of the folder.
        expected: u64,
    },
    /// A file is gone.
    #[error("{name}: is missing")]
    Missing {
        /// The file.
        name: String,
    },
    /// Something else stands in a file's place.
    #[error("{name}: found a folder, link or device, expected a regular file")]
    NotAFile {
        /// The name.
        name: String,
    },
    /// A file was cut or grew.
    #[error("{name}: found {found} bytes, expected {expected}")]
    Length {
        /// The file.
        name: String,
        /// Its length.
        found: u64,
        /// Its length when it was saved.
        expected: u64,
    },
    /// A file has other contents than were saved.
    #[error("{name}: its SHA-256 is {found}, expected {expected}: the contents changed since it was saved")]
    Digest {
        /// The file.
        name: String,
        /// Its digest.
        found: String,
        /// Its digest when it was saved.
        expected: String,
    },
    /// The system cannot read it.
    #[error("cannot read {path}: {source}", path = path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Flaw {
    /// Whether it says that somebody else put the folder there: another program, another version of this one, or a
    /// person who gave it the name. Such a folder is neither replaced nor removed.
    pub(crate) fn is_foreign(&self) -> bool {
        match self {
            Self::NoManifest | Self::Step { .. } | Self::Manifest(ManifestFlaw::Version { .. }) => true,
            Self::NotAFile { name } => name == MANIFEST,
            _ => false,
        }
    }
}

/// What is wrong with a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ManifestFlaw {
    /// A bit of it changed, or its end is missing.
    #[error("its checksum does not match: it was cut or changed since it was saved")]
    Checksum,
    /// The checksum holds, the contents make no sense.
    #[error("{0}")]
    Malformed(String),
    /// Another version of the format.
    #[error(
        "found version {found}, expected 1 to {newest}; use the version of this program that wrote the checkpoint, \
         or a later one"
    )]
    Version {
        /// The version.
        found: u32,
        /// The newest that is read.
        newest: u32,
    },
    /// Longer than any manifest of ours.
    #[error("found {found} bytes, expected at most {limit}")]
    TooLong {
        /// Its length.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// More files than are read.
    #[error("found {found} files, expected at most {limit}")]
    TooManyFiles {
        /// How many it lists.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// A name that could lead elsewhere.
    #[error("found the file name {name:?}, expected a plain one: {why}")]
    Name {
        /// The name.
        name: String,
        /// Why it is refused.
        why: NameFlaw,
    },
    /// One file, two entries.
    #[error("found the file {name:?} twice, expected each once")]
    Twice {
        /// The file.
        name: String,
    },
}
