//! Columns of a parquet file: any rows of any column, from the pages that hold them.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use polars_arrow::array::Array;
use polars_arrow::datatypes::Field;
use polars_buffer::Buffer;
use polars_parquet::parquet::read::{PageMetaData, PageReader};
use polars_parquet::read::{
    BasicDecompressor, ColumnChunkMetadata, FileMetadata, Filter, RowGroupMetadata, column_iter_to_arrays,
};
use serde_json::Value;

use super::json::to_json;
use super::pages::{PageIndex, PageSpan};

/// A page, unpacked, may take this many bytes.
const MAX_PAGE_BYTES: usize = 1 << 30;
/// Values of a column chunk whose rows repeat values.
const MAX_REPEATED_VALUES: i64 = 64 << 20;

/// A dictionary up to this size is read again for every row.
const MAX_DICTIONARY_BYTES: u64 = 256 << 10;

/// The columns of an open file.
pub(super) struct Columns {
    file: Mutex<File>,
    file_len: u64,
    meta: FileMetadata,
    fields: Vec<Field>,
    /// The first row of each row group.
    starts: Vec<u64>,
    rows: u64,
    /// Pages by row group and leaf column, as far as they were needed.
    pages: Mutex<HashMap<(usize, usize), Arc<PageIndex>>>,
}

/// Rows of the file, from `start` up to `end`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) start: u64,
    pub(super) end: u64,
}

impl Window {
    /// `len` rows from `start`, or as many as there are.
    pub(super) fn of(start: u64, len: u64, rows: u64) -> Self {
        Self { start, end: (start + len).min(rows) }
    }

    pub(super) fn len(self) -> u64 {
        self.end - self.start
    }
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl Columns {
    pub(super) fn new(file: File, meta: FileMetadata, fields: Vec<Field>) -> Result<Self, String> {
        let file_len = file.metadata().map_err(words)?.len();
        let mut starts = Vec::new();
        let mut rows = 0_u64;
        for group in &meta.row_groups {
            let columns = group.parquet_columns().iter();
            let mut flat = columns.filter(|leaf| leaf.descriptor().descriptor.max_rep_level == 0);
            if flat.any(|leaf| leaf.num_values() != group.num_rows() as i64) {
                return Err("a column with another number of rows than its group".to_owned());
            }
            starts.push(rows);
            rows = rows.checked_add(group.num_rows() as u64).ok_or("more rows than can be counted")?;
        }
        Ok(Self { file: Mutex::new(file), file_len, meta, fields, starts, rows, pages: Mutex::default() })
    }

    pub(super) fn fields(&self) -> &[Field] {
        &self.fields
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Rows of a column as JSON; `null` where a type has no JSON.
    pub(super) fn values(&self, column: usize, window: Window) -> Result<Vec<Value>, String> {
        let field = &self.fields[column];
        let leaves = self.leaves_of(&field.name, |_| true);
        let mut values = Vec::with_capacity(window.len() as usize);
        for array in self.arrays(field, &leaves, window)? {
            values.extend((0..array.len()).map(|row| to_json(&*array, row)));
        }
        check_len(values, window)
    }

    /// The leaf columns below a top-level column whose path `wanted` accepts.
    pub(super) fn leaves_of(&self, column: &str, wanted: impl Fn(&[&str]) -> bool) -> Vec<usize> {
        let fits = |path: &[&str]| path.first() == Some(&column) && wanted(path);
        let paths = self
            .meta
            .schema()
            .columns()
            .iter()
            .map(|leaf| leaf.path_in_schema.iter().map(|piece| piece.as_str()).collect::<Vec<&str>>());
        paths.enumerate().filter(|(_, path)| fits(path)).map(|(index, _)| index).collect()
    }

    /// Rows of `field`, whose leaf columns are `leaves`: an array for every row group that holds some of them.
    pub(super) fn arrays(
        &self,
        field: &Field,
        leaves: &[usize],
        window: Window,
    ) -> Result<Vec<Box<dyn Array>>, String> {
        let mut arrays = Vec::new();
        let first = self.starts.partition_point(|start| *start <= window.start).saturating_sub(1);
        for group in first..self.starts.len() {
            let meta = &self.meta.row_groups[group];
            let begin = self.starts[group];
            let end = begin + meta.num_rows() as u64;
            if begin >= window.end {
                break;
            }
            let part = Window { start: window.start.max(begin) - begin, end: window.end.min(end) - begin };
            if part.start < part.end {
                arrays.extend(self.group_arrays(field, leaves, group, part)?);
            }
        }
        Ok(arrays)
    }

    /// Rows `part` of a row group. A single column without repeated values is read from its own pages only; columns
    /// that are decoded together must all begin at the start of the group.
    fn group_arrays(
        &self,
        field: &Field,
        leaves: &[usize],
        group: usize,
        part: Window,
    ) -> Result<Vec<Box<dyn Array>>, String> {
        let meta = &self.meta.row_groups[group];
        let mut columns = Vec::new();
        let mut types = Vec::new();
        let mut skipped = 0;
        for &leaf in leaves {
            let chunk = chunk_of(meta, leaf)?;
            let pages = self.page_index(group, leaf, chunk)?;
            let flat = chunk.descriptor().descriptor.max_rep_level == 0;
            if flat && pages.pages.last().map_or(0, |page| page.first + page.values) != meta.num_rows() as u64
            {
                return Err("a column with another number of rows than its group".to_owned());
            }
            if !flat && chunk.num_values() > MAX_REPEATED_VALUES {
                return Err(format!("{} values in one column of a row group", chunk.num_values()));
            }
            let holds_rows = |page: &&PageSpan| {
                !flat
                    || (page.first < part.end && (leaves.len() > 1 || page.first + page.values > part.start))
            };
            let wanted: Vec<&PageSpan> = pages.pages.iter().filter(holds_rows).collect();
            skipped = if flat { wanted.first().map_or(0, |page| page.first) } else { 0 };
            columns.push(self.decompressor(chunk, &pages, &wanted)?);
            types.push(&chunk.descriptor().descriptor.primitive_type);
        }
        let filter = Filter::Range((part.start - skipped) as usize..(part.end - skipped) as usize);
        let decoded = column_iter_to_arrays(columns, types, field.clone(), Some(filter)).map_err(words)?;
        Ok(decoded.0)
    }

    /// The rows that are best decoded together to get at `row` of some columns, if that is more than the row: its whole row
    /// group, where values repeat or stand in a large dictionary. With them comes the size of the columns.
    pub(super) fn bulk(&self, leaves: &[usize], row: u64) -> Result<Option<(Window, u64)>, String> {
        let group = self.starts.partition_point(|start| *start <= row).saturating_sub(1);
        let meta = self.meta.row_groups.get(group).ok_or("no such row")?;
        let mut costly = false;
        let mut bytes = 0;
        for &leaf in leaves {
            let chunk = chunk_of(meta, leaf)?;
            let pages = self.page_index(group, leaf, chunk)?;
            let dictionary = pages.dictionary.as_ref().map_or(0, |span| span.end - span.start);
            costly |= chunk.descriptor().descriptor.max_rep_level > 0 || dictionary > MAX_DICTIONARY_BYTES;
            bytes += u64::try_from(chunk.uncompressed_size()).unwrap_or(0);
        }
        let window = Window { start: self.starts[group], end: self.starts[group] + meta.num_rows() as u64 };
        Ok(costly.then_some((window, bytes)))
    }

    fn page_index(
        &self,
        group: usize,
        leaf: usize,
        chunk: &ColumnChunkMetadata,
    ) -> Result<Arc<PageIndex>, String> {
        if let Some(known) = self.pages.lock().unwrap_or_else(PoisonError::into_inner).get(&(group, leaf)) {
            return Ok(Arc::clone(known));
        }
        let (start, len) =
            (chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset()), chunk.compressed_size());
        let range = u64::try_from(start).ok().zip(u64::try_from(len).ok()).and_then(|(start, len)| {
            Some(start..start.checked_add(len).filter(|end| *end <= self.file_len)?)
        });
        let range = range.ok_or("a column that reaches past the end of the file")?;
        let values = u64::try_from(chunk.num_values()).map_err(words)?;
        let index = Arc::new(PageIndex::read(&mut self.file(), range, values)?);
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).insert((group, leaf), Arc::clone(&index));
        Ok(index)
    }

    fn file(&self) -> MutexGuard<'_, File> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The dictionary and the wanted pages, put behind each other as if they were the whole chunk.
    fn decompressor(
        &self,
        chunk: &ColumnChunkMetadata,
        index: &PageIndex,
        wanted: &[&PageSpan],
    ) -> Result<BasicDecompressor, String> {
        let spans = index.dictionary.iter().chain(wanted.iter().map(|page| &page.bytes));
        let mut bytes = Vec::new();
        let mut file = self.file();
        for span in spans {
            file.seek(SeekFrom::Start(span.start)).map_err(words)?;
            file.by_ref().take(span.end - span.start).read_to_end(&mut bytes).map_err(words)?;
        }
        drop(file);
        let values: u64 = wanted.iter().map(|page| page.values).sum();
        let meta =
            PageMetaData::new(0, values as i64, chunk.compression(), chunk.descriptor().descriptor.clone());
        let pages = PageReader::new_with_page_meta(
            Cursor::new(Buffer::from_vec(bytes)),
            meta,
            Vec::new(),
            MAX_PAGE_BYTES,
        );
        Ok(BasicDecompressor::new(pages, Vec::new()))
    }
}

fn chunk_of(group: &RowGroupMetadata, leaf: usize) -> Result<&ColumnChunkMetadata, String> {
    group.parquet_columns().get(leaf).ok_or_else(|| "a row group without one of the columns".to_owned())
}

/// As many rows as were asked for, or an error.
pub(super) fn check_len<T>(values: Vec<T>, window: Window) -> Result<Vec<T>, String> {
    if values.len() as u64 == window.len() {
        return Ok(values);
    }
    Err(format!("{} rows in place of {}", values.len(), window.len()))
}
