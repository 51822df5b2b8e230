//! Checkpoints of a run, for those who give the run's folder.

use std::fs;
use std::path::{Path, PathBuf};

/// The newest `checkpoint-N` of a run that holds what is wanted; `None` where the folder is no run or has none.
///
/// ```
/// let run = tempfile::tempdir()?;
/// for step in [9, 10] {
///     std::fs::create_dir(run.path().join(format!("checkpoint-{step}")))?;
/// }
/// let newest = recipe::newest_checkpoint(run.path(), |_| true);
/// assert_eq!(newest, Some(run.path().join("checkpoint-10")));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn newest_checkpoint(run: &Path, holds: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    let folders = fs::read_dir(run).ok()?.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let steps = folders.filter_map(|folder| {
        let step: u64 = folder.file_name()?.to_str()?.strip_prefix("checkpoint-")?.parse().ok()?;
        holds(&folder).then_some((step, folder))
    });
    steps.max().map(|(_, folder)| folder)
}
