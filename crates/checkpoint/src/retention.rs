//! Which checkpoints go when there are too many, and how.

use std::path::PathBuf;

use crate::error::{Action, IoFailure};
use crate::flaw::Flaw;
use crate::folder_name;
use crate::inspect;
use crate::store::Store;

/// However low the limit, so many in good order stay.
const AT_LEAST: usize = 2;

impl Store {
    /// Removes the checkpoints after a step, newest first, so that a run can go back to it; returns their steps.
    ///
    /// Folders that somebody else put there stay.
    pub fn discard_after(&self, step: u64) -> Result<Vec<u64>, IoFailure> {
        let mut gone = Vec::new();
        for later in self.steps()?.into_iter().rev().take_while(|&later| later > step) {
            if self.is_ours(later) {
                self.remove(later)?;
                gone.push(later);
            }
        }
        Ok(gone)
    }

    /// Removes what is older than the newest ones in good order that the limit asks to keep.
    pub(crate) fn retire(&self) -> (Vec<u64>, Option<IoFailure>) {
        let mut retired = Vec::new();
        let failure = self.retire_into(&mut retired).err();
        (retired, failure)
    }

    fn retire_into(&self, retired: &mut Vec<u64>) -> Result<(), IoFailure> {
        let Some(limit) = self.limit else { return Ok(()) };
        let mut sound = 0;
        for step in self.steps()?.into_iter().rev() {
            if sound < limit.get().max(AT_LEAST) {
                sound += usize::from(self.is_sound(step));
            } else if self.is_ours(step) {
                self.remove(step)?;
                retired.push(step);
            }
        }
        Ok(())
    }

    /// Moves a checkpoint out of the way, for good, and then removes it: a loss of power in between leaves no half of
    /// it under its name.
    fn remove(&self, step: u64) -> Result<(), IoFailure> {
        let trash = self.move_to_trash(step)?;
        self.fs.sync_folder(&self.run).map_err(IoFailure::of(Action::Sync, &self.run))?;
        self.fs.remove_folder(&trash).map_err(IoFailure::of(Action::Remove, trash))
    }

    pub(crate) fn move_to_trash(&self, step: u64) -> Result<PathBuf, IoFailure> {
        let path = self.path(step);
        let trash = self.run.join(folder_name::trash(step));
        self.forget(step);
        self.fs.rename(&path, &trash).map_err(IoFailure::of(Action::Rename, path))?;
        Ok(trash)
    }

    /// Whether a checkpoint is in good order. Its bytes are read once per process, its outline each time.
    fn is_sound(&self, step: u64) -> bool {
        let path = self.path(step);
        if self.with_known(|known| known.contains(&step)) {
            return inspect::outline(&*self.fs, &path, step).is_ok();
        }
        let sound = inspect::sound(&*self.fs, &path, step).is_ok();
        if sound {
            self.remember_sound(step);
        }
        sound
    }

    /// Whether a folder may be removed: its manifest can be looked at, and is ours, be it damaged.
    fn is_ours(&self, step: u64) -> bool {
        match inspect::manifest(&*self.fs, &self.path(step), step) {
            Err(Flaw::Unreadable { .. }) => false,
            Err(flaw) => !flaw.is_foreign(),
            Ok(_) => true,
        }
    }
}
