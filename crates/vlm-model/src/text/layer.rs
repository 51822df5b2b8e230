//! One decoder layer.

use super::attention::SelfAttention;
use super::cache::Memory;
use crate::config::TextConfig;
use crate::layers::{Bias, GatedMlp, RmsNorm, RotaryTable};
use crate::weights::Scope;
use burn::module::Module;
use burn::tensor::Tensor;
use fused_ops::{AttentionPlan, LayerParts};

/// x ↦ h + MLP(norm(h)) with h = x + attention(norm(x)).
#[derive(Module, Debug)]
pub struct DecoderLayer {
    /// Attention.
    pub self_attn: SelfAttention,
    /// The gated MLP.
    pub mlp: GatedMlp,
    /// Norm before attention.
    pub input_layernorm: RmsNorm,
    /// Norm before the MLP.
    pub post_attention_layernorm: RmsNorm,
}

impl DecoderLayer {
    /// Reads one layer.
    pub fn load(scope: &Scope, config: &TextConfig) -> Self {
        let norm = |name| RmsNorm::load(&scope.at(name), config.hidden_size, config.rms_norm_eps);
        Self {
            self_attn: SelfAttention::load(&scope.at("self_attn"), config),
            mlp: GatedMlp::load(&scope.at("mlp"), config.hidden_size, config.intermediate_size, Bias::No),
            input_layernorm: norm("input_layernorm"),
            post_attention_layernorm: norm("post_attention_layernorm"),
        }
    }

    /// The layer as decoding applies it, where its maps are no more than decoding knows.
    pub(super) fn parts(&self) -> Option<LayerParts> {
        let (attention, mlp) = (&self.self_attn, &self.mlp);
        Some(LayerParts {
            input_norm: self.input_layernorm.weight.val(),
            query: attention.q_proj.parts()?,
            key: attention.k_proj.parts()?,
            value: attention.v_proj.parts()?,
            output: attention.o_proj.parts()?,
            inner_norm: self.post_attention_layernorm.weight.val(),
            gate: mlp.gate_proj.parts()?,
            up: mlp.up_proj.parts()?,
            down: mlp.down_proj.parts()?,
        })
    }

    /// Applies the layer to packed rows `[n, hidden]`; `layer` is its index in `memory`.
    pub fn forward(
        &self,
        rows: Tensor<2>,
        rotary: &RotaryTable,
        plan: &AttentionPlan,
        memory: &mut Memory,
        layer: usize,
    ) -> Tensor<2> {
        let normed = self.input_layernorm.forward(rows.clone());
        let rows = rows + self.self_attn.forward(normed, rotary, plan, memory, layer);
        let normed = self.post_attention_layernorm.forward(rows.clone());
        rows + self.mlp.forward(normed)
    }
}
