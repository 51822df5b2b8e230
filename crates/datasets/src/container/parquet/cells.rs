//! Columns of encoded pictures: how many a row has and what they are called, and the bytes of one of them.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use polars_arrow::array::{Array, BinaryViewArray, ListArray, StructArray, Utf8ViewArray};
use polars_arrow::datatypes::{ArrowDataType, Field};

use super::columns::{Columns, Window, check_len};
use super::contained;
use crate::picture::PictureCells;

/// How a column holds pictures.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    list: bool,
    /// The pictures are structs with `bytes`, and perhaps with a `path`.
    cell: Cell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    Bytes,
    Struct,
    StructWithPath,
}

/// The shape of a picture column: `bytes` in a struct, or bytes alone under a name that says image; or a list of either.
pub(super) fn picture_column(field: &Field) -> Option<Shape> {
    let (list, inner) = match &field.dtype {
        ArrowDataType::LargeList(inner) | ArrowDataType::List(inner) => (true, &inner.dtype),
        other => (false, other),
    };
    match inner {
        ArrowDataType::BinaryView => {
            let name = field.name.to_lowercase();
            let says_so =
                ["image", "img", "picture", "photo", "bytes"].iter().any(|word| name.contains(word));
            says_so.then_some(Shape { list, cell: Cell::Bytes })
        }
        ArrowDataType::Struct(fields) => {
            let has = |name: &str, dtype: &ArrowDataType| {
                fields.iter().any(|f| f.name == name && f.dtype == *dtype)
            };
            let path = has("path", &ArrowDataType::Utf8View);
            let cell = if path { Cell::StructWithPath } else { Cell::Struct };
            has("bytes", &ArrowDataType::BinaryView).then_some(Shape { list, cell })
        }
        _ => None,
    }
}

/// A picture column of an open file.
pub(super) struct Pictures {
    columns: Arc<Columns>,
    index: usize,
    shape: Shape,
    label: String,
    /// Row groups that had to be decoded as a whole, the latest first.
    groups: Mutex<VecDeque<Arc<Group>>>,
}

/// The pictures of a row group.
struct Group {
    rows: Window,
    arrays: Vec<Box<dyn Array>>,
    bytes: u64,
}

/// Row groups are kept up to this many bytes; one is kept in any case.
const KEPT_BYTES: u64 = 128 << 20;

/// The part of a picture that is read.
#[derive(Clone, Copy)]
enum Part {
    Bytes,
    Path,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Path => "path",
        }
    }
}

impl Pictures {
    pub(super) fn new(columns: Arc<Columns>, index: usize, shape: Shape, path: &Path) -> Self {
        let label = format!("{}: column {}", path.display(), columns.fields()[index].name);
        Self { columns, index, shape, label, groups: Mutex::default() }
    }

    pub(super) fn name(&self) -> Arc<str> {
        self.columns.fields()[self.index].name.as_str().into()
    }

    /// For every row of the window the names of its pictures. The bytes are read only where nothing else tells how many
    /// there are.
    pub(super) fn names(&self, window: Window) -> Result<Vec<Vec<Option<String>>>, String> {
        let part = if self.shape.cell == Cell::StructWithPath { Part::Path } else { Part::Bytes };
        let mut rows = Vec::with_capacity(window.len() as usize);
        for array in self.arrays(part, window)? {
            rows.extend((0..array.len()).map(|row| self.names_of(&*array, row)));
        }
        check_len(rows, window)
    }

    fn names_of(&self, array: &dyn Array, row: usize) -> Vec<Option<String>> {
        self.cells(array, row)
            .map(|cells| (0..cells.len()).map(|item| name(&*cells, item)).collect())
            .unwrap_or_default()
    }

    /// The pictures of a row as an array of their own; `None` where the row has none.
    fn cells(&self, array: &dyn Array, row: usize) -> Option<Box<dyn Array>> {
        if array.is_null(row) {
            return None;
        }
        if !self.shape.list {
            return Some(array.sliced(row, 1));
        }
        let long = array.as_any().downcast_ref::<ListArray<i64>>().map(|list| list.value(row));
        long.or_else(|| array.as_any().downcast_ref::<ListArray<i32>>().map(|list| list.value(row)))
    }

    fn leaves(&self, part: Part) -> Vec<usize> {
        let name = &self.columns.fields()[self.index].name;
        match self.shape.cell {
            Cell::Bytes => self.columns.leaves_of(name, |_| true),
            _ => self.columns.leaves_of(name, |path| path.last() == Some(&part.name())),
        }
    }

    /// Rows of the column with only one part of its structs.
    fn arrays(&self, part: Part, window: Window) -> Result<Vec<Box<dyn Array>>, String> {
        let field = only(&self.columns.fields()[self.index], part);
        self.columns.arrays(&field, &self.leaves(part), window)
    }

    /// The pictures of `row`.
    fn row(&self, row: u64) -> Result<Option<Box<dyn Array>>, String> {
        let Some((rows, bytes)) = self.columns.bulk(&self.leaves(Part::Bytes), row)? else {
            let arrays = self.arrays(Part::Bytes, Window { start: row, end: row + 1 })?;
            return self.find(&arrays, 0);
        };
        let kept =
            |groups: &VecDeque<Arc<Group>>| groups.iter().position(|group| group.rows.start == rows.start);
        let known = {
            let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
            kept(&groups)
                .and_then(|at| groups.remove(at))
                .inspect(|group| groups.push_front(Arc::clone(group)))
        };
        if let Some(group) = known {
            return self.find(&group.arrays, row - rows.start);
        }
        let group = Arc::new(Group { rows, arrays: self.arrays(Part::Bytes, rows)?, bytes });
        let found = self.find(&group.arrays, row - rows.start);
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        groups.push_front(group);
        while groups.len() > 1 && groups.iter().map(|group| group.bytes).sum::<u64>() > KEPT_BYTES {
            groups.pop_back();
        }
        found
    }

    /// The pictures of the row that stands at `index` in arrays that follow each other.
    fn find(&self, arrays: &[Box<dyn Array>], index: u64) -> Result<Option<Box<dyn Array>>, String> {
        let mut left = usize::try_from(index).map_err(|error| error.to_string())?;
        for array in arrays {
            if left < array.len() {
                return Ok(self.cells(&**array, left));
            }
            left -= array.len();
        }
        Err("no such row".to_owned())
    }
}

/// `field` with its struct cut down to one part.
fn only(field: &Field, part: Part) -> Field {
    let cut = |dtype: &ArrowDataType| match dtype {
        ArrowDataType::Struct(fields) => {
            let kept = fields.iter().filter(|field| field.name == part.name()).cloned();
            ArrowDataType::Struct(kept.collect())
        }
        other => other.clone(),
    };
    let dtype = match &field.dtype {
        ArrowDataType::LargeList(inner) => ArrowDataType::LargeList(Box::new(Field::new(
            inner.name.clone(),
            cut(&inner.dtype),
            inner.is_nullable,
        ))),
        ArrowDataType::List(inner) => ArrowDataType::List(Box::new(Field::new(
            inner.name.clone(),
            cut(&inner.dtype),
            inner.is_nullable,
        ))),
        other => cut(other),
    };
    Field::new(field.name.clone(), dtype, field.is_nullable)
}

/// The only child of a struct, or the array itself.
fn inner(array: &dyn Array) -> Option<&dyn Array> {
    match array.as_any().downcast_ref::<StructArray>() {
        Some(cells) => cells.values().first().map(|values| &**values),
        None => Some(array),
    }
}

fn name(cells: &dyn Array, item: usize) -> Option<String> {
    let texts = inner(cells)?.as_any().downcast_ref::<Utf8ViewArray>()?;
    texts.get(item).map(str::to_owned)
}

impl PictureCells for Pictures {
    fn bytes(&self, row: u64, item: usize) -> Result<Vec<u8>, String> {
        contained(|| {
            let cells = self.row(row)?.ok_or("the cell is null, expected a picture")?;
            let bytes = inner(&*cells).and_then(|cells| cells.as_any().downcast_ref::<BinaryViewArray>());
            let bytes = bytes.ok_or("the cell holds no bytes")?;
            if item >= bytes.len() {
                return Err("no such picture".to_owned());
            }
            let found = bytes.get(item).ok_or("the bytes are null, expected an encoded picture")?;
            Ok(found.to_vec())
        })
    }

    fn label(&self) -> String {
        self.label.clone()
    }
}
