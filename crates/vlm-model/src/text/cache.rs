//! Where attention finds keys and values: in the pass itself, or in a preallocated cache.

use burn::tensor::{DType, Device, Tensor};

/// Keys and values of every layer, preallocated: `[rows, kv_heads, head_dim]` each.
///
/// Who owns which rows is the caller's business: a prompt's rows are shared by all its completions, and each
/// completion has rows of its own.
pub struct KvCache {
    layers: Vec<Option<(Tensor<3>, Tensor<3>)>>,
    rows: usize,
}

impl KvCache {
    /// An empty cache of `rows` rows, in the element type of the rows that will enter.
    pub fn new(
        layers: usize,
        [rows, kv_heads, head_dim]: [usize; 3],
        (device, dtype): (&Device, DType),
    ) -> Self {
        let zeros = || Tensor::zeros([rows, kv_heads, head_dim], (device, dtype));
        Self { layers: (0..layers).map(|_| Some((zeros(), zeros()))).collect(), rows }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Writes the new keys and values of a layer and returns all of the layer's rows.
    fn extend(
        &mut self,
        layer: usize,
        places: &[usize],
        keys: Tensor<3>,
        values: Tensor<3>,
    ) -> (Tensor<3>, Tensor<3>) {
        // Taken out of its place, the handle is unique and the rows are written without a copy.
        let (all_keys, all_values) = self.layers[layer].take().expect("every layer is put back below");
        let all_keys = fused_ops::write_rows(all_keys, places, keys);
        let all_values = fused_ops::write_rows(all_values, places, values);
        self.layers[layer] = Some((all_keys.clone(), all_values.clone()));
        (all_keys, all_values)
    }
}

/// What the rows of one pass attend to.
pub enum Memory<'a> {
    /// The rows of the pass itself, as training and scoring do.
    Pass,
    /// A cache, which the rows of the pass first enter at the given places.
    Cache {
        /// The cache.
        cache: &'a mut KvCache,
        /// The cache row of each row of the pass.
        places: &'a [usize],
    },
}

impl Memory<'_> {
    /// All keys and values that the plan of this pass refers to.
    pub(super) fn extend(
        &mut self,
        layer: usize,
        keys: Tensor<3>,
        values: Tensor<3>,
    ) -> (Tensor<3>, Tensor<3>) {
        match self {
            Self::Pass => (keys, values),
            Self::Cache { cache, places } => cache.extend(layer, places, keys, values),
        }
    }
}
