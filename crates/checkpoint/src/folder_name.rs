//! The names of folders below a run: checkpoints, scratch, trash. Anything else is not ours and is left alone.

use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the name of a folder says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FolderName {
    /// `checkpoint-<step>`: finished.
    Checkpoint(u64),
    /// `checkpoint-<step>.tmp-<pid>-<n>`: being written, or left over.
    Scratch,
    /// `.trash-checkpoint-<step>-<pid>-<n>`: being removed, or left over.
    Trash,
}

/// The name of a finished checkpoint.
pub(crate) fn checkpoint(step: u64) -> String {
    format!("checkpoint-{step}")
}

/// A fresh name for a checkpoint that is being written.
pub(crate) fn scratch(step: u64) -> String {
    format!("checkpoint-{step}.tmp-{}-{}", process::id(), count())
}

/// A fresh name for a checkpoint that is about to be removed.
pub(crate) fn trash(step: u64) -> String {
    format!(".trash-checkpoint-{step}-{}-{}", process::id(), count())
}

fn count() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Reads the name of a folder; `None` when it is not ours.
pub(crate) fn parse(name: &str) -> Option<FolderName> {
    if let Some(rest) = name.strip_prefix(".trash-checkpoint-") {
        return are_numbers(rest.split('-'), 3).then_some(FolderName::Trash);
    }
    let rest = name.strip_prefix("checkpoint-")?;
    match rest.split_once(".tmp-") {
        None => number(rest).map(FolderName::Checkpoint),
        Some((step, writer)) => {
            (number(step).is_some() && are_numbers(writer.split('-'), 2)).then_some(FolderName::Scratch)
        }
    }
}

fn are_numbers<'a>(parts: impl Iterator<Item = &'a str>, expected: usize) -> bool {
    let parts: Vec<_> = parts.collect();
    parts.len() == expected && parts.iter().all(|part| number(part).is_some())
}

/// A number written the one way we write it: `7`, never `07` or `+7`.
fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|value: &u64| value.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_names_are_read_back() {
        for step in [0, 7, 500, u64::MAX] {
            assert_eq!(parse(&checkpoint(step)), Some(FolderName::Checkpoint(step)));
            assert_eq!(parse(&scratch(step)), Some(FolderName::Scratch));
            assert_eq!(parse(&trash(step)), Some(FolderName::Trash));
        }
    }

    #[test]
    fn names_of_others_are_left_alone() {
        for name in [
            "checkpoint-",
            "checkpoint-07",
            "checkpoint-+7",
            "checkpoint-7.bak",
            "checkpoint-7.tmp-1",
            "checkpoint-7.tmp-1-x",
            "checkpoint-18446744073709551616",
            "checkpoint-best",
            "my-checkpoint-7",
            ".trash-checkpoint-7-1",
            ".trash",
            "rollouts",
        ] {
            assert_eq!(parse(name), None, "{name}");
        }
    }
}
