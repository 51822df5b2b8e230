//! One process at a time on a run.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::error::{Action, IoFailure};
use crate::real_fs::RealFs;
use crate::run_folder;

/// The lock's file below a run.
const FILE: &str = "run.lock";
/// How long a new holder may take to write its name.
const PATIENCE: Duration = Duration::from_secs(1);
/// No holder's line is longer.
const LINE_LIMIT: u64 = 1024;

/// The right to write into a run, held until it is dropped or the process ends, however it ends.
///
/// The operating system keeps the lock, so none is ever left over; the file says who holds it and stays behind,
/// empty, because removing it would let two processes hold two files of one name.
#[derive(Debug)]
pub struct RunLock {
    file: File,
    run: PathBuf,
}

/// Who holds a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The number of the process.
    pub pid: u32,
    /// The machine it runs on.
    pub host: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} on {}", self.pid, self.host)
    }
}

/// A run that cannot be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LockError {
    /// Somebody else is at work on it.
    #[error(
        "{path}: {} is at work on this run; wait for it, stop it, or choose another output_dir",
        name(holder.as_ref()), path = path.display()
    )]
    Held {
        /// The run's folder.
        path: PathBuf,
        /// Who; unknown when it has not said so yet.
        holder: Option<Holder>,
    },
    /// The lock cannot be made.
    #[error(transparent)]
    Io(#[from] IoFailure),
}

fn name(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "another process".to_owned(), Holder::to_string)
}

impl RunLock {
    /// Takes the run in a folder, which is made when it is not there.
    pub fn acquire(run_dir: impl Into<PathBuf>) -> Result<Self, LockError> {
        let run = run_dir.into();
        run_folder::make(&RealFs, &run)?;
        let path = run.join(FILE);
        let mut file = open(&path).map_err(IoFailure::of(Action::Lock, &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = read_patiently(&path);
                return Err(LockError::Held { path: run, holder });
            }
            Err(TryLockError::Error(source)) => {
                return Err(IoFailure::of(Action::Lock, path)(source).into());
            }
        }
        say_who(&mut file).map_err(IoFailure::of(Action::Write, path))?;
        Ok(Self { file, run })
    }

    /// The run's folder.
    pub fn run_dir(&self) -> &Path {
        &self.run
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // Only the name in the file is stale when this fails; the lock itself goes with the handle.
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

fn open(path: &Path) -> io::Result<File> {
    match fs::symlink_metadata(path) {
        Ok(facts) if !facts.is_file() => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "found a folder or link, expected a regular file",
        )),
        _ => OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path),
    }
}

fn say_who(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(format!("{} {}\n", process::id(), host()).as_bytes())
}

/// Reads who holds a lock. The holder may have taken it a moment ago and its name not yet be there, or the name of one
/// that was killed before still be: such answers are asked for again, for a while.
fn read_patiently(path: &Path) -> Option<Holder> {
    let start = Instant::now();
    loop {
        let holder = read_holder(path);
        if holder.as_ref().is_some_and(may_live) || start.elapsed() > PATIENCE {
            return holder;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn read_holder(path: &Path) -> Option<Holder> {
    let mut line = String::new();
    File::open(path).ok()?.take(LINE_LIMIT).read_to_string(&mut line).ok()?;
    let (pid, host) = line.strip_suffix('\n')?.split_once(' ')?;
    let host = host.chars().filter(|letter| !letter.is_control()).collect();
    Some(Holder { pid: pid.parse().ok()?, host })
}

/// Whether a holder may be alive: true unless this machine says otherwise.
fn may_live(holder: &Holder) -> bool {
    let processes = Path::new("/proc");
    let says_otherwise = processes.join("self").exists() && !processes.join(holder.pid.to_string()).exists();
    holder.host != host() || !says_otherwise
}

fn host() -> String {
    let name =
        fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| std::env::var("HOSTNAME").ok());
    name.map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "this machine".to_owned())
}
