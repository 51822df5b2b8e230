//! Writing rows into a cache without copying the cache.

use std::ops::Range;

use burn::tensor::Tensor;

use crate::bridge::{dense, floats, from_flex, into_flex, is_flex_f32};

/// Replaces row `places[i]` of `cache` by row `i` of `rows`; where a place occurs twice, the later row stays.
///
/// On the CPU the cache is written in place when this handle is its only owner; a clone kept elsewhere forces a copy of
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

/// [`write_rows`] in burn's own operations: one call for each run of neighbouring places.
pub fn plain(cache: Tensor<3>, places: &[usize], rows: Tensor<3>) -> Tensor<3> {
    let [_, heads, head] = rows.dims();
    runs(places).into_iter().fold(cache, |cache, run| {
        let to = places[run.start]..places[run.start] + run.len();
        cache.slice_assign([to, 0..heads, 0..head], rows.clone().slice([run]))
    })
}

/// Maximal ranges of indices whose places follow one another.
fn runs(places: &[usize]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (i, place) in places.iter().enumerate() {
        match runs.last_mut() {
            Some(run) if places[run.end - 1] + 1 == *place => run.end = i + 1,
            _ => runs.push(i..i + 1),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_places_are_written_together() {
        assert_eq!(runs(&[3, 4, 5, 9, 1, 2]), [0..3, 3..4, 4..6]);
        assert!(runs(&[]).is_empty());
    }
}
