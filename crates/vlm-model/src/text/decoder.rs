//! Embedding table, layers and final norm.

use super::cache::Memory;
use super::layer::DecoderLayer;
use crate::config::TextConfig;
use crate::layers::{Angles, RmsNorm, RotaryTable};
use crate::tape::{self, Activations, Tape};
use crate::weights::Scope;
use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, TensorData};
use fused_ops::{AttentionPlan, DecoderParts, StepDecoder};

/// One row per token id.
#[derive(Module, Debug)]
pub struct Embedding {
    /// The table, `[vocabulary, hidden]`.
    pub weight: Param<Tensor<2>>,
}

impl Embedding {
    /// The rows of the given ids, `[n, hidden]`. Ids must lie inside the vocabulary.
    pub fn forward(&self, ids: &[u32]) -> Tensor<2> {
        let (count, device) = (ids.len(), self.weight.val().device());
        let ids: Vec<i64> = ids.iter().map(|id| i64::from(*id)).collect();
        self.rows(Tensor::from_data(TensorData::new(ids, [count]), &device))
    }

    /// The same for ids that are on the device.
    pub fn rows(&self, ids: Tensor<1, Int>) -> Tensor<2> {
        self.weight.val().select(0, ids)
    }
}

/// The decoder without its head.
#[derive(Module, Debug)]
pub struct Decoder {
    /// Token embeddings.
    pub embed_tokens: Embedding,
    /// The layers in order.
    pub layers: Vec<DecoderLayer>,
    /// The norm after the last layer.
    pub norm: RmsNorm,
    mrope_section: [usize; 3],
    rope_theta: f64,
}

impl Decoder {
    /// Reads the decoder.
    pub fn load(scope: &Scope, config: &TextConfig) -> Self {
        let table = scope.at("embed_tokens").tensor("weight", [config.vocab_size, config.hidden_size]);
        let layers = scope.at("layers");
        Self {
            embed_tokens: Embedding { weight: table },
            layers: (0..config.layers).map(|i| DecoderLayer::load(&layers.at(i), config)).collect(),
            norm: RmsNorm::load(&scope.at("norm"), config.hidden_size, config.rms_norm_eps),
            mrope_section: config.mrope_section,
            rope_theta: config.rope_theta,
        }
    }

    /// Turns embedded rows into final hidden states, both `[n, hidden]`. Each row has its position in
    /// `positions` and sees what `plan` says of `memory`.
    pub fn forward(
        &self,
        rows: Tensor<2>,
        positions: &[[i64; 3]],
        plan: &AttentionPlan,
        memory: &mut Memory,
    ) -> Tensor<2> {
        let rotary = self.rotary(positions, &rows.device());
        let mut rows = rows;
        for (index, layer) in self.layers.iter().enumerate() {
            rows = layer.forward(rows, &rotary, plan, memory, index);
        }
        self.norm.forward(rows)
    }

    /// [`forward`](Self::forward) of a whole pass, with the tape that its gradients need beside those of its result.
    pub fn forward_on_tape(
        &self,
        rows: Tensor<2>,
        positions: &[[i64; 3]],
        plan: &AttentionPlan,
        activations: Activations,
    ) -> (Tensor<2>, Tape) {
        let (rotary, plan) = (self.rotary(positions, &rows.device()), plan.clone());
        let (rows, tape) = tape::run(&self.layers, rows, activations, move |layer, index, rows| {
            layer.forward(rows, &rotary, &plan, &mut Memory::Pass, index)
        });
        (self.norm.forward(rows), tape)
    }

    /// The decoder as it reads one token of each of a few sequences, with this head; `None` where devices, element types or
    /// adapters want operations of their own.
    pub(crate) fn for_steps(&self, head: Tensor<2>) -> Option<StepDecoder> {
        StepDecoder::of(DecoderParts {
            embedding: self.embed_tokens.weight.val(),
            layers: self.layers.iter().map(DecoderLayer::parts).collect::<Option<_>>()?,
            norm: self.norm.weight.val(),
            head,
            epsilon: self.norm.epsilon(),
            head_dim: 2 * self.mrope_section.iter().sum::<usize>(),
        })
    }

    /// The angles of rows at these positions as numbers.
    pub(crate) fn angles(&self, positions: &[[i64; 3]]) -> Angles {
        Angles::text(positions, self.mrope_section, self.rope_theta)
    }

    /// The same as tensors.
    fn rotary(&self, positions: &[[i64; 3]], device: &Device) -> RotaryTable {
        RotaryTable::new(self.angles(positions), device)
    }
}
