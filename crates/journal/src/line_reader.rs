//! Reading a file of JSON lines, one record each.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::error::{JournalError, LineProblem};

/// The longest line that is read.
pub(crate) const LINE_LIMIT: u64 = 64 << 20;

/// A line that is a record.
pub(crate) struct Line<T> {
    /// The bytes, with the end of line.
    pub(crate) bytes: Vec<u8>,
    /// What they say.
    pub(crate) record: T,
}

/// The records of a file, from the first.
///
/// A process that is killed, or a power cut, can leave the end of a file in pieces: lines that make no sense are no error
/// when no record follows them. In front of a record they are.
pub(crate) struct LineReader<T> {
    file: Option<BufReader<File>>,
    path: PathBuf,
    line: u64,
    /// The first line that makes no sense.
    torn: Option<(u64, LineProblem)>,
    record: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> LineReader<T> {
    /// Opens a file. One that is not there has no records.
    pub(crate) fn open(path: &Path) -> Result<Self, JournalError> {
        let file = match File::open(path) {
            Ok(file) => Some(BufReader::with_capacity(1 << 18, file)),
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => None,
            Err(other) => return Err(JournalError::io(path)(other)),
        };
        Ok(Self { file, path: path.to_owned(), line: 0, torn: None, record: PhantomData })
    }

    /// Whether lines that make no sense end the file. Known once all records were read.
    pub(crate) fn is_torn(&self) -> bool {
        self.torn.is_some()
    }

    fn read(&mut self) -> Result<Option<Line<T>>, JournalError> {
        loop {
            let Some(file) = &mut self.file else { return Ok(None) };
            let mut bytes = Vec::new();
            let mut limited = file.take(LINE_LIMIT);
            limited.read_until(b'\n', &mut bytes).map_err(JournalError::io(&self.path))?;
            if bytes.is_empty() {
                return Ok(None);
            }
            self.line += 1;
            match parse(&bytes) {
                Ok(record) => return self.before_torn(Line { bytes, record }).map(Some),
                Err(problem) => {
                    self.torn.get_or_insert((self.line, problem));
                }
            }
        }
    }

    fn before_torn(&mut self, line: Line<T>) -> Result<Line<T>, JournalError> {
        match self.torn.take() {
            None => Ok(line),
            Some((line, problem)) => Err(JournalError::Line { path: self.path.clone(), line, problem }),
        }
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, LineProblem> {
    if bytes.len() as u64 >= LINE_LIMIT {
        return Err(LineProblem::TooLong { limit: LINE_LIMIT });
    }
    Ok(serde_json::from_slice(bytes)?)
}

impl<T: DeserializeOwned> Iterator for LineReader<T> {
    type Item = Result<Line<T>, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.read().transpose();
        if !matches!(next, Some(Ok(_))) {
            self.file = None;
        }
        next
    }
}

/// The records of several files, one after the other.
pub(crate) struct Chain<T> {
    files: VecDeque<PathBuf>,
    current: Option<LineReader<T>>,
}

impl<T> Chain<T> {
    pub(crate) fn new(files: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { files: files.into_iter().collect(), current: None }
    }
}

impl<T: DeserializeOwned> Iterator for Chain<T> {
    type Item = Result<T, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(line) = self.current.as_mut().and_then(Iterator::next) {
                return Some(line.map(|line| line.record));
            }
            match LineReader::open(&self.files.pop_front()?) {
                Ok(reader) => self.current = Some(reader),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
