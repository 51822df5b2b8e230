//! Metrics as TensorBoard reads them: files of framed records, each a small protocol buffer.

mod crc;
mod wire;

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::JournalError;
use crate::line_log::Start;
use crate::metrics::MetricLine;
use wire::Event;

/// An event file of a run, for writing.
///
/// Tags are named as Hugging Face's trainers name them: `train/loss`, `eval/accuracy`.
#[derive(Debug)]
pub struct TensorBoard {
    out: BufWriter<File>,
    path: PathBuf,
}

impl TensorBoard {
    /// Begins an event file. TensorBoard reads it after the earlier ones of the run and, when the run starts after a
    /// step, forgets what those say of later steps.
    pub fn create(run_dir: impl AsRef<Path>, start: Start) -> Result<Self, JournalError> {
        let folder = run_dir.as_ref();
        fs::create_dir_all(folder).map_err(JournalError::io(folder))?;
        let path = folder.join(file_name());
        let opened = OpenOptions::new().write(true).create_new(true).open(&path);
        let out = BufWriter::new(opened.map_err(JournalError::io(&path))?);
        let mut board = Self { out, path };
        board.write(0, Event::Version)?;
        if let Start::After(step) = start {
            board.write(step.saturating_add(1), Event::Restart)?;
        }
        board.flush()?;
        Ok(board)
    }

    /// The event file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds the numbers of a step.
    pub fn append(&mut self, line: &MetricLine) -> Result<(), JournalError> {
        let values = line.values.iter().filter(|(_, value)| value.is_finite());
        let scalars = values.map(|(name, &value)| (tag(name), value as f32)).collect::<Vec<_>>();
        self.write(line.step, Event::Scalars(&scalars))
    }

    /// Hands everything to the operating system, where TensorBoard sees it.
    pub fn flush(&mut self) -> Result<(), JournalError> {
        self.out.flush().map_err(JournalError::io(&self.path))
    }

    fn write(&mut self, step: u64, event: Event<'_>) -> Result<(), JournalError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let record = wire::frame(&wire::event(now.as_secs_f64(), step, event));
        self.out.write_all(&record).map_err(JournalError::io(&self.path))
    }
}

/// `eval_loss` becomes `eval/loss`, everything else goes below `train/`.
fn tag(name: &str) -> String {
    match name.strip_prefix("eval_") {
        Some(rest) => format!("eval/{rest}"),
        None => format!("train/{name}"),
    }
}

/// TensorBoard looks for `tfevents` in the name and reads the files of a folder in the order of their names.
fn file_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("events.out.tfevents.{:010}.{:09}.{}.{number}", now.as_secs(), now.subsec_nanos(), process::id())
}
