//! Low-rank adapters of a frozen weight.

use crate::Base;
use crate::random::Stream;
use burn::module::{Module, Param};
use burn::tensor::{DType, Device, Tensor, TensorData};
use fused_ops::LoraPair;

/// W ↦ W + s·B·A, with A of shape `[r, inputs]` and B of shape `[outputs, r]`
/// (Hu et al. 2021, arXiv 2106.09685).
///
/// s is α/r, or α/√r for rsLoRA (Kalajdzievski 2023, arXiv 2312.03732). A and B are 32-bit floats whatever the weight is.
#[derive(Module, Debug)]
pub struct LowRank {
    /// A, `[r, inputs]`.
    pub a: Param<Tensor<2>>,
    /// B, `[outputs, r]`.
    pub b: Param<Tensor<2>>,
    /// s.
    pub scale: f64,
}

impl LowRank {
    /// The start of training: A uniform in ±1/√inputs (what kaiming-uniform with a = √5 comes to), B zero, so that the
    /// map is unchanged.
    pub(crate) fn fresh([outputs, inputs]: [usize; 2], rank: usize, scale: f64, start: Start) -> Self {
        let bound = (inputs as f64).sqrt().recip();
        let values: Vec<f32> = (0..rank * inputs)
            .map(|i| ((2.0 * start.stream.uniform(i as u64) - 1.0) * bound) as f32)
            .collect();
        let options = (start.device, DType::F32);
        Self {
            a: Param::from_tensor(Tensor::from_data(TensorData::new(values, [rank, inputs]), options)),
            b: Param::from_tensor(Tensor::zeros([outputs, rank], options)),
            scale,
        }
    }

    /// r.
    pub fn rank(&self) -> usize {
        self.a.val().dims()[0]
    }

    pub(crate) fn forward(&self, rows: Tensor<2>, base: &Base, bias: Option<Tensor<1>>) -> Tensor<2> {
        let Base::Dense(weight) = base;
        let weight = weight.val();
        if rows.dtype() == DType::F32 && weight.dtype() == DType::F32 {
            let pair = LoraPair { a: self.a.val(), b: self.b.val(), scale: self.scale as f32 };
            return fused_ops::lora_linear(rows, weight, bias, &[pair]);
        }
        let dtype = rows.dtype();
        let added = self.added(rows.clone().cast(DType::F32));
        fused_ops::linear(rows, weight, bias) + added.cast(dtype)
    }

    /// s·(X·Aᵀ)·Bᵀ
    fn added(&self, rows: Tensor<2>) -> Tensor<2> {
        let low = fused_ops::linear(rows, self.a.val(), None);
        fused_ops::linear(low, self.b.val(), None).mul_scalar(self.scale)
    }

    pub(crate) fn effective_weight(&self, base: &Base) -> Tensor<2> {
        let weight = base.dense();
        let dtype = weight.dtype();
        weight.cast(DType::F32).add(self.b.val().matmul(self.a.val()).mul_scalar(self.scale)).cast(dtype)
    }
}

/// Where a new adapter is made, and from which random numbers.
#[derive(Clone, Copy)]
pub(crate) struct Start<'a> {
    pub(crate) device: &'a Device,
    pub(crate) stream: Stream,
}
