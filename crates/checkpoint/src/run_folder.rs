//! Making a run's folder so that its name survives as well as what is in it.

use std::io;
use std::path::Path;

use crate::error::{Action, IoFailure};
use crate::fs::Fs;

/// Makes a folder and those above it that are missing, and syncs the name of each.
pub(crate) fn make(fs: &dyn Fs, run: &Path) -> Result<(), IoFailure> {
    let mut missing = Vec::new();
    for folder in run.ancestors().take_while(|folder| !folder.as_os_str().is_empty()) {
        if fs.kind(folder).map_err(IoFailure::of(Action::Read, folder))?.is_some() {
            break;
        }
        missing.push(folder);
    }
    missing.into_iter().rev().try_for_each(|folder| make_one(fs, folder))
}

fn make_one(fs: &dyn Fs, folder: &Path) -> Result<(), IoFailure> {
    match fs.create_folder(folder) {
        // Somebody else was quicker, and may not have synced it yet.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        other => other.map_err(IoFailure::of(Action::Create, folder))?,
    }
    let above = match folder.parent() {
        Some(here) if here.as_os_str().is_empty() => Path::new("."),
        Some(above) => above,
        None => return Ok(()),
    };
    fs.sync_folder(above).map_err(IoFailure::of(Action::Sync, above))
}
