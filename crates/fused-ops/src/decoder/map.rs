//! The linear maps of a decoder, as they are while nobody learns.

use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use super::on_host;
use crate::bridge::{dense, floats, into_flex, is_flex, sizes};
use crate::kernel::matrix::Threads;
use crate::kernel::skinny::{Factors, Few};
use crate::quantized::HostMatrix;
use crate::stored::{self, Numbers};
use crate::{Arithmetic, LoraPair, PackedMatrix};

/// A weight, `[out, in]`.
#[expect(clippy::large_enum_variant, reason = "each map has one, and tensors are handles")]
pub enum MapWeight {
    /// In 32 bits or in bfloat16.
    Plain(crate::Weight),
    /// In few bits.
    Packed(PackedMatrix),
}

/// `y = x Wᵀ + b + s (x Aᵀ) Bᵀ`
pub struct MapParts {
    /// W.
    pub weight: MapWeight,
    /// b, `[out]`.
    pub bias: Option<Tensor<1>>,
    /// A, B and s.
    pub pair: Option<LoraPair>,
}

pub(super) struct Map {
    weight: Weight,
    shape: [usize; 2],
    bias: Option<FlexTensor>,
    pair: Option<Pair>,
}

#[expect(clippy::large_enum_variant, reason = "each map has one, and tensors are handles")]
enum Weight {
    Plain(FlexTensor, Arithmetic),
    Packed(HostMatrix),
}

struct Pair {
    a: FlexTensor,
    b: FlexTensor,
    scale: f32,
}

impl Map {
    pub(super) fn of(parts: MapParts) -> Option<Self> {
        let (weight, shape) = match parts.weight {
            MapWeight::Packed(packed) => (Weight::Packed(HostMatrix::of(&packed)?), packed.shape),
            MapWeight::Plain(crate::Weight { numbers, arithmetic }) => {
                let (shape, dtype, numbers) = (numbers.dims(), numbers.dtype(), numbers.into_dispatch());
                let readable = is_flex(&numbers) && stored::takes(dtype);
                (Weight::Plain(readable.then(|| dense(into_flex(numbers)))?, arithmetic), shape)
            }
        };
        let bias = match parts.bias {
            Some(bias) => Some(on_host(bias)?),
            None => None,
        };
        let pair = match parts.pair {
            Some(LoraPair { a, b, scale }) => Some(Pair { a: on_host(a)?, b: on_host(b)?, scale }),
            None => None,
        };
        Some(Self { weight, shape, bias, pair })
    }

    /// `[out, in]`
    pub(super) fn shape(&self) -> [usize; 2] {
        self.shape
    }

    /// Writes the map of `rows` rows to `y`; `low` is a place for `s x Aᵀ`.
    pub(super) fn apply(
        &self,
        rows: usize,
        x: &[f32],
        y: &mut Vec<f32>,
        low: &mut Vec<f32>,
        threads: Threads,
    ) {
        let [outer, inner] = self.shape;
        y.resize(rows * outer, 0.0);
        let more = self.pair.as_ref().map(|pair| pair.factors(rows, x, low, threads));
        let few = Few { x, bias: self.bias.as_ref().map(floats), more, rows, inner, outer };
        match &self.weight {
            Weight::Plain(weight, arithmetic) => {
                let weight = Numbers::of(weight, *arithmetic).expect("made dense when the map was made");
                weight.product(few, y, threads);
            }
            Weight::Packed(weight) => {
                few.with_made(y, threads, |first, numbers| weight.numbers(first * inner, numbers));
            }
        }
    }
}

impl Pair {
    /// `s x Aᵀ` and B.
    fn factors<'a>(&'a self, rows: usize, x: &[f32], low: &'a mut Vec<f32>, threads: Threads) -> Factors<'a> {
        let [rank, inner] = sizes(&self.a);
        low.resize(rows * rank, 0.0);
        let few = Few { x, bias: None, more: None, rows, inner, outer: rank };
        few.with(floats(&self.a)).run(low, threads);
        low.iter_mut().for_each(|value| *value *= self.scale);
        Factors { x: low, weight: floats(&self.b), inner: rank, stride: rank }
    }
}
