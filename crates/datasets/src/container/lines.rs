//! JSONL by offset index: the first row is there at once, and the index grows by 16 bytes for 32 rows.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vlm_processor::open_regular;
use vlm_processor::text_limits::MAX_LINE_BYTES;

use super::{Rows, json_fields};
use crate::home::Home;
use crate::place::{Place, Position};
use crate::raw_row::RawRow;
use crate::row_error::{Fault, RowError, RowProblem};
use crate::source_error::SourceError;

/// Rows between two marks of the index.
const STRIDE: u64 = 32;
const BUFFER_BYTES: usize = 64 << 10;

/// A file, or a part of one, with a JSON object on every line that is not blank.
pub(crate) struct Lines {
    file: Arc<Path>,
    home: Home,
    cursor: Mutex<Cursor>,
}

/// Where a row begins.
#[derive(Clone, Copy, Debug)]
struct Mark {
    offset: u64,
    /// Lines before it.
    lines: u64,
}

/// The reading position, and what is known of the file so far. Rows are numbered without blank lines.
struct Cursor {
    input: BufReader<File>,
    end: u64,
    here: Mark,
    row: u64,
    /// Where rows 0, 32, 64, … begin, as far as the file was read.
    marks: Vec<Mark>,
    /// Number of rows, once the end was seen.
    rows: Option<u64>,
}

/// A line as it stands in the file, or a sign that it is too long to be taken into memory.
enum Line {
    Bytes(Vec<u8>),
    TooLong,
}

impl Lines {
    /// A whole file.
    pub(crate) fn open(path: &Path, home: Home) -> Result<Self, SourceError> {
        let failed = |source| SourceError::Read { path: path.to_owned(), source };
        let end = std::fs::metadata(path).map_err(failed)?.len();
        Self::part(path, 0, end, home)
    }

    /// The bytes from `start` to `end` of a file.
    pub(crate) fn part(path: &Path, start: u64, end: u64, home: Home) -> Result<Self, SourceError> {
        let failed = |source| SourceError::Read { path: path.to_owned(), source };
        let file = open_regular(path).map_err(failed)?;
        let mut input = BufReader::with_capacity(BUFFER_BYTES, file);
        input.seek(SeekFrom::Start(start)).map_err(failed)?;
        let mut here = Mark { offset: start, lines: 0 };
        if start + 3 <= end && input.fill_buf().map_err(failed)?.starts_with(b"\xef\xbb\xbf") {
            input.consume(3);
            here.offset += 3;
        }
        let cursor = Mutex::new(Cursor { input, end, here, row: 0, marks: vec![here], rows: None });
        Ok(Self { file: path.into(), home, cursor })
    }

    fn cursor(&self) -> MutexGuard<'_, Cursor> {
        self.cursor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, line: u64) -> Place {
        Place { file: Arc::clone(&self.file), position: Position::Line(line) }
    }
}

impl Rows for Lines {
    fn len(&self) -> Result<u64, SourceError> {
        self.cursor().count().map_err(|source| SourceError::Read { path: self.file.to_path_buf(), source })
    }

    fn row(&self, index: u64) -> Result<RawRow, RowError> {
        let (line, number) = {
            let mut cursor = self.cursor();
            let found = cursor.take(index);
            let number = cursor.here.lines;
            match found {
                Ok(Some(line)) => (line, number),
                Ok(None) => {
                    let problem = RowProblem::PastEnd { index, rows: cursor.row };
                    return Err(RowError { place: self.place(number), field: ".".to_owned(), problem });
                }
                Err(error) => {
                    return Err(Fault::unreadable(format!("cannot be read: {error}")).at(self.place(number)));
                }
            }
        };
        let place = self.place(number);
        let Line::Bytes(bytes) = line else {
            let reason = format!(
                "found more than {MAX_LINE_BYTES} bytes, expected a shorter line; keep images in files beside the rows"
            );
            return Err(Fault::unreadable(reason).at(place));
        };
        match json_fields(&bytes) {
            Ok(fields) => Ok(RawRow { place, fields, pictures: Vec::new(), home: self.home.clone() }),
            Err(fault) => Err(fault.at(place)),
        }
    }

    fn kind(&self) -> &'static str {
        "JSONL"
    }
}

impl Cursor {
    /// The line of row `index`; `None` past the end. Afterwards `here.lines` is the line's number, from 1.
    fn take(&mut self, index: u64) -> io::Result<Option<Line>> {
        self.approach(index)?;
        while self.row < index {
            if !self.skip()? {
                return Ok(None);
            }
        }
        if !self.find_row()? {
            return Ok(None);
        }
        self.note();
        let line = self.read_line()?;
        self.row += 1;
        Ok(Some(line))
    }

    /// Reads on to the end.
    fn count(&mut self) -> io::Result<u64> {
        if let Some(rows) = self.rows {
            return Ok(rows);
        }
        self.approach(self.marks.len() as u64 * STRIDE)?;
        while self.skip()? {}
        Ok(self.row)
    }

    /// Goes to the last mark before row `index`, unless that would be a way back or further than reading on.
    fn approach(&mut self, index: u64) -> io::Result<()> {
        let nearest = (index / STRIDE).min(self.marks.len() as u64 - 1);
        if index < self.row || nearest * STRIDE > self.row {
            self.here = self.marks[nearest as usize];
            self.row = nearest * STRIDE;
            let there = self.here.offset;
            let from = self.input.stream_position()?;
            self.input.seek_relative(there as i64 - from as i64)?;
        }
        Ok(())
    }

    /// Passes over one row; `false` at the end.
    fn skip(&mut self) -> io::Result<bool> {
        if !self.find_row()? {
            return Ok(false);
        }
        self.note();
        self.skip_line()?;
        self.row += 1;
        Ok(true)
    }

    /// Passes over blank lines; `false` at the end.
    fn find_row(&mut self) -> io::Result<bool> {
        loop {
            if self.here.offset >= self.end {
                self.rows = Some(self.row);
                return Ok(false);
            }
            match self.input.fill_buf()?.first().map(u8::is_ascii_whitespace) {
                None => {
                    self.rows = Some(self.row);
                    return Ok(false);
                }
                Some(false) => return Ok(true),
                Some(true) => {
                    if !self.blank_line()? {
                        return Ok(true);
                    }
                }
            }
        }
    }

    /// Passes over white space up to the end of its line; `false` if something else stands there first. Leading
    /// blanks that belong to a row are passed over too.
    fn blank_line(&mut self) -> io::Result<bool> {
        loop {
            let buffer = self.input.fill_buf()?;
            let blanks =
                buffer.iter().take_while(|byte| byte.is_ascii_whitespace() && **byte != b'\n').count();
            let next = buffer.get(blanks).copied();
            let used = blanks + usize::from(next == Some(b'\n'));
            let empty = buffer.is_empty();
            self.input.consume(used);
            self.here.offset += used as u64;
            match next {
                Some(b'\n') => {
                    self.here.lines += 1;
                    return Ok(true);
                }
                Some(_) => return Ok(false),
                None if empty || self.here.offset >= self.end => return Ok(true),
                None => {}
            }
        }
    }

    /// Enters the row that begins here into the index.
    fn note(&mut self) {
        if self.row == self.marks.len() as u64 * STRIDE {
            self.marks.push(self.here);
        }
    }

    fn skip_line(&mut self) -> io::Result<()> {
        let left = self.end - self.here.offset;
        self.here.offset += self.input.by_ref().take(left).skip_until(b'\n')? as u64;
        self.here.lines += 1;
        Ok(())
    }

    fn read_line(&mut self) -> io::Result<Line> {
        let limit = (MAX_LINE_BYTES as u64 + 1).min(self.end - self.here.offset);
        let mut bytes = Vec::new();
        let read = self.input.by_ref().take(limit).read_until(b'\n', &mut bytes)?;
        self.here.offset += read as u64;
        if read > MAX_LINE_BYTES && bytes.last() != Some(&b'\n') {
            self.skip_line()?;
            return Ok(Line::TooLong);
        }
        self.here.lines += 1;
        Ok(Line::Bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::picture::ImageRoot;

    fn lines(folder: &tempfile::TempDir, content: &[u8]) -> Lines {
        let path = folder.path().join("rows.jsonl");
        std::fs::write(&path, content).unwrap();
        Lines::open(&path, Home::Folder(Arc::new(ImageRoot::new(folder.path())))).unwrap()
    }

    fn number(rows: &Lines, index: u64) -> u64 {
        rows.row(index).unwrap().fields["n"].as_u64().unwrap()
    }

    #[test]
    fn rows_are_found_in_any_order_and_blank_lines_are_none() {
        let folder = tempfile::tempdir().unwrap();
        let mut content = "\u{feff}".to_owned();
        for n in 0..500 {
            let end = ["\n", "\r\n", "\n\n", "\n  \r\n\n"][n % 4];
            write!(content, "{}{{\"n\": {n}}}{end}", if n % 7 == 0 { "  " } else { "" }).unwrap();
        }
        let rows = lines(&folder, content.trim_end().as_bytes());
        for index in [499, 0, 1, 33, 31, 32, 64, 63, 250, 499, 498, 2] {
            assert_eq!(number(&rows, index), index);
        }
        assert_eq!(rows.len().unwrap(), 500);
        assert!(rows.row(500).err().unwrap().is_past_end());
        assert_eq!((0..500).map(|index| number(&rows, index)).sum::<u64>(), 499 * 250);
    }

    #[test]
    fn counting_first_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let content: String = (0..100).map(|n| format!("{{\"n\": {n}}}\n")).collect();
        let rows = lines(&folder, content.as_bytes());
        assert_eq!(rows.len().unwrap(), 100);
        for index in [99, 40, 0, 64] {
            assert_eq!(number(&rows, index), index);
        }
        assert_eq!(lines(&folder, b"\n \n\n").len().unwrap(), 0);
        assert_eq!(lines(&folder, b"").len().unwrap(), 0);
    }

    #[test]
    fn a_broken_line_is_named_and_the_others_stay_readable() {
        let folder = tempfile::tempdir().unwrap();
        let rows = lines(&folder, b"{\"n\": 0}\n\n{\"n\": \n[1]\n\xff{}\n{\"n\": 4}");
        let error = |index| rows.row(index).err().unwrap().to_string();
        assert!(
            error(1).contains("rows.jsonl: line 3: field .: found broken JSON at column 5"),
            "{}",
            error(1)
        );
        assert!(error(2).contains("line 4"), "{}", error(2));
        assert!(error(3).contains("line 5") && error(3).contains("not UTF-8 at column 1"), "{}", error(3));
        assert_eq!((number(&rows, 0), number(&rows, 4)), (0, 4));
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_without_being_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut content = b"{\"n\": 0}\n{\"long\": \"".to_vec();
        content.resize(content.len() + MAX_LINE_BYTES, b'x');
        content.extend_from_slice(b"\"}\n{\"n\": 2}\n");
        let rows = lines(&folder, &content);
        assert!(
            rows.row(1)
                .err()
                .unwrap()
                .to_string()
                .contains("line 2: field .: found more than 16777216 bytes")
        );
        assert_eq!(number(&rows, 2), 2);
    }
}
