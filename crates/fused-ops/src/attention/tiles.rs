//! How queries and keys are cut into tiles that fit the cache.

use burn_flex::FlexTensor;

use super::Heads;
use super::plan::{AttentionPlan, Segment};
use crate::bridge::sizes;
use crate::kernel::matrix::Mat;
use crate::kernel::shared::Source;

/// Score rows (queries times heads of a group) of one tile.
const ROWS: usize = 128;
/// Keys of one tile.
pub(super) const KEYS: usize = 256;

/// Consecutive queries of one segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct QueryTile {
    pub(super) segment: usize,
    /// First query, counted within the segment.
    pub(super) first: usize,
    pub(super) len: usize,
}

/// Up to [`KEYS`] keys of one run.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyTile {
    /// Position of the first key in the segment's list.
    pub(super) first: usize,
    /// Row of the first key.
    pub(super) row: usize,
    pub(super) stride: usize,
    pub(super) len: usize,
}

impl KeyTile {
    /// How many of these keys the `i`-th query of the segment sees.
    pub(super) fn seen(&self, segment: &Segment, i: usize) -> usize {
        segment.visible(i).saturating_sub(self.first).min(self.len)
    }
}

/// The query tiles of a segment, the one that sees most keys first.
pub(super) fn query_tiles(index: usize, segment: &Segment, group: usize) -> impl Iterator<Item = QueryTile> {
    let (count, step) = (segment.queries.len(), (ROWS / group).max(1));
    (0..count.div_ceil(step)).rev().map(move |tile| {
        let first = tile * step;
        QueryTile { segment: index, first, len: step.min(count - first) }
    })
}

/// The tiles that hold the first `visible` keys of a segment.
pub(super) fn key_tiles(segment: &Segment, visible: usize) -> impl Iterator<Item = KeyTile> {
    let mut before = 0;
    segment
        .keys
        .iter()
        .flat_map(move |&run| {
            let position = before;
            before += run.len;
            (0..run.len).step_by(KEYS).map(move |at| KeyTile {
                first: position + at,
                row: run.start + at * run.stride,
                stride: run.stride,
                len: KEYS.min(run.len - at),
            })
        })
        .take_while(move |tile| tile.first < visible)
        .map(move |tile| KeyTile { len: tile.len.min(visible - tile.first), ..tile })
}

/// Multiply-adds of a forward pass over these tiles.
pub(super) fn work(plan: &AttentionPlan, heads: Heads) -> usize {
    let scores = plan.segments().iter().map(|s| s.queries.len() * s.key_count()).sum::<usize>();
    2 * scores * heads.query_heads() * heads.head
}

/// The tensor with contiguous heads: itself, unless the last dimension is strided.
pub(super) fn readable(tensor: FlexTensor) -> FlexTensor {
    let strides = tensor.layout().strides();
    let [_, _, head] = sizes(&tensor);
    if (strides[2] == 1 || head == 1) && strides.iter().all(|&s| s >= 0) {
        tensor
    } else {
        tensor.to_contiguous()
    }
}

/// `[rows, heads, head]` numbers with contiguous heads.
#[derive(Clone, Copy)]
pub(super) struct HeadView<'a> {
    data: Source<'a>,
    row: usize,
    head: usize,
    width: usize,
}

impl<'a> HeadView<'a> {
    /// Views a [`readable`] tensor.
    pub(super) fn of(tensor: &'a FlexTensor) -> Self {
        let (layout, [_, _, width]) = (tensor.layout(), sizes(tensor));
        let (row, head) = (layout.strides()[0].unsigned_abs(), layout.strides()[1].unsigned_abs());
        let from = layout.start_offset().min(tensor.storage::<f32>().len());
        Self { data: tensor.storage::<f32>()[from..].into(), row, head, width }
    }

    /// Views numbers without gaps.
    pub(super) fn dense(data: Source<'a>, heads: usize, width: usize) -> Self {
        Self { data, row: heads * width, head: width, width }
    }

    /// One head of one row.
    pub(super) fn at(&self, row: usize, head: usize) -> &'a [f32] {
        self.data.part(row * self.row + head * self.head, self.width)
    }

    /// One head of the rows of a key tile, as storage and the distance between rows.
    pub(super) fn rows(&self, tile: KeyTile, head: usize) -> (&'a [f32], usize) {
        let stride = tile.stride * self.row;
        let len = tile.len.checked_sub(1).map_or(0, |last| last * stride + self.width);
        (self.data.part(tile.row * self.row + head * self.head, len), stride)
    }

    /// One head of the rows of a key tile, `[keys, head]`.
    pub(super) fn mat(&self, tile: KeyTile, head: usize) -> Mat<'a> {
        let (data, stride) = self.rows(tile, head);
        Mat::strided(data, [tile.len, self.width], [stride, 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attention::{KeyRows, Visibility};

    #[test]
    fn key_tiles_cover_the_visible_keys_once_and_in_order() {
        let keys = vec![
            KeyRows { start: 5, stride: 3, len: 600 },
            KeyRows { start: 0, stride: 1, len: 0 },
            KeyRows { start: 1, stride: 7, len: 20 },
        ];
        let segment = Segment { queries: 0..1, keys: keys.clone(), visibility: Visibility::Full };
        for visible in [0, 1, 256, 257, 600, 601, 620] {
            let rows: Vec<_> = key_tiles(&segment, visible)
                .flat_map(|t| (0..t.len).map(move |i| t.row + i * t.stride))
                .collect();
            let expected: Vec<_> = keys.iter().flat_map(|run| run.iter()).take(visible).collect();
            assert_eq!(rows, expected);
        }
    }
}
