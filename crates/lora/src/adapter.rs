//! What is trained beside a frozen map.

use crate::{Linear, LowRank};
use burn::module::{Module, Param};
use burn::tensor::{DType, Tensor, TensorData};

/// What is trained beside a frozen map.
#[derive(Module, Debug)]
pub enum Adapter {
    /// Two thin matrices whose product is added to the weight.
    LowRank(LowRank),
    /// A copy of the whole map that takes its place (PEFT's `modules_to_save`).
    FullCopy(FullCopy),
}

impl Adapter {
    /// Numbers that are trained.
    pub fn parameters(&self) -> usize {
        match self {
            Self::LowRank(low) => {
                let lengths = low.magnitude.as_ref().map_or(0, |magnitude| magnitude.lengths.num_params());
                low.a.num_params() + low.b.num_params() + lengths
            }
            Self::FullCopy(copy) => copy.num_params(),
        }
    }
}

/// A trained copy of a map, in 32-bit floats whatever the map is.
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
            weight: Param::from_tensor(weight.detach().cast(DType::F32)),
            bias: bias.map(|bias| Param::from_tensor(bias.detach().cast(DType::F32))),
        }
    }

    /// Has numbers of its own, as many as the map.
    pub(crate) fn from_numbers(linear: &Linear, weight: Vec<f32>, bias: Option<Vec<f32>>) -> Self {
        let (device, [outputs, inputs]) = (linear.device(), linear.shape());
        let weight = Tensor::from_data(TensorData::new(weight, [outputs, inputs]), (&device, DType::F32));
        let bias =
            bias.map(|bias| Tensor::from_data(TensorData::new(bias, [outputs]), (&device, DType::F32)));
        Self { weight: Param::from_tensor(weight), bias: bias.map(Param::from_tensor) }
    }

    pub(crate) fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        let dtype = rows.dtype();
        let rows = rows.cast(DType::F32);
        fused_ops::linear(rows, self.weight.val(), self.bias.as_ref().map(Param::val)).cast(dtype)
    }
}
