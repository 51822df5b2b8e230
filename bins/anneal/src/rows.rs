//! Rows from a file, made ready on another thread while the model works on earlier ones.

use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use vlm_processor::{LineError, Row, RowError, RowReader};

/// Batches that wait for the model at any time.
const AHEAD: usize = 2;

/// Why a file of rows cannot be worked through.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    /// The file cannot be read.
    #[error(transparent)]
    File(LineError),
    /// A line that is no row.
    #[error("{0}; rows of other layouts, and rows without ids, become such rows with `anneal data convert`")]
    Line(LineError),
    /// A row whose files or messages are unusable.
    #[error("{path}: line {line}: {source}", path = path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// Its line.
        line: u64,
        /// What is wrong.
        #[source]
        source: RowError,
    },
    /// Two rows of one name: results could not be told apart.
    #[error("{path}: line {line}: id {id:?} was used on line {first} already; ids must differ", path = path.display())]
    Duplicate {
        /// The file.
        path: PathBuf,
        /// The second line.
        line: u64,
        /// The first line.
        first: u64,
        /// The id.
        id: String,
    },
}

impl From<LineError> for RowsError {
    fn from(error: LineError) -> Self {
        match error {
            LineError::Row { .. } => Self::Line(error),
            _ => Self::File(error),
        }
    }
}

/// Which rows to work through.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// A JSONL file.
    pub input: &'a Path,
    /// Rows that are handed over together.
    pub batch: usize,
    /// Ids of rows that need no more work.
    pub done: &'a HashSet<String>,
}

/// A row and what was made of it.
pub struct Ready<T> {
    /// The row's line, from 1.
    pub line: u64,
    /// The row's id.
    pub id: String,
    /// What was made of it.
    pub item: T,
}

/// The folder that a file's rows are relative to.
pub fn root_of(input: &Path) -> &Path {
    input.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Number of lines in a file that are not blank, for the length of a bar; that there is none is said.
pub fn count(input: &Path) -> Result<u64, LineError> {
    let rows = lines(input).map_err(|source| LineError::Open { path: input.to_owned(), source })?;
    if rows == 0 {
        eprintln!("{}: found no rows", input.display());
    }
    Ok(rows)
}

fn lines(input: &Path) -> std::io::Result<u64> {
    let mut file = BufReader::with_capacity(1 << 20, vlm_processor::open_regular(input)?);
    let (mut lines, mut blank) = (0, true);
    loop {
        let buffer = file.fill_buf()?;
        if buffer.is_empty() {
            return Ok(lines + u64::from(!blank));
        }
        for byte in buffer {
            match byte {
                b'\n' => {
                    lines += u64::from(!blank);
                    blank = true;
                }
                byte => blank &= byte.is_ascii_whitespace(),
            }
        }
        let used = buffer.len();
        file.consume(used);
    }
}

/// Reads the rows, prepares a batch of them at a time in parallel, and hands the batches to `work` in order. The
/// first bad row ends everything, after the rows before it were worked on.
pub fn for_each_batch<T: Send>(
    source: Source,
    prepare: impl Fn(&Row) -> Result<T, RowError> + Sync,
    mut work: impl FnMut(Vec<Ready<T>>) -> Result<(), Box<dyn std::error::Error>>,
) -> Result<(), Box<dyn std::error::Error>> {
    let reader = RowReader::open(source.input).map_err(RowsError::from)?;
    std::thread::scope(|scope| {
        let (sender, receiver): (_, Receiver<Batch<T>>) = sync_channel(AHEAD);
        scope.spawn(|| produce(source, reader, &prepare, sender));
        for batch in receiver {
            work(batch?)?;
        }
        Ok(())
    })
}

type Batch<T> = Result<Vec<Ready<T>>, RowsError>;

fn produce<T: Send>(
    source: Source,
    reader: RowReader,
    prepare: &(impl Fn(&Row) -> Result<T, RowError> + Sync),
    sender: SyncSender<Batch<T>>,
) {
    let path = source.input;
    let mut rows =
        distinct(path, reader).filter(|row| !matches!(row, Ok((_, row)) if source.done.contains(&row.id)));
    loop {
        let taken: Vec<_> = rows.by_ref().take(source.batch.max(1)).collect();
        if taken.is_empty() {
            return;
        }
        let ready = taken.into_par_iter().map(|row| {
            let (line, row) = row?;
            let item =
                prepare(&row).map_err(|source| RowsError::Row { path: path.to_owned(), line, source })?;
            Ok(Ready { line, id: row.id, item })
        });
        if !send(ready.collect(), &sender) {
            return;
        }
    }
}

/// Sends the rows before the first bad one, then its error; false when nothing more should be sent.
fn send<T>(ready: Vec<Result<Ready<T>, RowsError>>, sender: &SyncSender<Batch<T>>) -> bool {
    let mut good = Vec::with_capacity(ready.len());
    for row in ready {
        match row {
            Ok(row) => good.push(row),
            Err(error) => {
                // Either send may find that the other side gave up; then nobody wants the rest.
                let _ = sender.send(Ok(good)).and_then(|()| sender.send(Err(error)));
                return false;
            }
        }
    }
    sender.send(Ok(good)).is_ok()
}

/// The rows with their lines; a second use of an id is an error.
fn distinct(input: &Path, reader: RowReader) -> impl Iterator<Item = Result<(u64, Row), RowsError>> {
    let mut first_lines: HashMap<String, u64> = HashMap::new();
    reader.map(move |(line, row)| {
        let row = row?;
        if let Some(first) = first_lines.insert(row.id.clone(), line) {
            return Err(RowsError::Duplicate { path: input.to_owned(), line, first, id: row.id });
        }
        Ok((line, row))
    })
}
