//! A file of JSON lines that grows at its end and is cut back when a run is continued.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::JournalError;
use crate::line_reader::LineReader;

/// Where a run begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With nothing: records of an earlier run are an error.
    Fresh,
    /// After a step: records of later steps are cut off, and so is an end in pieces.
    After(u64),
}

/// A record that knows its step.
pub(crate) trait Stepped: Serialize + DeserializeOwned {
    /// The step it was made in.
    fn step(&self) -> u64;
}

/// A file of records.
#[derive(Debug)]
pub(crate) struct LineLog<T> {
    file: File,
    path: PathBuf,
    /// Up to here the file holds whole lines.
    whole: u64,
    record: PhantomData<fn(T)>,
}

impl<T: Stepped> LineLog<T> {
    /// Opens a log for what follows; makes it, and the folders above, when it is not there.
    pub(crate) fn open(path: PathBuf, start: Start) -> Result<Self, JournalError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(JournalError::io(folder))?;
        match start {
            Start::Fresh if fs::metadata(&path).is_ok_and(|facts| facts.len() > 0) => {
                return Err(JournalError::NotFresh { path });
            }
            Start::After(step) if path.exists() => cut_after::<T>(&path, step)?,
            Start::Fresh | Start::After(_) => {}
        }
        let opened = OpenOptions::new().create(true).append(true).open(&path);
        let file = opened.map_err(JournalError::io(&path))?;
        let whole = file.metadata().map_err(JournalError::io(&path))?.len();
        sync_folder(folder).map_err(JournalError::io(folder))?;
        Ok(Self { file, path, whole, record: PhantomData })
    }

    /// Adds a record. It is with the operating system when this returns, so that a killed process loses none.
    pub(crate) fn append(&mut self, record: &T) -> Result<(), JournalError> {
        let mut line = serde_json::to_vec(record).map_err(|error| JournalError::Record {
            path: self.path.clone(),
            step: record.step(),
            problem: error.into(),
        })?;
        line.push(b'\n');
        let written = self.file.write_all(&line);
        if written.is_err() {
            // Half a line must not stand before the next one; should this fail too, the reader says where.
            let _ = self.file.set_len(self.whole);
        }
        written.map_err(JournalError::io(&self.path))?;
        self.whole += line.len() as u64;
        Ok(())
    }

    /// Returns once every record has reached the disk.
    pub(crate) fn sync(&self) -> Result<(), JournalError> {
        self.file.sync_all().map_err(JournalError::io(&self.path))
    }
}

/// Leaves the records up to a step: writes them beside the file and puts them in its place, so that a loss of power
/// leaves the old file or the new one.
fn cut_after<T: Stepped>(path: &Path, step: u64) -> Result<(), JournalError> {
    let scratch = path.with_extension("jsonl.tmp");
    let mut lines = LineReader::<T>::open(path)?;
    let mut kept = BufWriter::new(File::create(&scratch).map_err(JournalError::io(&scratch))?);
    let mut cut = false;
    for line in &mut lines {
        let line = line?;
        let stays = line.record.step() <= step && line.bytes.ends_with(b"\n");
        cut |= !stays;
        if stays {
            kept.write_all(&line.bytes).map_err(JournalError::io(&scratch))?;
        }
    }
    if !(cut || lines.is_torn()) {
        return fs::remove_file(&scratch).map_err(JournalError::io(scratch));
    }
    replace(kept, &scratch, path).map_err(JournalError::io(path))
}

fn replace(kept: BufWriter<File>, scratch: &Path, path: &Path) -> io::Result<()> {
    kept.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    fs::rename(scratch, path)?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}

/// Returns once the names in a folder have reached the disk.
#[cfg(unix)]
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Windows offers no such call.
#[cfg(not(unix))]
pub(crate) fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}
