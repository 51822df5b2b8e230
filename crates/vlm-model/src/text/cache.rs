//! Where attention finds keys and values: in the pass itself, or in a preallocated cache.

use burn::tensor::Tensor;
use fused_ops::KvCache;

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
