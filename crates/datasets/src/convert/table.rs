//! Rows as a parquet file: texts, lists of turns, and lists of pictures as the hub stores them.

use std::fs::File;

use polars_arrow::array::{
    Array, BinaryViewArray, ListArray, MutableBinaryViewArray, StructArray, Utf8ViewArray,
};
use polars_arrow::datatypes::{ArrowDataType, ArrowSchema, Field};
use polars_arrow::offset::OffsetsBuffer;
use polars_arrow::record_batch::RecordBatchT;
use polars_buffer::Buffer;
use polars_parquet::write::{
    CompressionOptions, Encoding, FileWriter, RowGroupIterator, StatisticsOptions, Version, WriteOptions,
};
use serde_json::Value;

use super::row::OutRow;
use crate::raw_row::answer_text;

/// Rows of a row group, and the bytes of pictures after which one is written early.
const GROUP_ROWS: usize = 1000;
const GROUP_BYTES: usize = 64 << 20;

const OPTIONS: WriteOptions = WriteOptions {
    statistics: StatisticsOptions {
        min_value: false,
        max_value: false,
        distinct_count: false,
        null_count: true,
        binary_statistics_truncate_length: None,
    },
    version: Version::V1,
    compression: CompressionOptions::Snappy,
    data_page_size: None,
};

/// A parquet file that is being written.
pub(super) struct Table {
    file: Option<File>,
    writer: Option<FileWriter<File>>,
    names: Vec<&'static str>,
    rows: Vec<OutRow>,
    images: Vec<Vec<Picture>>,
    bytes: usize,
}

/// A picture's name and bytes.
type Picture = (Option<String>, Vec<u8>);

impl Table {
    pub(super) fn new(file: File) -> Self {
        let (names, rows, images) = (Vec::new(), Vec::new(), Vec::new());
        Self { file: Some(file), writer: None, names, rows, images, bytes: 0 }
    }

    pub(super) fn push(&mut self, row: OutRow) -> Result<(), String> {
        let mut images = Vec::new();
        for image in &row.images {
            let bytes = image.open().map_err(|error| error.to_string())?;
            self.bytes += bytes.len();
            images.push((image.name().map(str::to_owned), bytes));
        }
        if self.names.is_empty() {
            self.names = row.fields.iter().map(|(name, _)| *name).collect();
        }
        self.rows.push(row);
        self.images.push(images);
        if self.rows.len() >= GROUP_ROWS || self.bytes >= GROUP_BYTES { self.flush() } else { Ok(()) }
    }

    /// Writes what is left, and the footer.
    pub(super) fn finish(mut self) -> Result<File, String> {
        self.flush()?;
        let mut writer = self.writer.ok_or("there are no rows to write")?;
        writer.end(None).map_err(|error| error.to_string())?;
        Ok(writer.into_inner())
    }

    fn flush(&mut self) -> Result<(), String> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.rows);
        let images = std::mem::take(&mut self.images);
        self.bytes = 0;
        let mut columns = Vec::new();
        for name in &self.names {
            columns.push((*name, column(name, &rows)?));
        }
        columns.push(("images", pictures(images)?));
        let field =
            |(name, array): &(&str, Box<dyn Array>)| Field::new((*name).into(), array.dtype().clone(), true);
        let schema: ArrowSchema =
            columns.iter().map(field).map(|field| (field.name.clone(), field)).collect();
        self.write(schema, columns.into_iter().map(|(_, array)| array).collect(), rows.len())
    }

    fn write(&mut self, schema: ArrowSchema, arrays: Vec<Box<dyn Array>>, rows: usize) -> Result<(), String> {
        let leaves = |field: &Field| vec![Encoding::Plain; if field.dtype.is_nested() { 2 } else { 1 }];
        let encodings: Vec<Vec<Encoding>> = schema.iter_values().map(leaves).collect();
        if let Some(file) = self.file.take() {
            self.writer = Some(FileWriter::try_new(file, schema.clone(), OPTIONS).map_err(words)?);
        }
        let batch = RecordBatchT::try_new(rows, schema.clone().into(), arrays).map_err(words)?;
        let groups =
            RowGroupIterator::try_new([Ok(batch)].into_iter(), &schema, OPTIONS, Buffer::from_vec(encodings));
        let writer = self.writer.as_mut().ok_or("the file is gone")?;
        for group in groups.map_err(words)? {
            writer.write(rows as u64, group.map_err(words)?).map_err(words)?;
        }
        Ok(())
    }
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// The values of a field: a column of turns if they are lists of turns, else of texts, in which everything that is no
/// text stands as JSON.
fn column(name: &str, rows: &[OutRow]) -> Result<Box<dyn Array>, String> {
    let value =
        |row: &OutRow| row.fields.iter().find(|(field, _)| *field == name).map(|(_, value)| value.clone());
    let values: Vec<Value> = rows.iter().map(|row| value(row).unwrap_or_default()).collect();
    let first = values.iter().find_map(|value| value.get(0));
    for keys in [["role", "content"], ["from", "value"]] {
        if first.is_some_and(|turn| turn.get(keys[0]).is_some()) {
            return turns(values, keys);
        }
    }
    let text = |value: Value| (!value.is_null()).then(|| answer_text(value));
    let texts: Vec<Option<String>> = values.into_iter().map(text).collect();
    Ok(Box::new(Utf8ViewArray::from_slice(texts)))
}

/// Lists of structs with two texts. Parts of a turn become marks in its text.
fn turns(values: Vec<Value>, keys: [&'static str; 2]) -> Result<Box<dyn Array>, String> {
    let rows: Vec<Vec<Value>> =
        values.into_iter().map(|value| value.as_array().cloned().unwrap_or_default()).collect();
    let lengths: Vec<usize> = rows.iter().map(Vec::len).collect();
    let flat: Vec<Value> = rows.into_iter().flatten().collect();
    let texts = keys.map(|key| {
        let texts: Vec<Option<String>> = flat.iter().map(|turn| turn.get(key).map(marked)).collect();
        Box::new(Utf8ViewArray::from_slice(texts)) as Box<dyn Array>
    });
    let fields = keys.map(|key| Field::new(key.into(), ArrowDataType::Utf8View, true));
    list_of(fields.into(), texts.into(), &lengths)
}

fn marked(content: &Value) -> String {
    let part = |part: &Value| match part.get("type").and_then(Value::as_str) {
        Some("image") => "<image>".to_owned(),
        Some("video") => "<video>".to_owned(),
        _ => part.get("text").and_then(Value::as_str).unwrap_or_default().to_owned(),
    };
    match content {
        Value::Array(parts) => parts.iter().map(part).collect(),
        other => answer_text(other.clone()),
    }
}

/// Lists of `lengths` structs with the given columns.
fn list_of(
    fields: Vec<Field>,
    columns: Vec<Box<dyn Array>>,
    lengths: &[usize],
) -> Result<Box<dyn Array>, String> {
    let mut offsets = vec![0_i64];
    let mut end = 0;
    for length in lengths {
        end += *length;
        offsets.push(end as i64);
    }
    let cells = StructArray::new(ArrowDataType::Struct(fields), end, columns, None);
    let item = Field::new("element".into(), cells.dtype().clone(), true);
    let offsets = OffsetsBuffer::try_from(offsets).map_err(words)?;
    Ok(Box::new(ListArray::<i64>::new(
        ArrowDataType::LargeList(Box::new(item)),
        offsets,
        Box::new(cells),
        None,
    )))
}

fn pictures(images: Vec<Vec<Picture>>) -> Result<Box<dyn Array>, String> {
    let lengths: Vec<usize> = images.iter().map(Vec::len).collect();
    let flat: Vec<Picture> = images.into_iter().flatten().collect();
    let mut bytes = MutableBinaryViewArray::<[u8]>::with_capacity(flat.len());
    for (_, content) in &flat {
        bytes.push_value(content.as_slice());
    }
    let bytes: BinaryViewArray = bytes.into();
    let names: Vec<Option<&str>> = flat.iter().map(|(name, _)| name.as_deref()).collect();
    let fields = vec![
        Field::new("bytes".into(), ArrowDataType::BinaryView, true),
        Field::new("path".into(), ArrowDataType::Utf8View, true),
    ];
    list_of(fields, vec![Box::new(bytes), Box::new(Utf8ViewArray::from_slice(names))], &lengths)
}
