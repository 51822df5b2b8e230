//! The elements of a JSON list, found by a scan that keeps only where each begins and ends.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use vlm_processor::open_regular;
use vlm_processor::text_limits::MAX_LINE_BYTES;

use super::{Rows, json_fields};
use crate::home::Home;
use crate::place::{Place, Position};
use crate::raw_row::RawRow;
use crate::row_error::{Fault, RowError, RowProblem};
use crate::source_error::SourceError;

/// Nesting that no row of data has.
const MAX_DEPTH: u32 = 128;

/// A JSON list of objects: the whole file, or one list inside its root object.
pub(crate) struct Elements {
    file: Arc<Path>,
    home: Home,
    scan: Mutex<Scan>,
}

/// How far the list was read.
struct Scan {
    input: BufReader<File>,
    offset: u64,
    /// Start and length of each element so far.
    found: Vec<(u64, u64)>,
    ended: Option<Result<(), String>>,
}

impl Elements {
    /// The list whose bracket stands at `start`.
    pub(crate) fn open(path: &Path, start: u64, home: Home) -> Result<Self, SourceError> {
        let failed = |source| SourceError::Read { path: path.to_owned(), source };
        let mut input = BufReader::with_capacity(256 << 10, open_regular(path).map_err(failed)?);
        input.seek(SeekFrom::Start(start + 1)).map_err(failed)?;
        let scan = Mutex::new(Scan { input, offset: start + 1, found: Vec::new(), ended: None });
        Ok(Self { file: path.into(), home, scan })
    }

    fn place(&self, index: u64) -> Place {
        Place { file: Arc::clone(&self.file), position: Position::Element(index) }
    }

    fn read(&self, index: u64, start: u64, len: u64) -> Result<RawRow, Fault> {
        if len > MAX_LINE_BYTES as u64 {
            let reason = format!("found an element of {len} bytes, expected at most {MAX_LINE_BYTES}");
            return Err(Fault::unreadable(reason));
        }
        let bytes = || -> io::Result<Vec<u8>> {
            let mut file = open_regular(&self.file)?;
            file.seek(SeekFrom::Start(start))?;
            let mut bytes = vec![0; len as usize];
            file.read_exact(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = bytes().map_err(|error| Fault::unreadable(format!("cannot be read: {error}")))?;
        let fields = json_fields(&bytes)?;
        Ok(RawRow { place: self.place(index), fields, pictures: Vec::new(), home: self.home.clone() })
    }
}

impl Rows for Elements {
    fn len(&self) -> Result<u64, SourceError> {
        let mut scan = self.scan.lock().unwrap_or_else(PoisonError::into_inner);
        scan.reach(u64::MAX);
        match &scan.ended {
            Some(Err(found)) => Err(SourceError::Container {
                path: self.file.to_path_buf(),
                found: format!("{found} after element {}", scan.found.len()),
                expected: "a complete JSON list of objects".to_owned(),
            }),
            _ => Ok(scan.found.len() as u64),
        }
    }

    fn row(&self, index: u64) -> Result<RawRow, RowError> {
        let found = {
            let mut scan = self.scan.lock().unwrap_or_else(PoisonError::into_inner);
            scan.reach(index);
            let known = scan.found.len() as u64;
            let found = usize::try_from(index).ok().and_then(|index| scan.found.get(index).copied());
            found.ok_or_else(|| match &scan.ended {
                Some(Err(found)) if index == known => {
                    Fault::unreadable(format!("found {found}, expected a complete JSON list"))
                }
                _ => Fault { field: ".".to_owned(), problem: RowProblem::PastEnd { index, rows: known } },
            })
        };
        let row = found.and_then(|(start, len)| self.read(index, start, len));
        row.map_err(|fault| fault.at(self.place(index)))
    }

    fn kind(&self) -> &'static str {
        "JSON list"
    }
}

impl Scan {
    /// Reads on until element `index` is known or the list ends.
    fn reach(&mut self, index: u64) {
        while self.ended.is_none() && self.found.len() as u64 <= index {
            match self.next_element() {
                Ok(Some(span)) => self.found.push(span),
                Ok(None) => self.ended = Some(Ok(())),
                Err(found) => self.ended = Some(Err(found)),
            }
        }
    }

    fn next_element(&mut self) -> Result<Option<(u64, u64)>, String> {
        match self.next_byte()? {
            b']' => return Ok(None),
            b',' if !self.found.is_empty() => {}
            _ if self.found.is_empty() => self.step_back(),
            other => return Err(format!("the character {:?}", char::from(other))),
        }
        let first = self.next_byte()?;
        if matches!(first, b']' | b',') {
            return Err(format!("the character {:?}", char::from(first)));
        }
        let start = self.offset - 1;
        self.step_back();
        self.skip_value()?;
        Ok(Some((start, self.offset - start)))
    }

    /// The next byte that is no white space.
    fn next_byte(&mut self) -> Result<u8, String> {
        loop {
            let buffer = self.input.fill_buf().map_err(|error| error.to_string())?;
            let Some(at) = buffer.iter().position(|byte| !byte.is_ascii_whitespace()) else {
                let used = buffer.len();
                if used == 0 {
                    return Err("the end of the file".to_owned());
                }
                self.input.consume(used);
                self.offset += used as u64;
                continue;
            };
            let byte = buffer[at];
            self.input.consume(at + 1);
            self.offset += at as u64 + 1;
            return Ok(byte);
        }
    }

    fn step_back(&mut self) {
        // The byte was just taken out of the buffer, so this stays inside it and cannot fail.
        let _ = self.input.seek_relative(-1);
        self.offset -= 1;
    }

    /// Passes over one value: up to where its brackets close, or a plain value ends.
    fn skip_value(&mut self) -> Result<(), String> {
        let mut state = Nesting::default();
        loop {
            let buffer = self.input.fill_buf().map_err(|error| error.to_string())?;
            if buffer.is_empty() {
                return Err("the end of the file".to_owned());
            }
            let end = buffer.iter().position(|&byte| state.ends_before(byte));
            let used = end.unwrap_or(buffer.len());
            self.input.consume(used);
            self.offset += used as u64;
            if state.depth > MAX_DEPTH {
                return Err(format!("values nested deeper than {MAX_DEPTH}"));
            }
            if end.is_some() || state.complete {
                return Ok(());
            }
        }
    }
}

/// Where a scan stands inside a value.
#[derive(Default)]
struct Nesting {
    depth: u32,
    in_text: bool,
    escaped: bool,
    complete: bool,
}

impl Nesting {
    /// Takes the next byte; true if the value ended before it.
    fn ends_before(&mut self, byte: u8) -> bool {
        if self.complete {
            return true;
        }
        if self.in_text {
            self.in_text = self.escaped || byte != b'"';
            self.escaped = byte == b'\\' && !self.escaped;
            self.complete = !self.in_text && self.depth == 0;
            return false;
        }
        match byte {
            b'"' => self.in_text = true,
            b'[' | b'{' => self.depth += 1,
            b']' | b'}' if self.depth == 0 => return true,
            b']' | b'}' => {
                self.depth -= 1;
                self.complete = self.depth == 0;
            }
            b',' if self.depth == 0 => return true,
            _ => {}
        }
        self.depth > MAX_DEPTH
    }
}

/// What a JSON file holds.
pub(crate) enum Root {
    /// A list; where its bracket stands.
    List(u64),
    /// An object: its keys, and where their values begin if they are lists.
    Object(Vec<(String, Option<u64>)>),
}

/// Looks at a JSON file's root; an object is passed over once. `None`: neither list nor object.
pub(crate) fn root(path: &Path) -> io::Result<Result<Root, String>> {
    let mut input = BufReader::with_capacity(256 << 10, open_regular(path)?);
    let mut offset = 0;
    if input.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        input.consume(3);
        offset = 3;
    }
    let mut scan = Scan { input, offset, found: Vec::new(), ended: None };
    Ok(match scan.next_byte() {
        Ok(b'[') => Ok(Root::List(scan.offset - 1)),
        Ok(b'{') => scan.keys().map(Root::Object),
        Ok(other) => Err(format!("the character {:?}", char::from(other))),
        Err(found) => Err(found),
    })
}

impl Scan {
    fn keys(&mut self) -> Result<Vec<(String, Option<u64>)>, String> {
        let mut keys = Vec::new();
        loop {
            match self.next_byte()? {
                b'}' => return Ok(keys),
                b',' => continue,
                b'"' => {}
                other => return Err(format!("the character {:?}", char::from(other))),
            }
            let key = self.key()?;
            if self.next_byte()? != b':' {
                return Err(format!("no colon after the key {key:?}"));
            }
            let first = self.next_byte()?;
            let start = (first == b'[').then_some(self.offset - 1);
            self.step_back();
            self.skip_value()?;
            keys.push((key, start));
        }
    }

    /// The rest of a key whose opening quote was taken. Keys with escapes come out as they are written.
    fn key(&mut self) -> Result<String, String> {
        let mut bytes = Vec::new();
        loop {
            let read =
                self.input.by_ref().take(1024).read_until(b'"', &mut bytes).map_err(|e| e.to_string())?;
            self.offset += read as u64;
            if bytes.pop() != Some(b'"') || bytes.len() > 1024 {
                return Err("a key without an end".to_owned());
            }
            if bytes.last() != Some(&b'\\') {
                return Ok(String::from_utf8_lossy(&bytes).into_owned());
            }
            bytes.push(b'"');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::ImageRoot;

    fn elements(folder: &tempfile::TempDir, content: &str) -> Elements {
        let path = folder.path().join("rows.json");
        std::fs::write(&path, content).unwrap();
        let Root::List(start) = root(&path).unwrap().unwrap() else { panic!("no list") };
        Elements::open(&path, start, Home::Folder(Arc::new(ImageRoot::new(folder.path())))).unwrap()
    }

    #[test]
    fn elements_are_found_whatever_their_texts_contain() {
        let folder = tempfile::tempdir().unwrap();
        let content = r#"  [ {"a": "}],\"{[", "b": [1, {"c": []}]} ,
            {"a": "\\"},{}, {"a": "é"} ] trailing"#;
        let rows = elements(&folder, content);
        assert_eq!(rows.row(3).unwrap().fields["a"], "é");
        assert_eq!(rows.row(1).unwrap().fields["a"], "\\");
        assert_eq!(rows.row(0).unwrap().fields["a"], "}],\"{[");
        assert_eq!(rows.len().unwrap(), 4);
        assert!(rows.row(4).err().unwrap().is_past_end());
        assert_eq!(elements(&folder, "[]").len().unwrap(), 0);
    }

    #[test]
    fn a_list_that_breaks_off_gives_its_rows_and_then_an_error() {
        let folder = tempfile::tempdir().unwrap();
        for content in ["[{}, {\"a\": 1", "[{}, ", "[{}", "[{},]", "[{} {}]"] {
            let rows = elements(&folder, content);
            assert!(rows.row(0).is_ok(), "{content}");
            assert!(!rows.row(1).err().unwrap().is_past_end(), "{content}");
            assert!(rows.len().is_err(), "{content}");
        }
    }

    #[test]
    fn elements_that_are_no_objects_are_broken_rows() {
        let folder = tempfile::tempdir().unwrap();
        let rows = elements(&folder, "[1, \"a\", {\"a\": nul}, {}]");
        for index in 0..3 {
            assert!(rows.row(index).is_err(), "{index}");
        }
        assert!(rows.row(3).is_ok());
        let deep = format!("[{}{}]", "[".repeat(500), "]".repeat(500));
        assert!(elements(&folder, &deep).row(0).is_err());
    }

    #[test]
    fn the_lists_of_an_object_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        std::fs::write(&path, r#"{"info": {"a": [1]}, "images": [{"id": 1}], "n": 3}"#).unwrap();
        let Root::Object(keys) = root(&path).unwrap().unwrap() else { panic!("no object") };
        assert_eq!(
            keys,
            [("info".to_owned(), None), ("images".to_owned(), Some(31)), ("n".to_owned(), None)]
        );
    }
}
