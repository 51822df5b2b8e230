//! The segments of a plan as batches for a device: made once, then read by every layer.

use std::collections::BTreeMap;
use std::ops::Range;

use burn::tensor::{Bool, Device, GradientCheckpointingStrategy, Int, Tensor, TensorData};

use super::plan::{AttentionPlan, Segment, Visibility};

/// Keys of single queries are padded to a multiple of this, so that a growing cache meets few distinct shapes.
const KEY_BUCKET: usize = 64;

/// Most pieces that rows are put together of where gradients flow through them. Those of listed rows are added up one row
/// after another, those of pieces all at once.
const MOST_RUNS: usize = 64;

/// What the indices of a plan were made for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    device: Device,
    tape: Option<GradientCheckpointingStrategy>,
    /// Key-value heads.
    kv: usize,
}

impl Place {
    pub(super) fn of(q: &Tensor<3>, k: &Tensor<3>) -> Self {
        let device = q.device();
        Self { tape: device.gradient_checkpointing_strategy(), device, kv: k.dims()[1] }
    }
}

/// A plan on a device.
#[derive(Debug)]
pub(super) struct Batches {
    pub(super) place: Place,
    pub(super) batches: Vec<Batch>,
    /// Whether a row of zeros stands before the outputs of the batches, for queries that see nothing.
    pub(super) blank: bool,
    /// Where the output of each query stands in those of the batches, one after another.
    pub(super) order: Rows,
}

/// Segments of equal shape.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) segments: usize,
    /// Of each segment.
    pub(super) queries: usize,
    /// Of each segment.
    pub(super) keys: usize,
    /// The last query sees all keys, the one before it one fewer.
    pub(super) causal: bool,
    pub(super) query_rows: Rows,
    pub(super) key_rows: KeyIndex,
    /// True where a key is padding, `[segments, 1, 1, keys]`.
    pub(super) padding: Option<Tensor<4, Bool>>,
}

/// Rows of the keys of a batch.
#[derive(Debug)]
pub(super) enum KeyIndex {
    /// Rows, each with all its heads.
    Rows(Rows),
    /// Rows of one head each, numbered through: those of a segment's first head, then of its second.
    HeadRows(Tensor<1, Int>),
}

/// Rows of a tensor.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a plan has few of them, and tensors are handles")]
pub(super) enum Rows {
    /// Neighbours, of which each range is one view.
    Runs(Vec<Range<usize>>),
    /// Any.
    Listed(Tensor<1, Int>),
}

impl Batches {
    pub(super) fn of(plan: &AttentionPlan, place: Place) -> Self {
        let mut order = vec![0; plan.query_rows()];
        let shapes = shapes(plan);
        let seen: usize = shapes.iter().map(|(shape, segments)| shape.queries * segments.len()).sum();
        let blank = seen < order.len();
        let queries =
            shapes.iter().flat_map(|(shape, segments)| segments.iter().map(|s| shape.query_rows(s)));
        for (output, row) in (usize::from(blank)..).zip(queries.flatten()) {
            order[row] = output;
        }
        let order = Rows::of(&order, &place);
        let batches = shapes.iter().map(|(shape, segments)| Batch::of(*shape, segments, &place)).collect();
        Self { place, batches, blank, order }
    }
}

/// What segments must have in common to form one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct BatchShape {
    queries: usize,
    keys: usize,
    causal: bool,
}

impl BatchShape {
    /// `None` for a segment without output.
    fn of(segment: &Segment) -> Option<Self> {
        let keys = segment.key_count();
        let causal = segment.visibility == Visibility::Causal;
        // A causal query before the first key sees nothing and is left out.
        let queries = if causal { segment.queries.len().min(keys) } else { segment.queries.len() };
        let causal = causal && queries > 1;
        (queries > 0 && keys > 0).then_some(Self { queries, keys, causal })
    }

    fn query_rows(&self, segment: &Segment) -> Range<usize> {
        segment.queries.end - self.queries..segment.queries.end
    }
}

/// Segments by shape. Single queries whose numbers of keys are within a factor of two go together, padded: the tokens of
/// a step of generation are one batch, or few.
fn shapes(plan: &AttentionPlan) -> BTreeMap<BatchShape, Vec<&Segment>> {
    let shapes = plan.segments().iter().filter_map(|segment| Some((BatchShape::of(segment)?, segment)));
    let shapes: Vec<_> = shapes.collect();
    let single = shapes.iter().filter(|(shape, _)| shape.queries == 1).map(|(shape, _)| shape.keys);
    let widths = widths(single.collect());
    let mut batches = BTreeMap::<_, Vec<_>>::new();
    for (shape, segment) in shapes {
        let wide = widths.iter().find(|width| shape.queries == 1 && **width >= shape.keys);
        let keys = wide.copied().unwrap_or(shape.keys);
        batches.entry(BatchShape { keys, ..shape }).or_default().push(segment);
    }
    batches
}

/// Few numbers, ascending, such that each of `keys` is padded to the next of them, to less than twice its bucket.
fn widths(mut keys: Vec<usize>) -> Vec<usize> {
    keys.sort_unstable();
    let mut widths: Vec<usize> = Vec::new();
    for width in keys.into_iter().rev().map(|keys| keys.next_multiple_of(KEY_BUCKET)) {
        if widths.last().is_none_or(|last| 2 * width <= *last) {
            widths.push(width);
        }
    }
    widths.reverse();
    widths
}

impl Batch {
    fn of(shape: BatchShape, segments: &[&Segment], place: &Place) -> Self {
        let BatchShape { queries, keys, causal } = shape;
        let query_rows: Vec<usize> = segments.iter().flat_map(|s| shape.query_rows(s)).collect();
        let key_rows: Vec<usize> = segments.iter().flat_map(|s| key_rows(s, keys)).collect();
        let key_rows = match Rows::of(&key_rows, place) {
            Rows::Listed(rows) => KeyIndex::of_heads(rows, segments.len(), place),
            runs => KeyIndex::Rows(runs),
        };
        Self {
            segments: segments.len(),
            queries,
            keys,
            causal,
            query_rows: Rows::of(&query_rows, place),
            key_rows,
            padding: padding(segments, keys, &place.device),
        }
    }
}

impl KeyIndex {
    /// Where no gradients flow, keys are gathered in the order in which they are multiplied.
    fn of_heads(rows: Tensor<1, Int>, segments: usize, place: &Place) -> Self {
        if place.tape.is_some() {
            return Self::Rows(Rows::Listed(rows));
        }
        let (kv, device) = (place.kv, rows.device());
        let heads = Tensor::<1, Int>::arange(0..kv as i64, &device).reshape([1, kv, 1]);
        let first = rows.mul_scalar(kv as i64).reshape([segments as i64, 1, -1]);
        Self::HeadRows((first + heads).reshape([-1]))
    }
}

impl Rows {
    fn of(rows: &[usize], place: &Place) -> Self {
        let runs = runs(rows);
        let most = if place.tape.is_some() { MOST_RUNS } else { 1 };
        if runs.len() <= most {
            return Self::Runs(runs);
        }
        let rows: Vec<i64> = rows.iter().map(|row| *row as i64).collect();
        let count = rows.len();
        Self::Listed(Tensor::from_data(TensorData::new(rows, [count]), &place.device))
    }

    /// These rows of `x`, of which there is at least one.
    pub(super) fn take<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Listed(rows) => x.select(0, rows.clone()),
            Self::Runs(runs) => match runs.as_slice() {
                [all] if all.len() == x.dims()[0] => x,
                runs => {
                    let part = |run: &Range<usize>| x.clone().narrow(0, run.start, run.len());
                    Tensor::cat(runs.iter().map(part).collect(), 0)
                }
            },
        }
    }
}

/// Maximal ranges of rows that follow one another.
fn runs(rows: &[usize]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for row in rows {
        match runs.last_mut() {
            Some(run) if run.end == *row => run.end += 1,
            _ => runs.push(*row..row + 1),
        }
    }
    runs
}

/// The key rows of a segment, repeated at the end to make `count`.
fn key_rows(segment: &Segment, count: usize) -> impl Iterator<Item = usize> {
    let last = segment.keys.iter().rev().find(|run| run.len > 0).map_or(0, |run| run.start);
    segment.keys.iter().flat_map(|run| run.iter()).chain(std::iter::repeat(last)).take(count)
}

/// True where a key is padding; `None` where none is.
fn padding(segments: &[&Segment], keys: usize, device: &Device) -> Option<Tensor<4, Bool>> {
    let counts = || segments.iter().map(|segment| segment.key_count());
    if counts().all(|count| count == keys) {
        return None;
    }
    let flags: Vec<bool> = counts().flat_map(|real| (0..keys).map(move |i| i >= real)).collect();
    Some(Tensor::from_data(TensorData::new(flags, [segments.len(), 1, 1, keys]), device))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_queries_go_together_unless_padding_would_double_their_keys() {
        assert!(widths(vec![]).is_empty());
        assert_eq!(widths(vec![1, 33, 64]), [64]);
        assert_eq!(widths(vec![500, 300, 260, 320]), [512]);
        assert_eq!(widths(vec![1000, 500, 10, 70]), [128, 512, 1024]);
    }

    #[test]
    fn neighbouring_rows_are_runs() {
        assert_eq!(runs(&[3, 4, 5, 9, 1, 2]), [3..6, 9..10, 1..3]);
        assert!(runs(&[]).is_empty());
    }

    #[test]
    fn a_step_of_generation_is_one_batch_whose_rows_stay_where_they_are() {
        let segment = |row, len| Segment {
            queries: row..row + 1,
            keys: vec![super::super::KeyRows { start: row, stride: 3, len }],
            visibility: Visibility::Full,
        };
        let plan = AttentionPlan::new(vec![segment(0, 70), segment(1, 100), segment(2, 66)], 3, 400);
        let place = Place { device: Device::flex(), tape: None, kv: 2 };
        let batches = Batches::of(&plan.unwrap(), place);
        let [batch] = batches.batches.as_slice() else { panic!("{} batches", batches.batches.len()) };
        assert!(
            matches!(&batch.query_rows, Rows::Runs(runs) if runs.as_slice() == std::slice::from_ref(&(0..3)))
        );
        assert!(
            matches!(&batches.order, Rows::Runs(runs) if runs.as_slice() == std::slice::from_ref(&(0..3)))
                && !batches.blank
        );
        assert_eq!(batch.keys, 128);
        let KeyIndex::HeadRows(rows) = &batch.key_rows else { panic!("{:?}", batch.key_rows) };
        let rows: Vec<i64> = rows.to_data().iter().collect();
        assert_eq!(rows.len(), 3 * 2 * 128);
        assert_eq!([rows[1], rows[128 + 1], rows[256 + 1]], [6, 7, 8]);
    }
}
