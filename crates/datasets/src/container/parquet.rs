//! Parquet: row groups by column and page, so that a row costs its pages and a picture costs its own.

mod cells;
mod columns;
mod json;
mod pages;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use polars_parquet::read::read_metadata;
use polars_parquet::read::schema::parquet_to_arrow_schema;
use serde_json::{Map, Value};
use vlm_processor::open_regular;

use self::cells::{Pictures, picture_column};
use self::columns::{Columns, Window};
use super::Rows;
use crate::home::Home;
use crate::picture::{ImageRef, PictureCells};
use crate::place::{Place, Position};
use crate::raw_row::RawRow;
use crate::row_error::{Fault, RowError, RowProblem};
use crate::source_error::SourceError;

/// Rows that are decoded together.
const WINDOW: u64 = 256;
/// Windows that are kept.
const KEPT: usize = 8;

/// A parquet file. Columns of pictures are left alone until a picture is opened.
pub(crate) struct Parquet {
    file: Arc<Path>,
    columns: Arc<Columns>,
    /// Columns without pictures.
    plain: Vec<usize>,
    pictures: Vec<Arc<Pictures>>,
    windows: Mutex<VecDeque<(u64, Arc<Decoded>)>>,
    home: Home,
}

/// The rows of one window.
struct Decoded {
    fields: Vec<Map<String, Value>>,
    /// For every picture column and row: the names of its pictures, absent where the file gives none.
    pictures: Vec<Vec<Vec<Option<String>>>>,
}

/// Runs code of the parquet reader, which meets hostile bytes: a panic in it is a damaged file.
fn contained<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err("the parquet reader gave up on it".to_owned()))
}

impl Parquet {
    /// Reads the footer.
    pub(crate) fn open(path: &Path, home: Home) -> Result<Self, SourceError> {
        let mut file =
            open_regular(path).map_err(|source| SourceError::Read { path: path.to_owned(), source })?;
        let damaged = |found: String| SourceError::Container {
            path: path.to_owned(),
            found: format!("a damaged parquet file ({found})"),
            expected: "a complete one".to_owned(),
        };
        let columns = contained(|| {
            let meta = read_metadata(&mut file).map_err(|error| error.to_string())?;
            let schema = parquet_to_arrow_schema(meta.schema().fields());
            Columns::new(file, meta, schema.iter_values().cloned().collect())
        });
        let columns = Arc::new(columns.map_err(damaged)?);
        let mut plain = Vec::new();
        let mut pictures = Vec::new();
        for index in 0..columns.fields().len() {
            match picture_column(&columns.fields()[index]) {
                Some(shape) => {
                    pictures.push(Arc::new(Pictures::new(Arc::clone(&columns), index, shape, path)))
                }
                None => plain.push(index),
            }
        }
        Ok(Self { file: path.into(), columns, plain, pictures, windows: Mutex::default(), home })
    }

    fn window(&self, number: u64) -> Result<Arc<Decoded>, String> {
        {
            let mut kept = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(at) = kept.iter().position(|(known, _)| *known == number)
                && let Some(found) = kept.remove(at)
            {
                let decoded = Arc::clone(&found.1);
                kept.push_front(found);
                return Ok(decoded);
            }
        }
        let decoded = Arc::new(contained(|| self.decode(number))?);
        let mut kept = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_front((number, Arc::clone(&decoded)));
        kept.truncate(KEPT);
        Ok(decoded)
    }

    fn decode(&self, number: u64) -> Result<Decoded, String> {
        let window = Window::of(number * WINDOW, WINDOW, self.columns.rows());
        let mut fields = vec![Map::new(); window.len() as usize];
        for &index in &self.plain {
            let name = self.columns.fields()[index].name.to_string();
            let values = self.columns.values(index, window)?;
            for (row, value) in fields.iter_mut().zip(values) {
                row.insert(name.clone(), value);
            }
        }
        let pictures =
            self.pictures.iter().map(|pictures| pictures.names(window)).collect::<Result<_, _>>()?;
        Ok(Decoded { fields, pictures })
    }
}

impl Rows for Parquet {
    fn len(&self) -> Result<u64, SourceError> {
        Ok(self.columns.rows())
    }

    fn row(&self, index: u64) -> Result<RawRow, RowError> {
        let place = Place { file: Arc::clone(&self.file), position: Position::Row(index) };
        let rows = self.columns.rows();
        if index >= rows {
            let problem = RowProblem::PastEnd { index, rows };
            return Err(RowError { place, field: ".".to_owned(), problem });
        }
        let window = match self.window(index / WINDOW) {
            Ok(window) => window,
            Err(reason) => {
                return Err(Fault::unreadable(format!("found a damaged part ({reason})")).at(place));
            }
        };
        let at = (index % WINDOW) as usize;
        let images = |(pictures, names): (&Arc<Pictures>, &Vec<Vec<Option<String>>>)| {
            let cells: Arc<dyn PictureCells> = Arc::clone(pictures) as _;
            let image =
                |(item, name): (usize, &Option<String>)| ImageRef::cell(&cells, index, item, name.clone());
            (pictures.name(), names[at].iter().enumerate().map(image).collect())
        };
        let pictures = self.pictures.iter().zip(&window.pictures).map(images).collect();
        Ok(RawRow { place, fields: window.fields[at].clone(), pictures, home: self.home.clone() })
    }

    fn kind(&self) -> &'static str {
        "parquet"
    }
}
