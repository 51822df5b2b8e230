//! Writing a checkpoint so that it is there in whole or not at all.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Action, IoFailure, SaveError};
use crate::file_name::FileName;
use crate::flaw::Flaw;
use crate::folder_name;
use crate::fs::Fs;
use crate::hashing::Hashing;
use crate::inspect;
use crate::manifest::{FILES_LIMIT, FileEntry, MANIFEST, MANIFEST_VERSION, Manifest, StepMeta};
use crate::run_folder;
use crate::store::Store;

/// A checkpoint that has reached the disk.
#[derive(Debug)]
pub struct Saved {
    /// Its step.
    pub step: u64,
    /// Its folder.
    pub path: PathBuf,
    /// The length of its files in all, without the manifest.
    pub bytes: u64,
    /// Steps whose checkpoints were removed because there were more than the limit.
    pub retired: Vec<u64>,
    /// Why old checkpoints could not be removed, if so. The new one is safe all the same.
    pub not_retired: Option<IoFailure>,
}

impl Store {
    /// Saves a step: `write` puts its files, one by one.
    ///
    /// Everything is written beside its destination and synced, the manifest last; then one rename makes it appear.
    /// When this returns `Ok`, the checkpoint survives a loss of power; when it returns an error, or never returns,
    /// the earlier ones are as they were. A damaged checkpoint of the same step is replaced, one in good order never.
    pub fn save(
        &self,
        step: u64,
        meta: &StepMeta,
        write: impl FnOnce(&mut Files<'_>) -> Result<(), SaveError>,
    ) -> Result<Saved, SaveError> {
        let io = |failure| SaveError::Io { step, failure };
        let damaged = self.is_free_but_for_damage(step)?;
        run_folder::make(&*self.fs, &self.run).map_err(io)?;
        let scratch = self.run.join(folder_name::scratch(step));
        let done = self
            .fill(&scratch, step, meta, write)
            .and_then(|bytes| self.publish(&scratch, step, damaged).map(|()| bytes).map_err(io));
        if done.is_err() {
            // The first error is the one to report; what remains is removed when the run is opened next.
            let _ = self.fs.remove_folder(&scratch);
        }
        let bytes = done?;
        self.remember_sound(step);
        let (retired, not_retired) = self.retire();
        Ok(Saved { step, path: self.path(step), bytes, retired, not_retired })
    }

    /// Whether something damaged has to make way; an error when the place cannot be had.
    fn is_free_but_for_damage(&self, step: u64) -> Result<bool, SaveError> {
        let path = self.path(step);
        if self.kind(&path).map_err(|failure| SaveError::Io { step, failure })?.is_none() {
            return Ok(false);
        }
        match inspect::sound(&*self.fs, &path, step) {
            Ok(_) => Err(SaveError::Exists { path }),
            Err(flaw) if flaw.is_foreign() => Err(SaveError::Taken { path, flaw }),
            Err(Flaw::Unreadable { path, source }) => {
                Err(SaveError::Io { step, failure: IoFailure::of(Action::Read, path)(source) })
            }
            Err(_) => Ok(true),
        }
    }

    /// Writes the files and the manifest into a fresh folder, down to the disk, and returns the files' length.
    fn fill(
        &self,
        scratch: &Path,
        step: u64,
        meta: &StepMeta,
        write: impl FnOnce(&mut Files<'_>) -> Result<(), SaveError>,
    ) -> Result<u64, SaveError> {
        let io = |failure| SaveError::Io { step, failure };
        self.fs.create_folder(scratch).map_err(IoFailure::of(Action::Create, scratch)).map_err(io)?;
        let mut files = Files { fs: &*self.fs, folder: scratch, step, entries: Vec::new() };
        write(&mut files)?;
        let manifest = Manifest { version: MANIFEST_VERSION, step, meta: meta.clone(), files: files.entries };
        let text = manifest.encode().map_err(|source| SaveError::Content {
            step,
            name: MANIFEST.to_owned(),
            source: source.into(),
        })?;
        write_file(&*self.fs, &scratch.join(MANIFEST), |out| out.write_all(&text)).map_err(io)?;
        self.fs.sync_folder(scratch).map_err(IoFailure::of(Action::Sync, scratch)).map_err(io)?;
        Ok(manifest.bytes())
    }

    /// Gives a finished folder its name.
    fn publish(&self, scratch: &Path, step: u64, damaged: bool) -> Result<(), IoFailure> {
        let path = self.path(step);
        let displaced = if damaged { Some(self.move_to_trash(step)?) } else { None };
        self.fs.rename(scratch, &path).map_err(IoFailure::of(Action::Rename, path))?;
        self.fs.sync_folder(&self.run).map_err(IoFailure::of(Action::Sync, &self.run))?;
        if let Some(trash) = displaced {
            // It is out of the way; if it stays, it is removed when the run is opened next.
            let _ = self.fs.remove_folder(&trash);
        }
        Ok(())
    }
}

/// The files of a checkpoint that is being saved.
pub struct Files<'a> {
    fs: &'a dyn Fs,
    folder: &'a Path,
    step: u64,
    entries: Vec<FileEntry>,
}

impl Files<'_> {
    /// Writes a file.
    pub fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), SaveError> {
        self.write_with(name, |out| out.write_all(bytes))
    }

    /// Writes a file piece by piece, for what should not be in memory twice.
    pub fn write_with(
        &mut self,
        name: &str,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), SaveError> {
        let name = self.fresh_name(name)?;
        let (length, sha256) = write_file(self.fs, &self.folder.join(&name), fill)
            .map_err(|failure| SaveError::Io { step: self.step, failure })?;
        self.entries.push(FileEntry { name, length, sha256 });
        Ok(())
    }

    fn fresh_name(&self, name: &str) -> Result<String, SaveError> {
        let step = self.step;
        let name = match FileName::new(name) {
            Ok(name) => name.as_str().to_owned(),
            Err(why) => return Err(SaveError::Name { step, name: name.to_owned(), why }),
        };
        let taken: BTreeSet<&str> = self.entries.iter().map(|entry| entry.name.as_str()).collect();
        if taken.contains(name.as_str()) {
            return Err(SaveError::Twice { step, name });
        }
        if taken.len() == FILES_LIMIT {
            return Err(SaveError::TooManyFiles { step, limit: FILES_LIMIT });
        }
        Ok(name)
    }
}

/// Writes one file down to the disk and returns its length and digest.
fn write_file(
    fs: &dyn Fs,
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(u64, String), IoFailure> {
    let file = fs.create_file(path).map_err(IoFailure::of(Action::Create, path))?;
    let mut out = BufWriter::with_capacity(1 << 20, Hashing::new(file));
    fill(&mut out).and_then(|()| out.flush()).map_err(IoFailure::of(Action::Write, path))?;
    let hashing = out.get_mut();
    hashing.inner.sync().map_err(IoFailure::of(Action::Sync, path))?;
    Ok((hashing.length, hashing.digest()))
}

impl fmt::Debug for Files<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Files");
        out.field("folder", &self.folder).field("step", &self.step).field("entries", &self.entries);
        out.finish_non_exhaustive()
    }
}
