//! What is trained beside a frozen map.

use crate::LowRank;
use burn::module::{Module, Param};
use burn::tensor::Tensor;

/// What is trained beside a frozen map.
#[derive(Module, Debug)]
pub enum Adapter {
    /// Two thin matrices whose product is added to the weight.
    LowRank(LowRank),
    /// A copy of the whole map that takes its place (PEFT's `modules_to_save`).
    FullCopy(FullCopy),
}

/// A trained copy of a map.
#[derive(Module, Debug)]
pub struct FullCopy {
    /// W, `[outputs, inputs]`.
    pub weight: Param<Tensor<2>>,
    /// b, `[outputs]`.
    pub bias: Option<Param<Tensor<1>>>,
}

impl FullCopy {
    /// Starts from the numbers of the frozen map.
    pub(crate) fn of(weight: Tensor<2>, bias: Option<Tensor<1>>) -> Self {
        Self {
            weight: Param::from_tensor(weight.detach()),
            bias: bias.map(|bias| Param::from_tensor(bias.detach())),
        }
    }

    pub(crate) fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        fused_ops::linear(rows, self.weight.val(), self.bias.as_ref().map(Param::val))
    }
}
