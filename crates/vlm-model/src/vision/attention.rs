//! Self-attention within windows or frames.

use crate::config::VisionConfig;
use crate::layers::{Bias, Linear, RotaryTable};
use crate::weights::Scope;
use burn::module::Module;
use burn::tensor::Tensor;
use fused_ops::AttentionPlan;

/// o = W_o softmax(q kᵀ / √d) v with q, k, v from one projection.
#[derive(Module, Debug)]
pub struct VisionAttention {
    /// Queries, keys and values side by side.
    pub qkv: Linear,
    /// W_o.
    pub proj: Linear,
    heads: usize,
}

impl VisionAttention {
    /// Reads both projections.
    pub fn load(scope: &Scope, config: &VisionConfig) -> Self {
        let width = config.hidden_size;
        Self {
            qkv: scope.linear("qkv", [3 * width, width], Bias::Yes),
            proj: scope.linear("proj", [width, width], Bias::Yes),
            heads: config.heads,
        }
    }

    /// Attends from rows `[n, width]` to the rows that `plan` groups with them.
    pub fn forward(&self, rows: Tensor<2>, rotary: &RotaryTable, plan: &AttentionPlan) -> Tensor<2> {
        let [n, width] = rows.dims();
        let head_dim = width / self.heads;
        let all = self.qkv.forward(rows);
        let part = |i: usize| {
            all.clone().slice([0..n, i * width..(i + 1) * width]).reshape([n, self.heads, head_dim])
        };
        let (queries, keys) = (rotary.rotate(part(0)), rotary.rotate(part(1)));
        let scale = (head_dim as f32).powf(-0.5);
        let seen = fused_ops::attention(queries, keys, part(2), plan, scale);
        self.proj.forward(seen.reshape([n, width]))
    }
}
