//! Which segments of a plan go together on a device, and what they are padded to.

use std::collections::BTreeMap;
use std::ops::Range;

use super::plan::{AttentionPlan, Segment, Visibility};

/// Keys of single queries are padded to a multiple of this, so that a growing cache meets few distinct shapes.
const KEY_BUCKET: usize = 64;

/// burn's accelerated kernels take 32, 64 or 128 queries at a time and no part of that. What they do not take goes through
/// scores that all exist at once, in the type of the input.
const QUERY_STAGES: Range<usize> = 32..128;

/// Most pairs of a query and a key by which padding makes a segment larger: less work than launching kernels for it alone.
const MOST_PADDING: usize = 1 << 19;

/// What the segments of a batch have in common, padding included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct BatchShape {
    pub(super) queries: usize,
    pub(super) keys: usize,
    /// The last query sees all keys, the one before it one fewer. Padding behind both of them changes nothing for the
    /// others: what a query sees is decided by how many more keys there are than queries.
    pub(super) causal: bool,
    pub(super) kernels: Kernels,
}

/// Who multiplies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kernels {
    /// Matrix products, masks and softmax one after the other.
    Separate,
    /// burn's attention on matrix units.
    Accelerated,
}

/// Segments by the shape that they are padded to; without those that have no output. `units` are the values of a head, where
/// there are matrix units that take it.
pub(super) fn shapes(plan: &AttentionPlan, units: Option<usize>) -> BTreeMap<BatchShape, Vec<&Segment>> {
    let own = plan.segments().iter().filter_map(|segment| Some((BatchShape::of(segment)?, segment)));
    let own: Vec<_> = own.map(|(shape, segment)| (shape.in_stages(units), segment)).collect();
    let steps = Steps::of(own.iter().map(|(shape, _)| *shape));
    let mut batches = BTreeMap::<_, Vec<_>>::new();
    for (shape, segment) in own {
        batches.entry(steps.padded(shape)).or_default().push(segment);
    }
    batches
}

/// The queries of a segment that see a key: not those of a causal one that end before the first.
pub(super) fn seeing(segment: &Segment) -> Range<usize> {
    let Range { start, end } = segment.queries;
    match segment.visibility {
        Visibility::Full => start..end,
        Visibility::Causal => start.max(end.saturating_sub(segment.key_count()))..end,
    }
}

/// The rows of the queries of a segment, its first ones again behind them.
pub(super) fn query_rows(segment: &Segment, shape: BatchShape) -> impl Iterator<Item = usize> {
    seeing(segment).cycle().take(shape.queries)
}

/// The rows of the keys of a segment and of what it is padded with: rows of its own, so that nothing of another segment
/// gets in, not even what is no number. Of a single query it is the last, which is at hand; of several the first in order,
/// which are one view.
pub(super) fn key_rows(segment: &Segment, shape: BatchShape) -> Vec<usize> {
    let mut rows: Vec<usize> = segment.keys.iter().flat_map(|run| run.iter()).collect();
    let own = rows.len();
    for i in own..shape.keys {
        rows.push(rows[if shape.queries == 1 { own - 1 } else { i - own }]);
    }
    rows
}

impl BatchShape {
    /// That of a segment alone; `None` where it has no output.
    fn of(segment: &Segment) -> Option<Self> {
        let (queries, keys) = (seeing(segment).len(), segment.key_count());
        let causal = segment.visibility == Visibility::Causal && queries > 1;
        let kernels = Kernels::Separate;
        (queries > 0 && keys > 0).then_some(Self { queries, keys, causal, kernels })
    }

    /// With as many queries as accelerated kernels take, where they are sure to take the rest.
    ///
    /// They want matrices that are not much longer than wide: of others they cut other tiles, for which there is no
    /// instruction, and burn, which may have chosen them for a shape that it takes for the same, would give up. And they
    /// want more queries than a head has values: with fewer, burn may choose scores in the type of the input instead.
    fn in_stages(self, units: Option<usize>) -> Self {
        let Some(head) = units else { return self };
        let Range { start: least, end: most } = QUERY_STAGES;
        let stage = self.queries.next_power_of_two().clamp(least, most);
        let wide = self.with_queries(self.queries.next_multiple_of(stage));
        let alike = wide.keys < 4 * wide.queries && wide.queries < 4 * wide.keys;
        let taken = self.queries > 1 && wide.queries > head && alike;
        if taken { Self { kernels: Kernels::Accelerated, ..wide } } else { self }
    }

    fn with_queries(self, queries: usize) -> Self {
        let more = if self.causal { queries - self.queries } else { 0 };
        Self { queries, keys: self.keys + more, ..self }
    }

    /// How many more keys than queries there are, if that decides what a query sees.
    fn offset(self) -> Option<usize> {
        self.causal.then(|| self.keys - self.queries)
    }

    /// Whether a causal segment of this shape may be padded to so many queries.
    fn joins(self, queries: usize) -> bool {
        let (wide, own) = (self.with_queries(queries), self.queries * self.keys);
        queries <= 2 * self.queries && wide.queries * wide.keys - own <= MOST_PADDING
    }
}

/// Sizes to pad to, ascending.
#[derive(Default)]
struct Steps {
    /// Keys of single queries.
    keys: Vec<usize>,
    /// Queries of causal segments, by their kernels and by how many more keys than queries they have.
    queries: BTreeMap<(Kernels, usize), Vec<usize>>,
}

impl Steps {
    fn of(shapes: impl Iterator<Item = BatchShape> + Clone) -> Self {
        let single = shapes.clone().filter(|shape| shape.queries == 1);
        let keys = single.map(|shape| shape.keys.next_multiple_of(KEY_BUCKET)).collect();
        let keys = ladder(keys, |keys, wide| *wide < 2 * *keys);
        let mut causal = BTreeMap::<_, Vec<_>>::new();
        for shape in shapes {
            if let Some(offset) = shape.offset() {
                causal.entry((shape.kernels, offset)).or_default().push(shape);
            }
        }
        let steps = |(key, shapes)| {
            let steps = ladder(shapes, |shape: &BatchShape, wide| shape.joins(wide.queries));
            (key, steps.into_iter().map(|shape| shape.queries).collect())
        };
        Self { keys, queries: causal.into_iter().map(steps).collect() }
    }

    fn padded(&self, shape: BatchShape) -> BatchShape {
        let next = |steps: &[usize], size: usize| steps.iter().copied().find(|step| *step >= size);
        match shape.offset() {
            Some(offset) => {
                let steps = self.queries.get(&(shape.kernels, offset));
                let wide = steps.and_then(|steps| next(steps, shape.queries));
                wide.map_or(shape, |queries| shape.with_queries(queries))
            }
            None if shape.queries == 1 => {
                BatchShape { keys: next(&self.keys, shape.keys).unwrap_or(shape.keys), ..shape }
            }
            None => shape,
        }
    }
}

/// Few of these sizes, ascending: the largest, and again the largest that does not join the one before.
fn ladder<T: Ord>(mut sizes: Vec<T>, joins: impl Fn(&T, &T) -> bool) -> Vec<T> {
    sizes.sort_unstable();
    let mut steps: Vec<T> = Vec::new();
    for size in sizes.into_iter().rev() {
        if !steps.last().is_some_and(|wide| joins(&size, wide)) {
            steps.push(size);
        }
    }
    steps.reverse();
    steps
}

#[cfg(test)]
mod tests {
    use super::super::KeyRows;
    use super::*;

    fn single(keys: usize) -> Segment {
        Segment { queries: 0..1, keys: vec![KeyRows::contiguous(0, keys)], visibility: Visibility::Full }
    }

    #[test]
    fn single_queries_go_together_unless_padding_would_double_their_keys() {
        let widths = |keys: &[usize]| {
            let shapes: Vec<_> = keys.iter().filter_map(|keys| BatchShape::of(&single(*keys))).collect();
            Steps::of(shapes.into_iter()).keys
        };
        assert!(widths(&[]).is_empty());
        assert_eq!(widths(&[1, 33, 64]), [64]);
        assert_eq!(widths(&[500, 300, 260, 320]), [512]);
        assert_eq!(widths(&[1000, 500, 10, 70]), [64, 128, 512, 1024]);
        assert_eq!(widths(&[1000, 520, 65, 128]), [128, 1024]);
    }

    /// Numbers of segments, queries and keys of the batches of causal sequences.
    fn batches(lengths: &[usize], units: Option<usize>) -> Vec<[usize; 3]> {
        let plan = AttentionPlan::sequences(lengths, Visibility::Causal);
        let batches = shapes(&plan, units);
        batches.iter().map(|(shape, segments)| [segments.len(), shape.queries, shape.keys]).collect()
    }

    #[test]
    fn ragged_sequences_go_together_unless_padding_costs_more_than_a_launch() {
        assert_eq!(batches(&[300, 500, 410, 260], None), [[4, 500, 500]]);
        assert_eq!(batches(&[300, 500, 120], None), [[1, 120, 120], [2, 500, 500]]);
        assert_eq!(batches(&[3000, 2900, 3050], None), [[1, 2900, 2900], [2, 3050, 3050]]);
    }

    #[test]
    fn accelerated_kernels_get_as_many_queries_as_they_take() {
        let on_units = |lengths: &[usize]| batches(lengths, Some(16));
        assert_eq!(on_units(&[9]), [[1, 32, 32]]);
        assert_eq!(on_units(&[33, 60, 128]), [[3, 128, 128]]);
        assert_eq!(on_units(&[129, 1000]), [[1, 256, 256], [1, 1024, 1024]]);
        // Every query sees all keys: there are more queries, and the keys stay as they are.
        let windows = AttentionPlan::sequences(&[64, 16, 64], Visibility::Full);
        let windows = shapes(&windows, Some(16));
        let found: Vec<_> =
            windows.iter().map(|(shape, all)| [all.len(), shape.queries, shape.keys]).collect();
        assert_eq!(found, [[1, 32, 16], [2, 64, 64]]);
    }

    #[test]
    fn accelerated_kernels_get_nothing_that_they_might_refuse() {
        let kernels = |queries, keys, head| {
            let segment = Segment {
                queries: 0..queries,
                keys: vec![KeyRows::contiguous(0, keys)],
                visibility: Visibility::Causal,
            };
            let plan = AttentionPlan::new(vec![segment], queries, keys).unwrap();
            shapes(&plan, Some(head)).keys().next().unwrap().kernels
        };
        assert_eq!(kernels(512, 900, 128), Kernels::Accelerated);
        assert_eq!(kernels(1, 900, 16), Kernels::Separate, "one query");
        assert_eq!(kernels(512, 2049, 128), Kernels::Separate, "long and narrow");
        assert_eq!(kernels(100, 100, 128), Kernels::Separate, "fewer queries than values of a head");
    }

    #[test]
    fn completions_of_one_prompt_keep_what_they_see() {
        let completion = |at: usize, len| Segment {
            queries: at..at + len,
            keys: vec![KeyRows::contiguous(0, 20), KeyRows::contiguous(at, len)],
            visibility: Visibility::Causal,
        };
        let plan = AttentionPlan::new(vec![completion(20, 7), completion(27, 4)], 31, 31).unwrap();
        let batches = shapes(&plan, None);
        let (shape, segments) = batches.into_iter().next().unwrap();
        assert_eq!([shape.queries, shape.keys], [7, 27]);
        assert_eq!(query_rows(segments[1], shape).collect::<Vec<_>>(), [27, 28, 29, 30, 27, 28, 29]);
        assert_eq!(key_rows(segments[1], shape)[20..], [27, 28, 29, 30, 0, 1, 2]);
    }
}
