//! The segments of a plan as batches for a device: made once, then read by every layer.

use std::ops::Range;

use burn::tensor::{Bool, Device, GradientCheckpointingStrategy, IndexingUpdateOp, Int, Tensor, TensorData};

use super::plan::{AttentionPlan, Segment};
use super::shapes::{BatchShape, key_rows, query_rows, seeing, shapes};
use crate::units::has_matrix_units;
use crate::widen::is_half;

/// Most pieces that rows are put together of where gradients flow through them. Those of listed rows are added up one row
/// after another, those of pieces all at once.
const MOST_RUNS: usize = 64;

/// Most segments of a batch that would have more: each is three pieces at most, with its prompt and its padding.
const MOST_TOGETHER: usize = MOST_RUNS / 3;

/// What the indices of a plan were made for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) device: Device,
    pub(super) flow: Flow,
    /// Values of a head, where matrix units take it.
    pub(super) units: Option<usize>,
    /// Key-value heads.
    pub(super) kv: usize,
}

/// Whether gradients flow back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Flow {
    /// None do.
    Forward,
    /// Through a backward pass of ours.
    Back,
    /// On burn's tape.
    Tape(GradientCheckpointingStrategy),
}

impl Place {
    pub(super) fn of(q: &Tensor<3>, k: &Tensor<3>) -> Self {
        let (device, [_, kv, head]) = (q.device(), k.dims());
        let flow = device.gradient_checkpointing_strategy().map_or(Flow::Forward, Flow::Tape);
        // Tiles of matrix units hold sixteen values of a head.
        let fits = is_half(q.dtype()) && head.is_multiple_of(16) && flow == Flow::Forward;
        let units = (fits && has_matrix_units(&device)).then_some(head);
        Self { device, flow, units, kv }
    }

    /// The same for tensors without a tape whose gradients are made by ours.
    pub(super) fn with_gradients(q: &Tensor<3>, k: &Tensor<3>) -> Self {
        Self { flow: Flow::Back, ..Self::of(q, k) }
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

/// Segments that were padded to one shape.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) segments: usize,
    /// Of each segment.
    pub(super) shape: BatchShape,
    pub(super) query_rows: Rows,
    pub(super) key_rows: KeyIndex,
    /// True where a key is hidden from all queries, `[segments, 1, 1, keys]`.
    pub(super) padding: Option<Tensor<4, Bool>>,
    /// True where a query is padding, `[segments, 1, 1, queries, 1]`; for gradients only.
    pub(super) idle: Option<Tensor<5, Bool>>,
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
        let shapes = shapes(plan, place.units);
        let seen: usize = shapes.values().flatten().map(|segment| seeing(segment).len()).sum();
        let blank = seen < order.len();
        let mut output = usize::from(blank);
        for (shape, segments) in &shapes {
            for segment in segments {
                (output..).zip(seeing(segment)).for_each(|(output, row)| order[row] = output);
                output += shape.queries;
            }
        }
        let order = Rows::of(&order, &place);
        let batches = shapes.iter().flat_map(|(shape, segments)| {
            let together = together(*shape, segments, place.flow);
            segments.chunks(together).map(|segments| Batch::of(*shape, segments, &place))
        });
        let batches = batches.collect();
        Self { place, batches, blank, order }
    }
}

/// How many of these segments are one batch.
fn together(shape: BatchShape, segments: &[&Segment], flow: Flow) -> usize {
    let are_few = |rows: Vec<usize>| runs(&rows).len() <= MOST_RUNS;
    let all = flow == Flow::Forward || rows(shape, segments).into_iter().all(are_few);
    if all { segments.len() } else { MOST_TOGETHER }
}

/// Rows of queries and of keys.
fn rows(shape: BatchShape, segments: &[&Segment]) -> [Vec<usize>; 2] {
    [
        segments.iter().flat_map(|segment| query_rows(segment, shape)).collect(),
        segments.iter().flat_map(|segment| key_rows(segment, shape)).collect(),
    ]
}

impl Batch {
    fn of(shape: BatchShape, segments: &[&Segment], place: &Place) -> Self {
        let [queries, keys] = rows(shape, segments);
        let key_rows = match Rows::of(&keys, place) {
            Rows::Listed(rows) => KeyIndex::of_heads(rows, segments.len(), place),
            runs => KeyIndex::Rows(runs),
        };
        Self {
            segments: segments.len(),
            shape,
            query_rows: Rows::of(&queries, place),
            key_rows,
            padding: padding(segments, shape, &place.device),
            idle: (place.flow == Flow::Back).then(|| idle(segments, shape, &place.device)).flatten(),
        }
    }
}

impl KeyIndex {
    /// Where no gradients flow, keys are gathered in the order in which they are multiplied.
    fn of_heads(rows: Tensor<1, Int>, segments: usize, place: &Place) -> Self {
        if place.flow != Flow::Forward {
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
        let most = if place.flow == Flow::Forward { 1 } else { MOST_RUNS };
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

    /// `all` with the rows of `more` added to these rows of it.
    pub(super) fn add<const D: usize>(&self, all: Tensor<D>, more: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Listed(rows) => all.select_assign(0, rows.clone(), more, IndexingUpdateOp::Add),
            Self::Runs(runs) => {
                let mut first = 0;
                runs.iter().fold(all, |all, run| {
                    let mut place = all.dims().map(|size| 0..size);
                    place[0] = run.clone();
                    let sum = all.clone().slice(place.clone()) + more.clone().narrow(0, first, run.len());
                    first += run.len();
                    all.slice_assign(place, sum)
                })
            }
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

/// True where a key is padding that a query would see; `None` where there is none.
fn padding(segments: &[&Segment], shape: BatchShape, device: &Device) -> Option<Tensor<4, Bool>> {
    let counts = segments.iter().map(|segment| segment.key_count());
    let behind = if shape.causal { None } else { behind(counts, shape.keys, device) };
    behind.map(|flags| flags.reshape([segments.len(), 1, 1, shape.keys]))
}

/// True where a query is padding; `None` where none is.
fn idle(segments: &[&Segment], shape: BatchShape, device: &Device) -> Option<Tensor<5, Bool>> {
    let counts = segments.iter().map(|segment| seeing(segment).len());
    let behind = behind(counts, shape.queries, device);
    behind.map(|flags| flags.reshape([segments.len(), 1, 1, shape.queries, 1]))
}

/// True behind so many of each `width` places; `None` where nothing is behind them.
fn behind(
    counts: impl Iterator<Item = usize> + Clone,
    width: usize,
    device: &Device,
) -> Option<Tensor<1, Bool>> {
    if counts.clone().all(|count| count == width) {
        return None;
    }
    let flags: Vec<bool> = counts.flat_map(|count| (0..width).map(move |i| i >= count)).collect();
    let places = flags.len();
    Some(Tensor::from_data(TensorData::new(flags, [places]), device))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_gradients_flow_a_batch_has_few_pieces() {
        let batches = |lengths: &[usize]| {
            let plan = AttentionPlan::sequences(lengths, super::super::Visibility::Causal);
            let place = Place { device: Device::flex(), flow: Flow::Back, units: None, kv: 2 };
            let batches = Batches::of(&plan, place);
            batches.batches.iter().map(|batch| batch.segments).collect::<Vec<_>>()
        };
        assert_eq!(batches(&[16; 100]), [100], "they are one piece");
        let ragged: Vec<usize> = (0..50).map(|i| 16 + i % 4).collect();
        assert_eq!(batches(&ragged), [21, 21, 8]);
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
            visibility: super::super::Visibility::Full,
        };
        let plan = AttentionPlan::new(vec![segment(0, 70), segment(1, 100), segment(2, 66)], 3, 400);
        let place = Place { device: Device::flex(), flow: Flow::Forward, units: None, kv: 2 };
        let batches = Batches::of(&plan.unwrap(), place);
        let [batch] = batches.batches.as_slice() else { panic!("{} batches", batches.batches.len()) };
        assert!(
            matches!(&batch.query_rows, Rows::Runs(runs) if runs.as_slice() == std::slice::from_ref(&(0..3)))
        );
        assert!(
            matches!(&batches.order, Rows::Runs(runs) if runs.as_slice() == std::slice::from_ref(&(0..3)))
                && !batches.blank
        );
        assert_eq!(batch.shape.keys, 128);
        let KeyIndex::HeadRows(rows) = &batch.key_rows else { panic!("{:?}", batch.key_rows) };
        let rows: Vec<i64> = rows.to_data().iter().collect();
        assert_eq!(rows.len(), 3 * 2 * 128);
        assert_eq!([rows[1], rows[128 + 1], rows[256 + 1]], [6, 7, 8]);
    }
}
