//! Writing rows into a cache without copying the cache.

use std::collections::BTreeMap;

use burn::tensor::{Device, IndexingUpdateOp, Int, Tensor, TensorData};

use crate::bridge::{dense, floats, from_flex, into_flex, is_flex_f32};

/// Replaces row `places[i]` of `cache` by row `i` of `rows`; where a place occurs twice, the later row stays.
///
/// The cache is written in place when this handle is its only owner; a clone kept elsewhere forces a copy of
/// the whole cache. Made for generation: the result carries no gradient.
///
/// # Shapes
/// - `cache` and the result: `[capacity, heads, head]`
/// - `rows`: `[n, heads, head]`, `places`: `n` numbers below `capacity`
///
/// # Panics
/// When the rows do not fit.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
///
/// let device = Device::flex();
/// let cache = Tensor::<3>::zeros([3, 1, 1], &device);
/// let cache = fused_ops::write_rows(cache, &[2, 0], Tensor::from_data([[[5.0]], [[6.0]]], &device));
/// assert_eq!(cache.into_data().try_to_vec::<f32>().unwrap(), [6.0, 0.0, 5.0]);
/// ```
pub fn write_rows(cache: Tensor<3>, places: &[usize], rows: Tensor<3>) -> Tensor<3> {
    let [capacity, heads, head] = cache.dims();
    assert_eq!(rows.dims(), [places.len(), heads, head], "write_rows: rows for a cache {:?}", cache.dims());
    let outside = places.iter().find(|place| **place >= capacity);
    assert!(outside.is_none(), "write_rows: row {outside:?} of a cache of {capacity}");
    let cache = cache.without_autodiff().into_dispatch();
    let rows = rows.without_autodiff().into_dispatch();
    if !(is_flex_f32(&cache) && is_flex_f32(&rows)) {
        return plain(Tensor::from_dispatch(cache), places, Tensor::from_dispatch(rows));
    }
    let (mut cache, rows) = (dense(into_flex(cache)), dense(into_flex(rows)));
    let (first, width) = (cache.layout().start_offset(), heads * head);
    let values = cache.storage_mut::<f32>();
    for (place, row) in places.iter().zip(floats(&rows).chunks_exact(width.max(1))) {
        let from = first + place * width;
        values[from..from + width].copy_from_slice(row);
    }
    Tensor::from_dispatch(from_flex(cache))
}

/// [`write_rows`] in burn's own operations: one call, which writes into `cache` itself where this handle is its only owner.
pub fn plain(cache: Tensor<3>, places: &[usize], rows: Tensor<3>) -> Tensor<3> {
    Places::of(places, &cache.device()).write(cache, rows)
}

/// Where rows enter a cache on a device: made once, for every layer's keys and values.
pub(crate) struct Places {
    places: Vec<usize>,
    way: Way,
}

#[expect(clippy::large_enum_variant, reason = "a pass has one, and tensors are handles")]
enum Way {
    /// One after another, from here on.
    Run(usize),
    Scattered {
        /// Each place once, `[n, 1]`.
        places: Tensor<2, Int>,
        /// The rows that stay, where several enter one place.
        kept: Option<Tensor<1, Int>>,
    },
}

impl Places {
    pub(crate) fn of(places: &[usize], device: &Device) -> Self {
        let follow = places.windows(2).all(|pair| pair[0] + 1 == pair[1]);
        let way =
            if follow { Way::Run(places.first().copied().unwrap_or(0)) } else { scattered(places, device) };
        Self { places: places.to_vec(), way }
    }

    /// Whether these are they.
    pub(crate) fn are(&self, places: &[usize]) -> bool {
        self.places == places
    }

    pub(crate) fn write(&self, cache: Tensor<3>, rows: Tensor<3>) -> Tensor<3> {
        let [count, heads, head] = rows.dims();
        match &self.way {
            Way::Run(_) if count == 0 => cache,
            Way::Run(first) => cache.slice_assign([*first..first + count, 0..heads, 0..head], rows),
            Way::Scattered { places, kept } => {
                let rows = kept.iter().fold(rows, |rows, kept| rows.select(0, kept.clone()));
                cache.scatter_nd(places.clone(), rows, IndexingUpdateOp::Assign)
            }
        }
    }
}

/// Rows are written at the same time, so that of several for one place only the last may be among them.
fn scattered(places: &[usize], device: &Device) -> Way {
    let last: BTreeMap<usize, usize> = places.iter().enumerate().map(|(row, place)| (*place, row)).collect();
    let numbers = |numbers: Vec<usize>| {
        let numbers: Vec<i64> = numbers.into_iter().map(|number| number as i64).collect();
        let count = numbers.len();
        Tensor::<1, Int>::from_data(TensorData::new(numbers, [count]), device)
    };
    if last.len() == places.len() {
        return Way::Scattered { places: numbers(places.to_vec()).unsqueeze_dim(1), kept: None };
    }
    let (places, kept): (Vec<usize>, Vec<usize>) = last.into_iter().unzip();
    Way::Scattered { places: numbers(places).unsqueeze_dim(1), kept: Some(numbers(kept)) }
}
