//! Affine maps whose weight may be frozen, stored in few bits, and adapted.

use crate::{Adapter, Packed};
use burn::module::{Module, Param};
use burn::tensor::{DType, Device, Tensor};
use fused_ops::{Arithmetic, MapParts, MapWeight, Weight};

/// The weight of a [`Linear`], `[outputs, inputs]`.
#[derive(Module, Debug)]
#[expect(clippy::large_enum_variant, reason = "each map has one, and tensors are handles")]
pub enum Base {
    /// In the element type of the rows it meets.
    Dense(Param<Tensor<2>>),
    /// In the bfloat16 of its file beside rows of 32 bits: frozen, read in place, the same numbers in half the memory.
    Half(Param<Tensor<2>>),
    /// As [`Half`](Self::Half), but that rows are rounded to bfloat16 where they meet it: see [`Arithmetic::Mixed`].
    Mixed(Param<Tensor<2>>),
    /// In few bits.
    Packed(Packed),
}

impl Base {
    /// The weight as a tensor, `[outputs, inputs]`.
    pub fn dense(&self) -> Tensor<2> {
        match self {
            Self::Dense(weight) => weight.val(),
            Self::Half(weight) | Self::Mixed(weight) => weight.val().cast(DType::F32),
            Self::Packed(packed) => packed.unpack(),
        }
    }

    /// `[outputs, inputs]`
    pub fn shape(&self) -> [usize; 2] {
        match self {
            Self::Dense(weight) | Self::Half(weight) | Self::Mixed(weight) => weight.val().dims(),
            Self::Packed(packed) => packed.shape(),
        }
    }

    /// The element type of rows that go in.
    pub(crate) fn dtype(&self) -> DType {
        match self {
            Self::Dense(weight) => weight.val().dtype(),
            Self::Half(_) | Self::Mixed(_) => DType::F32,
            Self::Packed(packed) => packed.dtype(),
        }
    }

    /// The weight as [`fused_ops`] takes it.
    pub(crate) fn stored(&self) -> MapWeight {
        match self {
            Self::Dense(weight) | Self::Half(weight) => MapWeight::Plain(weight.val().into()),
            Self::Mixed(weight) => {
                MapWeight::Plain(Weight { numbers: weight.val(), arithmetic: Arithmetic::Mixed })
            }
            Self::Packed(packed) => MapWeight::Packed(packed.matrix()),
        }
    }

    /// X·Wᵀ + b for the weight alone.
    pub(crate) fn forward(&self, rows: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
        match self.stored() {
            MapWeight::Plain(weight) => fused_ops::linear(rows, weight, bias),
            MapWeight::Packed(weight) => fused_ops::quantized_linear(rows, &weight, bias),
        }
    }
}

/// y = x·Wᵀ + b, with W of shape `[outputs, inputs]`, and what an adapter makes of it.
#[derive(Module, Debug)]
pub struct Linear {
    /// W.
    pub weight: Base,
    /// b, `[outputs]`.
    pub bias: Option<Param<Tensor<1>>>,
    /// What is trained beside a frozen W.
    pub adapter: Option<Adapter>,
    #[module(skip)]
    kernel: Vec<usize>,
}

impl Linear {
    /// A map without adapter.
    pub fn new(weight: Param<Tensor<2>>, bias: Option<Param<Tensor<1>>>) -> Self {
        Self { weight: Base::Dense(weight), bias, adapter: None, kernel: Vec::new() }
    }

    /// A map without adapter with a frozen weight in bfloat16, for rows of 32 bits.
    pub fn half(weight: Param<Tensor<2>>, bias: Option<Param<Tensor<1>>>, arithmetic: Arithmetic) -> Self {
        let weight = match arithmetic {
            Arithmetic::Full => Base::Half(weight),
            Arithmetic::Mixed => Base::Mixed(weight),
        };
        Self { weight, bias, adapter: None, kernel: Vec::new() }
    }

    /// A map without adapter whose weight is stored in few bits.
    pub fn packed(weight: Packed, bias: Option<Param<Tensor<1>>>) -> Self {
        Self { weight: Base::Packed(weight), bias, adapter: None, kernel: Vec::new() }
    }

    /// Says that files give the weight the shape `[outputs, kernel…]`: it is a convolution that does not overlap.
    pub fn with_kernel(mut self, kernel: &[usize]) -> Self {
        self.kernel = kernel.to_vec();
        self
    }

    /// The sides of the kernel of a convolution, beginning with its channels; empty for other maps.
    pub fn kernel(&self) -> &[usize] {
        &self.kernel
    }

    /// Applies the map and its adapter to packed rows.
    ///
    /// # Shapes
    /// - input: `[n, inputs]`
    /// - output: `[n, outputs]`
    pub fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        match &self.adapter {
            None => self.weight.forward(rows, self.bias()),
            Some(Adapter::LowRank(low)) => low.forward(rows, &self.weight, self.bias()),
            Some(Adapter::FullCopy(copy)) => copy.forward(rows),
        }
    }

    /// The map as [`fused_ops::StepDecoder`] applies it: for rows of 32 bits, with at most a low-rank adapter, and nothing
    /// dropped.
    pub fn parts(&self) -> Option<MapParts> {
        if self.dtype() != DType::F32 {
            return None;
        }
        let weight = self.weight.stored();
        let pair = match &self.adapter {
            None => None,
            Some(Adapter::LowRank(low)) => Some(low.pair()?),
            Some(Adapter::FullCopy(_)) => return None,
        };
        Some(MapParts { weight, bias: self.bias(), pair })
    }

    /// The weight that rows meet, adapter included. With a low-rank adapter this makes a tensor of W's size: it is
    /// meant for operations that need the matrix itself.
    pub fn effective_weight(&self) -> Tensor<2> {
        match &self.adapter {
            None => self.weight.dense(),
            Some(Adapter::LowRank(low)) => low.effective_weight(&self.weight),
            Some(Adapter::FullCopy(copy)) => copy.weight.val(),
        }
    }

    /// `[outputs, inputs]`
    pub fn shape(&self) -> [usize; 2] {
        self.weight.shape()
    }

    /// Where the weight lives.
    pub fn device(&self) -> Device {
        match &self.weight {
            Base::Dense(weight) | Base::Half(weight) | Base::Mixed(weight) => weight.val().device(),
            Base::Packed(packed) => packed.device(),
        }
    }

    /// The element type of rows that this map takes.
    pub fn dtype(&self) -> DType {
        self.weight.dtype()
    }

    pub(crate) fn bias(&self) -> Option<Tensor<1>> {
        self.bias.as_ref().map(Param::val)
    }
}
