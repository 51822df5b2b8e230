//! A disk in memory that fails when a test says so.
//!
//! It keeps apart what programs see and what has reached the platter, as a real one with its caches does. A test runs
//! something once to count its operations, then again for each of them with a [`Fault`] planned there.
//!
//! ```
//! use checkpoint::simulated::{Fault, SimulatedDisk, Unsynced};
//! use checkpoint::{StepMeta, Store};
//!
//! let disk = SimulatedDisk::new();
//! let store = Store::new(disk.clone(), "/run");
//! store.save(1, &StepMeta::default(), |files| files.write("state", b"one"))?;
//!
//! disk.plan(disk.operations() + 5, Fault::PowerCut);
//! let second = store.save(2, &StepMeta::default(), |files| files.write("state", b"two"));
//! assert!(second.is_err());
//! disk.restart(Unsynced::Lost);
//! assert_eq!(store.latest()?.map(|loaded| loaded.step()), Some(1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod tree;

use std::fmt;
use std::io::{self, Cursor, Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::fs::{Fs, Kind, OutFile};
use tree::Tree;

/// What becomes of everything that was not synced when the power fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsynced {
    /// All of it is gone.
    Lost,
    /// Parts of it are there, chosen by a seed: some changes of names, some bytes, zeros where others were.
    Torn(u64),
    /// All of it is there.
    Kept,
}

/// What goes wrong at an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The power fails before it; nothing works until [`SimulatedDisk::restart`]. Half of a write gets through.
    PowerCut,
    /// From then on there is no room for anything new. Reading, renaming and removing still work.
    DiskFull,
    /// It alone fails, as on a bad sector.
    Broken,
}

/// A disk in memory. Clones are handles of the same disk.
#[derive(Clone)]
pub struct SimulatedDisk {
    state: Arc<Mutex<State>>,
}

struct State {
    tree: Tree,
    operations: u64,
    plan: Option<(u64, Fault)>,
    condition: Condition,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Condition {
    Good,
    Full,
    Off,
}

/// Whether an operation needs room.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Room,
    Nothing,
}

impl State {
    /// Counts an operation and says whether it may go on.
    fn begin(&mut self, needs: Needs) -> io::Result<()> {
        let number = self.operations;
        self.operations += 1;
        match self.plan {
            Some((at, Fault::PowerCut)) if at == number => self.condition = Condition::Off,
            Some((at, Fault::DiskFull)) if at == number => self.condition = Condition::Full,
            Some((at, Fault::Broken)) if at == number => {
                return Err(io::Error::other("input/output error"));
            }
            _ => {}
        }
        match self.condition {
            Condition::Off => Err(io::Error::other("the power is off")),
            Condition::Full if needs == Needs::Room => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for SimulatedDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        let mut out = f.debug_struct("SimulatedDisk");
        out.field("operations", &state.operations).field("plan", &state.plan).finish_non_exhaustive()
    }
}

impl Default for SimulatedDisk {
    fn default() -> Self {
        Self::new()
    }
}

impl SimulatedDisk {
    /// An empty disk in good order.
    pub fn new() -> Self {
        let state = State { tree: Tree::new(), operations: 0, plan: None, condition: Condition::Good };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// How many operations there have been, failed ones too.
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// Plans a fault for the operation of that number, counted from 0 since the disk was made.
    pub fn plan(&self, operation: u64, fault: Fault) {
        self.state().plan = Some((operation, fault));
    }

    /// Cuts the power if it is not off yet, decides what survived, and puts the disk into good order.
    pub fn restart(&self, unsynced: Unsynced) {
        self.state().tree.cut(unsynced);
        self.repair();
    }

    /// Ends whatever is wrong, without a loss of power.
    pub fn repair(&self) {
        let mut state = self.state();
        state.plan = None;
        state.condition = Condition::Good;
    }

    /// Changes the bytes of a file as a disk does that loses bits; not an operation.
    pub fn corrupt(&self, path: impl AsRef<Path>, change: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        self.state().tree.corrupt(path.as_ref(), change)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn operation<T>(&self, needs: Needs, act: impl FnOnce(&mut Tree) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.state();
        state.begin(needs)?;
        act(&mut state.tree)
    }
}

struct SimulatedFile {
    disk: SimulatedDisk,
    id: usize,
}

impl Write for SimulatedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.disk.state();
        let was = state.condition;
        let verdict = state.begin(Needs::Room);
        let through = match verdict {
            Ok(()) => bytes.len(),
            Err(_) if was == Condition::Good => bytes.len() / 2,
            Err(_) => 0,
        };
        state.tree.append(self.id, &bytes[..through]);
        verdict.map(|()| through)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl OutFile for SimulatedFile {
    fn sync(&mut self) -> io::Result<()> {
        let id = self.id;
        self.disk.operation(Needs::Room, |tree| {
            tree.sync_file(id);
            Ok(())
        })
    }
}

impl Fs for SimulatedDisk {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.operation(Needs::Room, |tree| tree.create_folder(path).map(drop))
    }

    fn create_file(&self, path: &Path) -> io::Result<Box<dyn OutFile>> {
        let id = self.operation(Needs::Room, |tree| tree.create_file(path))?;
        Ok(Box::new(SimulatedFile { disk: self.clone(), id }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.operation(Needs::Nothing, |tree| tree.rename(from, to))
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.operation(Needs::Room, |tree| tree.sync_folder(path))
    }

    /// Each name in it is an operation of its own.
    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        for name in self.list(path)? {
            let inner = path.join(name);
            match self.kind(&inner)? {
                Some(Kind::Folder) => self.remove_folder(&inner)?,
                _ => self.operation(Needs::Nothing, |tree| tree.remove(&inner))?,
            }
        }
        self.operation(Needs::Nothing, |tree| tree.remove(path))
    }

    fn kind(&self, path: &Path) -> io::Result<Option<Kind>> {
        self.operation(Needs::Nothing, |tree| {
            Ok(tree.find(path).map(|id| match tree.contents(id) {
                Some(bytes) => Kind::File(bytes.len() as u64),
                None => Kind::Folder,
            }))
        })
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        self.operation(Needs::Nothing, |tree| tree.names(path))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>> {
        let bytes = self.operation(Needs::Nothing, |tree| {
            let id = tree.find(path).ok_or(io::ErrorKind::NotFound)?;
            tree.contents(id).cloned().ok_or_else(|| io::ErrorKind::IsADirectory.into())
        })?;
        Ok(Box::new(Cursor::new(bytes)))
    }
}
