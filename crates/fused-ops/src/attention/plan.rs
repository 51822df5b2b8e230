//! Which rows attend to which.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use thiserror::Error;

use super::batches::{Batches, Place};

/// Rows `start`, `start + stride`, … of the keys and values, `len` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRows {
    /// First row.
    pub start: usize,
    /// Distance between rows; at least 1.
    pub stride: usize,
    /// Number of rows.
    pub len: usize,
}

impl KeyRows {
    /// `len` rows that follow each other.
    pub fn contiguous(start: usize, len: usize) -> Self {
        Self { start, stride: 1, len }
    }

    /// The range that holds all rows; `None` when it does not fit the address space.
    fn bounds(&self) -> Option<Range<usize>> {
        let Some(steps) = self.len.checked_sub(1) else { return Some(self.start..self.start) };
        let last = steps.checked_mul(self.stride)?.checked_add(self.start)?;
        Some(self.start..last.checked_add(1)?)
    }

    /// Whether a row lies between the first of these and the last, or is one of them.
    pub(crate) fn spans(&self, row: usize) -> bool {
        self.bounds().is_none_or(|bounds| bounds.contains(&row))
    }

    /// The rows, in order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..self.len).map(move |i| self.start + i * self.stride)
    }
}

/// How much of its keys a query sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Visibility {
    /// Every key of the segment.
    Full,
    /// Aligned at the end: query `i` of `Tq`, with `Tk` keys, sees keys `0..=Tk - Tq + i`.
    Causal,
}

/// Queries that attend to the same list of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Query rows.
    pub queries: Range<usize>,
    /// Key rows, in order.
    pub keys: Vec<KeyRows>,
    /// Which of the keys each query sees.
    pub visibility: Visibility,
}

impl Segment {
    /// Number of keys.
    pub fn key_count(&self) -> usize {
        self.keys.iter().map(|run| run.len).sum()
    }

    /// Number of leading keys that the `i`-th query of the segment sees.
    pub(crate) fn visible(&self, i: usize) -> usize {
        match self.visibility {
            Visibility::Full => self.key_count(),
            Visibility::Causal => (self.key_count() + i + 1).saturating_sub(self.queries.len()),
        }
    }
}

/// Why a plan was refused. Segments are counted from zero.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PlanError {
    /// A query range ends outside the query tensor or before its start.
    #[error("segment {segment}: queries {found:?} outside the {rows} query rows")]
    Queries {
        /// The segment.
        segment: usize,
        /// Its query range.
        found: Range<usize>,
        /// Rows there are.
        rows: usize,
    },
    /// Two segments claim the same query row.
    #[error("query row {row} belongs to two segments; give each row to one")]
    Overlap {
        /// The first row claimed twice.
        row: usize,
    },
    /// A run of keys leaves the key tensor.
    #[error("segment {segment}: keys {found:?} outside the {rows} key rows")]
    Keys {
        /// The segment.
        segment: usize,
        /// The run.
        found: KeyRows,
        /// Rows there are.
        rows: usize,
    },
    /// A run repeats one row.
    #[error("segment {segment}: keys {found:?} have stride 0; use a stride of at least 1")]
    Stride {
        /// The segment.
        segment: usize,
        /// The run.
        found: KeyRows,
    },
}

/// A checked list of segments; clones share it.
///
/// One plan serves all layers of a pass. The same shape expresses ragged batches (a causal segment per sequence),
/// vision windows (full segments), decoding over a cache (one query per segment) and completions that share a prompt
/// (prompt rows, then own rows, causal).
#[derive(Clone, Debug)]
pub struct AttentionPlan(Arc<Checked>);

#[derive(Debug)]
struct Checked {
    segments: Vec<Segment>,
    query_rows: usize,
    key_rows: usize,
    /// The same on the first device that asked for it.
    batches: OnceLock<Batches>,
}

impl Checked {
    fn new(segments: Vec<Segment>, query_rows: usize, key_rows: usize) -> Self {
        Self { segments, query_rows, key_rows, batches: OnceLock::new() }
    }
}

/// Segments whose keys overlap with no other segment's, and the range their keys lie in.
pub(crate) struct Component {
    pub(crate) segments: Vec<usize>,
    pub(crate) keys: Range<usize>,
}

impl AttentionPlan {
    /// Checks that queries lie in `0..query_rows` and in one segment at most, and keys in `0..key_rows`.
    ///
    /// # Errors
    /// Names the segment that breaks a rule.
    ///
    /// # Example
    /// ```
    /// use fused_ops::{AttentionPlan, KeyRows, Segment, Visibility};
    ///
    /// // Two completions of two tokens each, both after a prompt of three.
    /// let completion = |first| Segment {
    ///     queries: first..first + 2,
    ///     keys: vec![KeyRows::contiguous(0, 3), KeyRows::contiguous(first, 2)],
    ///     visibility: Visibility::Causal,
    /// };
    /// let prompt = Segment { queries: 0..3, keys: vec![KeyRows::contiguous(0, 3)], visibility: Visibility::Causal };
    /// let plan = AttentionPlan::new(vec![prompt, completion(3), completion(5)], 7, 7)?;
    /// assert_eq!(plan.segments()[2].key_count(), 5);
    /// # Ok::<(), fused_ops::PlanError>(())
    /// ```
    pub fn new(segments: Vec<Segment>, query_rows: usize, key_rows: usize) -> Result<Self, PlanError> {
        for (segment, s) in segments.iter().enumerate() {
            if s.queries.start > s.queries.end || s.queries.end > query_rows {
                return Err(PlanError::Queries { segment, found: s.queries.clone(), rows: query_rows });
            }
            s.keys.iter().try_for_each(|run| check_run(*run, segment, key_rows))?;
        }
        match first_overlap(&segments) {
            Some(row) => Err(PlanError::Overlap { row }),
            None => Ok(Self(Arc::new(Checked::new(segments, query_rows, key_rows)))),
        }
    }

    /// Self-attention within packed sequences of these lengths.
    pub fn sequences(lengths: &[usize], visibility: Visibility) -> Self {
        let mut rows = 0;
        let mut segments = Vec::with_capacity(lengths.len());
        for &len in lengths {
            let keys = vec![KeyRows::contiguous(rows, len)];
            segments.push(Segment { queries: rows..rows + len, keys, visibility });
            rows += len;
        }
        Self(Arc::new(Checked::new(segments, rows, rows)))
    }

    /// The segments.
    pub fn segments(&self) -> &[Segment] {
        &self.0.segments
    }

    /// Query rows of the tensors this plan is for.
    pub fn query_rows(&self) -> usize {
        self.0.query_rows
    }

    /// Key rows the plan may refer to; the tensors may have more.
    pub fn key_rows(&self) -> usize {
        self.0.key_rows
    }

    /// Lends the plan as batches on a device. They are kept for the first place, and made anew for any other.
    pub(super) fn with_batches<T>(&self, place: Place, f: impl FnOnce(&Batches) -> T) -> T {
        let kept = self.0.batches.get_or_init(|| Batches::of(self, place.clone()));
        if kept.place == place { f(kept) } else { f(&Batches::of(self, place)) }
    }

    /// Splits the segments into sets whose key ranges do not touch.
    pub(crate) fn components(&self) -> Vec<Component> {
        let range = |segment: &Segment| {
            let runs = segment.keys.iter().filter(|run| run.len > 0).filter_map(KeyRows::bounds);
            runs.reduce(|a, b| a.start.min(b.start)..a.end.max(b.end))
        };
        let mut ranges: Vec<_> =
            self.0.segments.iter().enumerate().filter_map(|(i, s)| Some((range(s)?, i))).collect();
        ranges.sort_by_key(|(range, _)| range.start);
        let mut components: Vec<Component> = Vec::new();
        for (range, segment) in ranges {
            match components.last_mut() {
                Some(last) if range.start < last.keys.end => {
                    last.keys.end = last.keys.end.max(range.end);
                    last.segments.push(segment);
                }
                _ => components.push(Component { segments: vec![segment], keys: range }),
            }
        }
        components
    }
}

fn check_run(run: KeyRows, segment: usize, rows: usize) -> Result<(), PlanError> {
    if run.stride == 0 && run.len > 1 {
        return Err(PlanError::Stride { segment, found: run });
    }
    match run.bounds() {
        Some(bounds) if bounds.end <= rows => Ok(()),
        _ => Err(PlanError::Keys { segment, found: run, rows }),
    }
}

fn first_overlap(segments: &[Segment]) -> Option<usize> {
    let mut ranges: Vec<_> = segments.iter().map(|s| s.queries.clone()).filter(|q| !q.is_empty()).collect();
    ranges.sort_by_key(|range| range.start);
    ranges.windows(2).find(|pair| pair[1].start < pair[0].end).map(|pair| pair[1].start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(queries: Range<usize>, keys: &[(usize, usize, usize)]) -> Segment {
        let keys = keys.iter().map(|&(start, stride, len)| KeyRows { start, stride, len }).collect();
        Segment { queries, keys, visibility: Visibility::Causal }
    }

    #[test]
    fn rows_outside_the_tensors_are_refused() {
        let plan = |s| AttentionPlan::new(vec![s], 4, 4).map(|_| ()).unwrap_err();
        assert!(matches!(plan(segment(2..5, &[])), PlanError::Queries { segment: 0, .. }));
        #[allow(clippy::reversed_empty_ranges)]
        let backwards = 3..2;
        assert!(matches!(plan(segment(backwards, &[])), PlanError::Queries { .. }));
        assert!(matches!(plan(segment(0..1, &[(0, 2, 3)])), PlanError::Keys { .. }));
        assert!(matches!(plan(segment(0..1, &[(1, usize::MAX, 3)])), PlanError::Keys { .. }));
        assert!(matches!(plan(segment(0..1, &[(1, 0, 3)])), PlanError::Stride { .. }));
    }

    #[test]
    fn a_query_row_belongs_to_one_segment() {
        let twice = vec![segment(2..4, &[]), segment(0..3, &[])];
        assert_eq!(AttentionPlan::new(twice, 4, 4).map(|_| ()), Err(PlanError::Overlap { row: 2 }));
        assert!(AttentionPlan::new(vec![segment(2..4, &[]), segment(0..2, &[])], 4, 4).is_ok());
    }

    #[test]
    fn causal_visibility_is_aligned_at_the_last_query() {
        let s = segment(0..3, &[(0, 1, 4), (9, 1, 1)]);
        assert_eq!((0..3).map(|i| s.visible(i)).collect::<Vec<_>>(), [3, 4, 5]);
        let short = segment(0..3, &[(0, 1, 1)]);
        assert_eq!((0..3).map(|i| short.visible(i)).collect::<Vec<_>>(), [0, 0, 1]);
    }

    #[test]
    fn segments_that_share_keys_form_one_component() {
        let segments = vec![
            segment(0..1, &[(0, 1, 2), (6, 1, 1)]),
            segment(1..2, &[(8, 1, 2)]),
            segment(2..3, &[(3, 1, 1)]),
        ];
        let components = AttentionPlan::new(segments, 3, 10).unwrap().components();
        let found: Vec<_> = components.iter().map(|c| (c.segments.clone(), c.keys.clone())).collect();
        assert_eq!(found, [(vec![0, 2], 0..7), (vec![1], 8..10)]);
    }
}
