//! The few file operations a checkpoint is made of, as a trait, so that a test can cut the power between any two.

use std::io::{self, Read, Write};
use std::path::Path;

/// What lies at a place of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file of so many bytes.
    File(u64),
    /// A folder.
    Folder,
    /// A link, pipe, device or socket: never opened.
    Other,
}

/// A file being written. What was not synced may be lost, whole or in part, when the power fails.
pub trait OutFile: Write + Send {
    /// Returns once everything written so far has reached the disk.
    fn sync(&mut self) -> io::Result<()>;
}

/// A file system: the real one, or [`SimulatedDisk`](crate::simulated::SimulatedDisk).
pub trait Fs: Send + Sync {
    /// Makes a folder where nothing is yet.
    fn create_folder(&self, path: &Path) -> io::Result<()>;

    /// Makes an empty file where nothing is yet; follows no link.
    fn create_file(&self, path: &Path) -> io::Result<Box<dyn OutFile>>;

    /// Gives a file or folder another name below the same folder. The new name must be free.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Returns once the names in a folder have reached the disk.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;

    /// Removes a folder with everything in it.
    fn remove_folder(&self, path: &Path) -> io::Result<()>;

    /// Says what lies at a path, without following a link; `None` when nothing does.
    fn kind(&self, path: &Path) -> io::Result<Option<Kind>>;

    /// The names in a folder, in no particular order. A name that is not Unicode is left out: none of ours is such.
    fn list(&self, path: &Path) -> io::Result<Vec<String>>;

    /// Opens a regular file for reading.
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>>;
}
