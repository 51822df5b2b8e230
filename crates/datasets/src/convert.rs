//! Records written out in the layouts that trainers read.

mod lost;
mod row;
mod table;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::bad_rows::{BadRowPolicy, BadRows};
use crate::record::Unfit;
use crate::source::Source;
use crate::source_error::SourceError;

use row::OutRow;
use table::Table;

/// A layout that records can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutLayout {
    /// `messages` with `images`: our own rows, TRL, ms-swift, LLaMA-Factory.
    Messages,
    /// `conversations` of `from` and `value`.
    ShareGpt,
    /// TRL's `prompt`, `chosen`, `rejected`, each a list of turns.
    Preference,
    /// TRL's `prompt` with the right answer as `solution`.
    Prompt,
    /// EasyR1's `problem`, `answer`, `images`.
    EasyR1,
}

impl OutLayout {
    /// Every layout.
    pub const ALL: [Self; 5] = [Self::Messages, Self::ShareGpt, Self::Preference, Self::Prompt, Self::EasyR1];

    /// The name that commands use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::ShareGpt => "sharegpt",
            Self::Preference => "preference",
            Self::Prompt => "prompt",
            Self::EasyR1 => "easyr1",
        }
    }
}

impl fmt::Display for OutLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for OutLayout {
    type Err = SourceError;

    fn from_str(name: &str) -> Result<Self, SourceError> {
        Self::ALL.into_iter().find(|layout| layout.name() == name).ok_or_else(|| SourceError::Setting {
            setting: "layout",
            found: format!("{name:?}"),
            expected: "messages, sharegpt, preference, prompt or easyr1",
        })
    }
}

/// What a conversion did.
#[derive(Debug)]
pub struct Conversion {
    /// Rows that were written.
    pub rows: u64,
    /// Pictures that were written.
    pub images: u64,
    /// Rows that could not be read and were passed over.
    pub bad: BadRows,
    /// What the layout has no place for, and in how many rows: it was not written.
    pub lost: BTreeMap<String, u64>,
}

impl fmt::Display for Conversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows and {} images written; {}", self.rows, self.images, self.bad)?;
        for (what, rows) in &self.lost {
            write!(f, "\nwarning: not written, for the layout has no place for it: {what} ({rows} rows)")?;
        }
        Ok(())
    }
}

/// Writes all records of `source` to `out`: parquet with the pictures inside if the name ends in `.parquet`, else JSONL
/// with the pictures copied into a folder beside it that is named like the file. An existing file is not replaced, and
/// a file that could not be completed is not left behind. Reading the result gives equal records, but for what
/// [`Conversion::lost`] counts.
///
/// ```
/// use datasets::{BadRowPolicy, OpenOptions, OutLayout, convert, open};
///
/// let folder = tempfile::tempdir()?;
/// let file = folder.path().join("rows.jsonl");
/// std::fs::write(&file, r#"{"prompt": "Two and two?", "chosen": "4", "rejected": "5"}"#)?;
/// let source = open(&file, &OpenOptions::default())?;
///
/// let out = folder.path().join("chat.jsonl");
/// convert(&*source, OutLayout::Messages, &out, &BadRowPolicy::default())?;
/// assert_eq!(open(&out, &OpenOptions::default())?.describe().layout.name(), "messages");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn convert(
    source: &dyn Source,
    layout: OutLayout,
    out: &Path,
    policy: &BadRowPolicy,
) -> Result<Conversion, SourceError> {
    if out.exists() {
        return Err(write_error(out, "the file exists already; remove it or choose another name"));
    }
    let mut sink = Sink::create(out)?;
    let written = write_all(source, layout, &mut sink, policy).and_then(|done| sink.finish().map(|()| done));
    match written {
        Ok(conversion) => Ok(conversion),
        Err(error) => {
            let _ = fs::remove_file(unfinished(out));
            Err(error)
        }
    }
}

fn write_all(
    source: &dyn Source,
    layout: OutLayout,
    sink: &mut Sink,
    policy: &BadRowPolicy,
) -> Result<Conversion, SourceError> {
    let total = source.len()?;
    let mut conversion = Conversion { rows: 0, images: 0, bad: BadRows::default(), lost: BTreeMap::new() };
    for index in 0..total {
        let record = match source.get(index) {
            Ok(record) => record,
            Err(error) => {
                conversion.bad.add(error, policy, total)?;
                continue;
            }
        };
        let row =
            OutRow::of(record, layout).map_err(|unfit: Unfit| write_error(&sink.path, &unfit.to_string()))?;
        conversion.images += row.images.len() as u64;
        row.lost.iter().for_each(|what| *conversion.lost.entry(what.clone()).or_default() += 1);
        sink.write(index, row)?;
        conversion.rows += 1;
    }
    Ok(conversion)
}

fn write_error(path: &Path, reason: &str) -> SourceError {
    SourceError::Write { path: path.to_owned(), reason: reason.to_owned() }
}

/// The name of a file that is being written.
fn unfinished(out: &Path) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    out.with_file_name(name)
}

/// Where rows go.
struct Sink {
    path: PathBuf,
    part: PathBuf,
    output: Output,
}

enum Output {
    Lines(BufWriter<File>),
    Table(Box<Table>),
}

impl Sink {
    fn create(out: &Path) -> Result<Self, SourceError> {
        let part = unfinished(out);
        let file = File::create(&part).map_err(|error| write_error(out, &error.to_string()))?;
        let output = match out.extension() {
            Some(ending) if ending == "parquet" => Output::Table(Box::new(Table::new(file))),
            _ => Output::Lines(BufWriter::new(file)),
        };
        Ok(Self { path: out.to_owned(), part, output })
    }

    fn write(&mut self, index: u64, row: OutRow) -> Result<(), SourceError> {
        let path = &self.path;
        match &mut self.output {
            Output::Lines(lines) => {
                let line = row.into_line(index, path).map_err(|reason| write_error(path, &reason))?;
                writeln!(lines, "{line}").map_err(|error| write_error(path, &error.to_string()))
            }
            Output::Table(table) => table.push(row).map_err(|reason| write_error(path, &reason)),
        }
    }

    /// Completes the file and gives it its name.
    fn finish(self) -> Result<(), SourceError> {
        let path = &self.path;
        let file = match self.output {
            Output::Lines(lines) => {
                lines.into_inner().map_err(|error| write_error(path, &error.to_string()))?
            }
            Output::Table(table) => table.finish().map_err(|reason| write_error(path, &reason))?,
        };
        let named = file.sync_all().and_then(|()| fs::rename(&self.part, path));
        named.map_err(|error| write_error(path, &error.to_string()))
    }
}
