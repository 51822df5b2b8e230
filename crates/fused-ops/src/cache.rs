//! Keys and values that generation keeps.

use burn::tensor::{DType, Device, Tensor};
use burn_flex::FlexTensor;

use crate::bridge::{dense, from_flex, into_flex, is_flex_f32};
use crate::kernel::shared::Shared;
use crate::write_rows;
use crate::write_rows::Places;

/// Keys and values of every layer, preallocated: `[rows, kv, head]` each.
///
/// Who owns which rows is the caller's business: a prompt's rows are shared by all its completions, and each
/// completion has rows of its own.
pub struct KvCache {
    layers: Vec<Option<[Tensor<3>; 2]>>,
    shape: [usize; 3],
    in_reach: bool,
    /// Where rows entered last, on a device: every layer of a pass asks for the same.
    places: Option<Places>,
}

impl KvCache {
    /// An empty cache of `[rows, kv, head]` numbers, in the element type of the rows that will enter.
    pub fn new(layers: usize, shape: [usize; 3], (device, dtype): (&Device, DType)) -> Self {
        let zeros = || Tensor::zeros(shape, (device, dtype)).without_autodiff();
        let layers: Vec<_> = (0..layers).map(|_| Some([zeros(), zeros()])).collect();
        let in_reach =
            layers.iter().flatten().flatten().all(|cache| is_flex_f32(&cache.clone().into_dispatch()));
        Self { layers, shape, in_reach, places: None }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.shape[0]
    }

    /// Number of layers.
    pub fn layers(&self) -> usize {
        self.layers.len()
    }

    /// `[rows, kv, head]`
    pub(crate) fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// Writes the new keys and values of a layer and returns all of the layer's rows.
    ///
    /// # Panics
    /// When there is no such layer, or the rows do not fit.
    pub fn extend(
        &mut self,
        layer: usize,
        places: &[usize],
        keys: Tensor<3>,
        values: Tensor<3>,
    ) -> (Tensor<3>, Tensor<3>) {
        // Taken out of its place, the handle is unique and the rows are written without a copy.
        let [all_keys, all_values] = self.take(layer);
        let (all_keys, all_values) = if self.in_reach {
            (write_rows(all_keys, places, keys), write_rows(all_values, places, values))
        } else {
            let places = self.places_on(&all_keys.device(), places);
            (
                places.write(all_keys, keys.without_autodiff()),
                places.write(all_values, values.without_autodiff()),
            )
        };
        self.layers[layer] = Some([all_keys.clone(), all_values.clone()]);
        (all_keys, all_values)
    }

    /// The places on the device, made when the first layer asks for them.
    fn places_on(&mut self, device: &Device, places: &[usize]) -> &Places {
        let outside = places.iter().find(|place| **place >= self.shape[0]);
        assert!(outside.is_none(), "extend: row {outside:?} of a cache of {}", self.shape[0]);
        let known = self.places.take().filter(|known| known.are(places));
        self.places.insert(known.unwrap_or_else(|| Places::of(places, device)))
    }

    /// Lends the numbers of every layer's keys and values. The cache must be [in reach](Self::in_reach).
    pub(crate) fn lend<T>(&mut self, f: impl FnOnce(&[[Shared<'_>; 2]]) -> T) -> T {
        let mut layers: Vec<[FlexTensor; 2]> = (0..self.layers.len())
            .map(|layer| self.take(layer).map(|tensor| dense(into_flex(tensor.into_dispatch()))))
            .collect();
        let len = self.shape.iter().product();
        let lent: Vec<[Shared<'_>; 2]> =
            layers.iter_mut().map(|layer| layer.each_mut().map(|tensor| numbers(tensor, len))).collect();
        let result = f(&lent);
        let back =
            |layer: [FlexTensor; 2]| Some(layer.map(|tensor| Tensor::from_dispatch(from_flex(tensor))));
        self.layers = layers.into_iter().map(back).collect();
        result
    }

    /// Whether the kernels of the CPU can read it.
    pub(crate) fn in_reach(&self) -> bool {
        self.in_reach
    }

    fn take(&mut self, layer: usize) -> [Tensor<3>; 2] {
        self.layers[layer].take().expect("every layer is put back where it is taken")
    }
}

fn numbers(tensor: &mut FlexTensor, len: usize) -> Shared<'_> {
    let from = tensor.layout().start_offset();
    Shared::new(&mut tensor.storage_mut::<f32>()[from..from + len])
}
