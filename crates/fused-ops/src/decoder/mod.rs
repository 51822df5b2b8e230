//! A whole decoder for one new token of each of a few sequences, without a tensor between its operations.
//!
//! Between two tensor operations lie a few hundred nanoseconds: memory, handles, a place on the tape. Where a layer's
//! arithmetic takes a microsecond, as it does when small models decode, that is most of the time.

mod layer;
mod map;
mod step;

use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use crate::bridge::{dense, into_flex, is_flex_f32};
use layer::Layer;

pub use map::{MapParts, MapWeight};
pub use step::NewTokens;

/// What a decoder layer is made of: `h = x + W_o attention(norm(x))`, `y = h + W_down (silu(W_gate n) ⊙ W_up n)` with
/// `n = norm(h)`.
pub struct LayerParts {
    /// Weight of the norm before attention, `[hidden]`.
    pub input_norm: Tensor<1>,
    /// W_q.
    pub query: MapParts,
    /// W_k.
    pub key: MapParts,
    /// W_v.
    pub value: MapParts,
    /// W_o.
    pub output: MapParts,
    /// Weight of the norm before the gated part, `[hidden]`.
    pub inner_norm: Tensor<1>,
    /// W_gate.
    pub gate: MapParts,
    /// W_up.
    pub up: MapParts,
    /// W_down.
    pub down: MapParts,
}

/// What a decoder is made of.
pub struct DecoderParts {
    /// A row for each token id, `[vocabulary, hidden]`.
    pub embedding: Tensor<2>,
    /// The layers in order.
    pub layers: Vec<LayerParts>,
    /// Weight of the norm after them, `[hidden]`.
    pub norm: Tensor<1>,
    /// From hidden states to logits, `[vocabulary, hidden]`.
    pub head: Tensor<2>,
    /// ε of all norms.
    pub epsilon: f64,
    /// Values of a head.
    pub head_dim: usize,
}

/// A decoder that is ready to read [`NewTokens`].
///
/// It computes what [`rms_norm`](crate::rms_norm()), [`lora_linear`](crate::lora_linear()), [`rotary`](crate::rotary()),
/// [`write_rows`](crate::write_rows()), [`attention`](crate::attention()) and [`swiglu`](crate::swiglu()) compute one
/// after the other, with the same kernels and so to the same bits. Where products are too small to be shared between
/// threads, rows are: each thread takes some of them through all layers.
pub struct StepDecoder {
    embedding: FlexTensor,
    layers: Vec<Layer>,
    norm: FlexTensor,
    head: FlexTensor,
    epsilon: f64,
    head_dim: usize,
}

impl StepDecoder {
    /// The decoder, if all of it lies on the CPU in element types that its kernels read.
    pub fn of(parts: DecoderParts) -> Option<Self> {
        let DecoderParts { embedding, layers, norm, head, epsilon, head_dim } = parts;
        Some(Self {
            embedding: on_host(embedding)?,
            layers: layers.into_iter().map(Layer::of).collect::<Option<_>>()?,
            norm: on_host(norm)?,
            head: on_host(head)?,
            epsilon,
            head_dim,
        })
    }
}

/// The dense numbers of a tensor of 32-bit floats on the CPU.
fn on_host<const D: usize>(tensor: Tensor<D>) -> Option<FlexTensor> {
    let tensor = tensor.into_dispatch();
    is_flex_f32(&tensor).then(|| dense(into_flex(tensor)))
}
