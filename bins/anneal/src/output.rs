//! A JSONL file of results that grows row by row and can be continued.

use serde::Serialize;
use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

/// Why results cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The system refused.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder of the file is not there.
    #[error("{path}: there is no such folder as {folder}; make it, or give another --output", path = path.display(), folder = folder.display())]
    NoFolder {
        /// The file.
        path: PathBuf,
        /// Its folder.
        folder: PathBuf,
    },
    /// The results would be written over the rows.
    #[error("{path}: writing here would destroy the --input; give another --output", path = path.display())]
    IsInput {
        /// The output.
        path: PathBuf,
    },
    /// The file was not made by this program.
    #[error(
        "{path}: is not empty and not known to hold results (there is no {record}); give another --output, or --overwrite",
        path = path.display(), record = record.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Where the settings of results would be recorded.
        record: PathBuf,
    },
    /// The file holds something that is no result.
    #[error("{path}: line {line} is not a result with an \"id\"; give another --output, or --overwrite", path = path.display())]
    NotResults {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
    },
    /// The results there were made otherwise.
    #[error(
        "{path}: holds results of other settings (see {record}); continue with those settings, give another --output, or --overwrite",
        path = path.display(), record = record.display()
    )]
    OtherSettings {
        /// The results.
        path: PathBuf,
        /// Where their settings are recorded.
        record: PathBuf,
    },
}

/// What happens to results that are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// They are kept and continued.
    Continue,
    /// They are removed.
    Overwrite,
}

/// The open file.
pub struct Output {
    path: PathBuf,
    file: File,
}

/// Ids that a file of results has a whole line for.
pub type Done = HashSet<String>;

impl Output {
    /// Opens `path` to continue it, or afresh. `settings` is everything that the results depend on: it is kept
    /// beside the results, and a file of other settings, or of something else, is refused rather than mixed.
    pub fn open(
        path: &Path,
        settings: &serde_json::Value,
        existing: Existing,
    ) -> Result<(Self, Done), OutputError> {
        check_folder(path)?;
        let record = record_path(path);
        let known = std::fs::read(&record).ok();
        let settings = to_line(settings);
        let (done, length) = match existing {
            Existing::Continue if holds_something(path)? => {
                check_record(path, &record, known.as_deref(), &settings)?;
                finished(path)?
            }
            Existing::Continue | Existing::Overwrite => (HashSet::new(), 0),
        };
        let io = |path: &Path| {
            let path = path.to_owned();
            |source| OutputError::Io { path, source }
        };
        let file = OpenOptions::new().create(true).append(true).open(path).map_err(io(path))?;
        // A process that was killed while writing leaves half a line behind.
        file.set_len(length).map_err(io(path))?;
        // Only now, or old results could come to lie beside new settings.
        if known.as_ref() != Some(&settings) {
            std::fs::write(&record, settings).map_err(io(&record))?;
        }
        Ok((Self { path: path.to_owned(), file }, done))
    }

    /// Appends one result.
    pub fn write(&mut self, result: &impl Serialize) -> Result<(), OutputError> {
        let written = self.file.write_all(&to_line(result)).and_then(|()| self.file.flush());
        written.map_err(|source| OutputError::Io { path: self.path.clone(), source })
    }
}

fn to_line(value: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(value).expect("results are plain data");
    line.push(b'\n');
    line
}

fn record_path(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".settings.json");
    path.with_file_name(name)
}

/// Refuses an output that is the input, or whose record would be.
pub fn apart_from(input: &Path, path: &Path) -> Result<(), OutputError> {
    let same = |other: &Path| match (input.canonicalize(), other.canonicalize()) {
        (Ok(input), Ok(other)) => input == other,
        _ => false,
    };
    let destroyed = [path.to_owned(), record_path(path)].into_iter().find(|path| same(path));
    destroyed.map_or(Ok(()), |path| Err(OutputError::IsInput { path }))
}

fn check_folder(path: &Path) -> Result<(), OutputError> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) if !folder.is_dir() => {
            Err(OutputError::NoFolder { path: path.to_owned(), folder: folder.to_owned() })
        }
        _ => Ok(()),
    }
}

/// What is there was made by this program, with these settings.
fn check_record(
    path: &Path,
    record: &Path,
    known: Option<&[u8]>,
    settings: &[u8],
) -> Result<(), OutputError> {
    let (path, record) = (path.to_owned(), record.to_owned());
    match known {
        None => Err(OutputError::Foreign { path, record }),
        Some(known) if known != settings => Err(OutputError::OtherSettings { path, record }),
        Some(_) => Ok(()),
    }
}

fn holds_something(path: &Path) -> Result<bool, OutputError> {
    match vlm_processor::open_regular(path).and_then(|file| file.metadata()) {
        Ok(metadata) => Ok(metadata.len() > 0),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(OutputError::Io { path: path.to_owned(), source }),
    }
}

/// Ids with a whole line, and the length of those lines.
fn finished(path: &Path) -> Result<(Done, u64), OutputError> {
    #[derive(serde::Deserialize)]
    struct Result {
        id: String,
    }
    let io = |source| OutputError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    let (mut done, mut length) = (HashSet::new(), 0);
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = reader.read_until(b'\n', &mut line).map_err(io)?;
        if line.last() != Some(&b'\n') {
            break;
        }
        let result: Result = serde_json::from_slice(&line)
            .map_err(|_| OutputError::NotResults { path: path.to_owned(), line: number })?;
        done.insert(result.id);
        length += read as u64;
    }
    Ok((done, length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn half_a_line_is_cut_off_and_whole_lines_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.jsonl");
        drop(Output::open(&path, &json!({}), Existing::Continue).unwrap());
        std::fs::write(&path, "{\"id\":\"a\"}\n{\"id\":\"b\"}\n{\"id\":\"c").unwrap();
        let (mut output, done) = Output::open(&path, &json!({}), Existing::Continue).unwrap();
        assert_eq!(done, ["a", "b"].map(String::from).into());
        output.write(&json!({"id": "c"})).unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "{\"id\":\"a\"}\n{\"id\":\"b\"}\n{\"id\":\"c\"}\n"
        );
    }

    #[test]
    fn results_of_other_settings_are_not_mixed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.jsonl");
        let open = |seed: u64, existing| Output::open(&path, &json!({"seed": seed}), existing);
        open(1, Existing::Continue).unwrap().0.write(&json!({"id": "a"})).unwrap();
        assert_eq!(open(1, Existing::Continue).unwrap().1.len(), 1);
        let error = open(2, Existing::Continue).err().unwrap();
        assert!(error.to_string().contains("--overwrite"), "{error}");
        assert!(open(2, Existing::Overwrite).unwrap().1.is_empty());
        assert_eq!(std::fs::read(&path).unwrap(), b"");
    }

    #[test]
    fn a_file_of_something_else_is_not_touched() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("thesis.txt");
        for thesis in ["my thesis\n", "my thesis", "{\"id\": \"a\"}\n"] {
            std::fs::write(&path, thesis).unwrap();
            let error = Output::open(&path, &json!({}), Existing::Continue).err().unwrap();
            assert!(error.to_string().contains("--overwrite"), "{error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), thesis);
        }
    }
}
