//! Low-rank adapters of a frozen weight.

use crate::dropout::Dropout;
use crate::random::Stream;
use crate::{Base, Magnitude, Variant};
use burn::module::{Module, Param};
use burn::tensor::{DType, Device, Tensor, TensorData};
use fused_ops::{LoraPair, MapWeight};

/// W ↦ W + s·B·A, with A of shape `[r, inputs]` and B of shape `[outputs, r]`
/// (Hu et al. 2021, arXiv 2106.09685).
///
/// s is α/r, or α/√r for rsLoRA (Kalajdzievski 2023, arXiv 2312.03732); with DoRA the rows of W + s·B·A are scaled to
/// trained lengths, see [`Magnitude`]. A, B and the lengths are 32-bit floats whatever the weight is.
#[derive(Module, Debug)]
pub struct LowRank {
    /// A, `[r, inputs]`.
    pub a: Param<Tensor<2>>,
    /// B, `[outputs, r]`.
    pub b: Param<Tensor<2>>,
    /// Lengths of the rows, in DoRA.
    pub magnitude: Option<Magnitude>,
    /// α.
    pub alpha: f64,
    /// What s is made of.
    #[module(skip)]
    pub variant: Variant,
    /// What happens to the adapter's inputs in training.
    #[module(skip)]
    pub dropout: Dropout,
}

/// The numbers that make a new adapter.
#[derive(Clone, Copy)]
pub(crate) struct Recipe {
    pub(crate) rank: usize,
    pub(crate) alpha: f64,
    pub(crate) variant: Variant,
    pub(crate) dropout: f64,
}

impl LowRank {
    /// The start of training: A uniform in ±1/√inputs (what kaiming-uniform with a = √5 comes to), B zero, the lengths
    /// those of W's rows, so that the map is unchanged.
    pub(crate) fn fresh(base: &Base, recipe: Recipe, device: &Device, stream: Stream) -> Self {
        let [outputs, inputs] = base.shape();
        let bound = (inputs as f64).sqrt().recip();
        let number = |i| ((2.0 * stream.uniform(i as u64) - 1.0) * bound) as f32;
        let a = (0..recipe.rank * inputs).map(number).collect();
        Self::of(base, recipe, device, [a, vec![0.0; outputs * recipe.rank]])
    }

    /// An adapter with given A and B, and lengths of W's rows where the variant trains them.
    pub(crate) fn of(base: &Base, recipe: Recipe, device: &Device, [a, b]: [Vec<f32>; 2]) -> Self {
        let [outputs, inputs] = base.shape();
        let trained = |values, shape: [usize; 2]| {
            Param::from_tensor(Tensor::from_data(TensorData::new(values, shape), (device, DType::F32)))
        };
        Self {
            a: trained(a, [recipe.rank, inputs]),
            b: trained(b, [outputs, recipe.rank]),
            magnitude: recipe.variant.has_magnitude().then(|| Magnitude::of(base)),
            alpha: recipe.alpha,
            variant: recipe.variant,
            dropout: Dropout::new(recipe.dropout),
        }
    }

    /// r.
    pub fn rank(&self) -> usize {
        self.a.val().dims()[0]
    }

    /// s.
    pub fn scale(&self) -> f64 {
        self.variant.scale(self.alpha, self.rank())
    }

    /// The adapted map of packed rows.
    ///
    /// Without lengths Y = X·Wᵀ + b + s·(D·Aᵀ)·Bᵀ, where D is X with dropped inputs. With row factors g (see
    /// [`Magnitude`]) Y = X·Wᵀ + b + (g − 1)⊙(D·Wᵀ) + g⊙s·(D·Aᵀ)·Bᵀ.
    pub(crate) fn forward(&self, rows: Tensor<2>, base: &Base, bias: Option<Tensor<1>>) -> Tensor<2> {
        let dropped = self.dropout.apply(&rows);
        let Some(magnitude) = &self.magnitude else {
            return match dropped {
                None => self.both(rows, base, bias),
                Some(dropped) => self.beside(rows, dropped, base, bias),
            };
        };
        let dtype = rows.dtype();
        let factors = magnitude.factors(self, base).unsqueeze::<2>();
        let y = match dropped {
            None => {
                let y = self.both(rows, base, None).cast(DType::F32) * factors;
                bias.map_or(y.clone(), |bias| y + bias.cast(DType::F32).unsqueeze())
            }
            Some(dropped) => {
                let frozen = base.forward(dropped.clone(), None).cast(DType::F32);
                let frozen = frozen * factors.clone().sub_scalar(1.0);
                base.forward(rows, bias).cast(DType::F32) + frozen + self.added(dropped) * factors
            }
        };
        y.cast(dtype)
    }

    /// X·Wᵀ + b + s·(X·Aᵀ)·Bᵀ
    fn both(&self, rows: Tensor<2>, base: &Base, bias: Option<Tensor<1>>) -> Tensor<2> {
        match base.stored() {
            MapWeight::Plain(weight) if rows.dtype() == DType::F32 && base.dtype() == DType::F32 => {
                fused_ops::lora_linear(rows, weight, bias, &[self.matrices()])
            }
            _ => self.beside(rows.clone(), rows, base, bias),
        }
    }

    /// A, B and s where they are all of the adapter: without lengths, and nothing dropped.
    pub(crate) fn pair(&self) -> Option<LoraPair> {
        (self.magnitude.is_none() && !self.dropout.is_on()).then(|| self.matrices())
    }

    fn matrices(&self) -> LoraPair {
        LoraPair { a: self.a.val(), b: self.b.val(), scale: self.scale() as f32 }
    }

    /// X·Wᵀ + b + s·(D·Aᵀ)·Bᵀ, summed in 32-bit floats and rounded once.
    fn beside(&self, rows: Tensor<2>, dropped: Tensor<2>, base: &Base, bias: Option<Tensor<1>>) -> Tensor<2> {
        let dtype = rows.dtype();
        (base.forward(rows, bias).cast(DType::F32) + self.added(dropped)).cast(dtype)
    }

    /// s·(X·Aᵀ)·Bᵀ in 32-bit floats.
    fn added(&self, rows: Tensor<2>) -> Tensor<2> {
        let low = fused_ops::linear(rows.cast(DType::F32), self.a.val(), None);
        fused_ops::linear(low, self.b.val(), None).mul_scalar(self.scale())
    }

    /// s·B·A, of W's size.
    pub(crate) fn update(&self) -> Tensor<2> {
        self.b.val().matmul(self.a.val()).mul_scalar(self.scale())
    }

    /// The weight that rows meet, in W's element type.
    pub(crate) fn effective_weight(&self, base: &Base) -> Tensor<2> {
        let weight = base.dense();
        let dtype = weight.dtype();
        let adapted = weight.cast(DType::F32) + self.update();
        let scaled = match &self.magnitude {
            None => adapted,
            Some(magnitude) => adapted * magnitude.factors(self, base).unsqueeze_dim(1),
        };
        scaled.cast(dtype)
    }
}
