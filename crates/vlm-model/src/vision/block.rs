//! One block of a tower.

use super::attention::VisionAttention;
use super::mlp::Mlp;
use super::norm::Norm;
use crate::config::VisionConfig;
use crate::layers::RotaryTable;
use crate::weights::Scope;
use burn::module::Module;
use burn::tensor::Tensor;
use fused_ops::AttentionPlan;

/// x ↦ h + MLP(norm₂(h)) with h = x + attention(norm₁(x)).
#[derive(Module, Debug)]
pub struct VisionBlock {
    /// Norm before attention.
    pub norm1: Norm,
    /// Norm before the MLP.
    pub norm2: Norm,
    /// Attention.
    pub attn: VisionAttention,
    /// The MLP.
    pub mlp: Mlp,
}

impl VisionBlock {
    /// Reads one block.
    pub fn load(scope: &Scope, config: &VisionConfig) -> Self {
        Self {
            norm1: Norm::load(&scope.at("norm1"), config.hidden_size, &config.kind),
            norm2: Norm::load(&scope.at("norm2"), config.hidden_size, &config.kind),
            attn: VisionAttention::load(&scope.at("attn"), config),
            mlp: Mlp::load(&scope.at("mlp"), config),
        }
    }

    /// Applies the block to rows `[n, width]`.
    pub fn forward(&self, rows: Tensor<2>, rotary: &RotaryTable, plan: &AttentionPlan) -> Tensor<2> {
        let rows = rows.clone() + self.attn.forward(self.norm1.forward(rows), rotary, plan);
        rows.clone() + self.mlp.forward(self.norm2.forward(rows))
    }
}
