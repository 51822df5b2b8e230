//! The files of the repository, as git knows them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A text file of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextFile {
    /// Path from the root, with `/` between its parts.
    pub path: String,
    /// Its content.
    pub text: String,
}

impl TextFile {
    /// A file made in memory, for tests of rules.
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    /// Whether the file lies below the folder `folder` (given without a closing `/`).
    pub fn is_below(&self, folder: &str) -> bool {
        self.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// Why the files of the repository could not be listed.
#[derive(Debug)]
pub enum TreeError {
    /// git could not be started, or the folder is not a clone.
    Git {
        /// The folder that was asked about.
        root: PathBuf,
        /// What git, or the system, answered.
        answer: String,
    },
}

impl fmt::Display for TreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Git { root, answer } = self;
        write!(f, "{}: git ls-files failed ({answer}); run these tests in a git clone", root.display())
    }
}

impl std::error::Error for TreeError {}

/// Every file that git tracks or would track: new files are checked before they are committed.
#[derive(Clone, Debug)]
pub struct Tree {
    root: PathBuf,
    paths: Vec<String>,
}

impl Tree {
    /// Lists the clone at `root`.
    pub fn open(root: &Path) -> Result<Self, TreeError> {
        let fail = |answer: String| TreeError::Git { root: root.into(), answer };
        // A build machine may run as another user than the owner of the clone: git refuses that without safe.directory.
        let output = Command::new("git")
            .args(["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()
            .map_err(|error| fail(error.to_string()))?;
        if !output.status.success() {
            return Err(fail(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
        }
        let names = String::from_utf8_lossy(&output.stdout);
        let mut paths: Vec<String> = names
            .split('\0')
            // A file deleted but not yet committed is still listed.
            .filter(|path| !path.is_empty() && root.join(path).is_file())
            .map(str::to_owned)
            .collect();
        paths.sort();
        paths.dedup();
        Ok(Self { root: root.into(), paths })
    }

    /// Paths of all files, sorted.
    pub fn paths(&self) -> &[String] {
        &self.paths
    }

    /// The root of the clone.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The text of one file; `None` when it is absent or not UTF-8.
    pub fn text(&self, path: &str) -> Option<TextFile> {
        let text = std::fs::read_to_string(self.root.join(path)).ok()?;
        Some(TextFile { path: path.into(), text })
    }

    /// Every file that is UTF-8 text.
    pub fn text_files(&self) -> Vec<TextFile> {
        self.paths
            .iter()
            .filter_map(|path| self.text(path))
            .filter(|file| !file.text.contains('\0'))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_holds_what_lies_below_it_and_not_what_shares_its_first_letters() {
        assert!(TextFile::new("data/golden/x.json", "").is_below("data"));
        assert!(!TextFile::new("data-old/x.json", "").is_below("data"));
    }
}
