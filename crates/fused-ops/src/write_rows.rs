//! Writing rows into a cache without copying the cache.

use burn::backend::{BackendTensor, DispatchAutodiffContext, DispatchTensor, DispatchTensorKind};
use burn::tensor::Tensor;

use crate::bridge::{dense, floats, into_flex, is_flex_f32};

/// Replaces the rows of `cache` from `start` on by `rows`.
///
/// On the CPU the cache is written in place when this handle is its only owner; a clone kept elsewhere forces a copy of
/// the whole cache. Made for generation: the result carries no gradient.
///
/// # Shapes
/// - `cache` and the result: `[capacity, heads, head]`
/// - `rows`: `[n, heads, head]`, `start + n ≤ capacity`
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
/// let cache = fused_ops::write_rows(cache, 1, Tensor::from_data([[[5.0]], [[6.0]]], &device));
/// assert_eq!(cache.into_data().try_to_vec::<f32>().unwrap(), [0.0, 5.0, 6.0]);
/// ```
pub fn write_rows(cache: Tensor<3>, start: usize, rows: Tensor<3>) -> Tensor<3> {
    let ([capacity, heads, head], [n, ..]) = (cache.dims(), rows.dims());
    assert_eq!(rows.dims(), [n, heads, head], "write_rows: rows for a cache {:?}", cache.dims());
    assert!(
        start <= capacity && n <= capacity - start,
        "write_rows: rows {start}+{n} of a cache of {capacity}"
    );
    let cache = cache.without_autodiff().into_dispatch();
    let rows = rows.without_autodiff().into_dispatch();
    if !(is_flex_f32(&cache) && is_flex_f32(&rows)) {
        return plain(Tensor::from_dispatch(cache), start, Tensor::from_dispatch(rows));
    }
    let (mut cache, rows) = (dense(into_flex(cache)), dense(into_flex(rows)));
    let from = cache.layout().start_offset() + start * heads * head;
    let rows = floats(&rows);
    cache.storage_mut::<f32>()[from..from + rows.len()].copy_from_slice(rows);
    let kind = DispatchTensorKind::Flex(BackendTensor::Float(cache));
    Tensor::from_dispatch(DispatchTensor { kind, autodiff: DispatchAutodiffContext::Disabled })
}

/// [`write_rows`] in burn's own operations.
pub fn plain(cache: Tensor<3>, start: usize, rows: Tensor<3>) -> Tensor<3> {
    let [n, heads, head] = rows.dims();
    if n == 0 {
        return cache;
    }
    cache.slice_assign([start..start + n, 0..heads, 0..head], rows)
}
