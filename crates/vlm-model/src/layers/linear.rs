//! Affine maps with weights in Hugging Face's layout.

use crate::weights::Scope;
use burn::module::{Module, Param};
use burn::tensor::Tensor;

/// Whether a linear layer adds a bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bias {
    /// y = x·Wᵀ + b
    Yes,
    /// y = x·Wᵀ
    No,
}

/// y = x·Wᵀ + b, with W of shape `[outputs, inputs]`.
#[derive(Module, Debug)]
pub struct Linear {
    /// W, `[outputs, inputs]`.
    pub weight: Param<Tensor<2>>,
    /// b, `[outputs]`.
    pub bias: Option<Param<Tensor<1>>>,
}

impl Linear {
    /// Reads `weight` and, if there is one, `bias`.
    pub fn load(scope: &Scope, [outputs, inputs]: [usize; 2], bias: Bias) -> Self {
        Self {
            weight: scope.tensor("weight", [outputs, inputs]),
            bias: (bias == Bias::Yes).then(|| scope.tensor("bias", [outputs])),
        }
    }

    /// Applies the layer to packed rows.
    ///
    /// # Shapes
    /// - input: `[n, inputs]`
    /// - output: `[n, outputs]`
    pub fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        fused_ops::linear(rows, self.weight.val(), self.bias.as_ref().map(Param::val))
    }
}
