//! Causal self-attention with grouped key and value heads.

use super::cache::Memory;
use crate::config::TextConfig;
use crate::layers::{Bias, Linear, RotaryTable};
use crate::weights::Scope;
use burn::module::Module;
use burn::tensor::Tensor;
use fused_ops::AttentionPlan;

/// o = W_o softmax(q kᵀ / √d) v, with rotated q and k.
#[derive(Module, Debug)]
pub struct SelfAttention {
    /// W_q.
    pub q_proj: Linear,
    /// W_k.
    pub k_proj: Linear,
    /// W_v.
    pub v_proj: Linear,
    /// W_o.
    pub o_proj: Linear,
    head_dim: usize,
}

impl SelfAttention {
    /// Reads the four projections.
    pub fn load(scope: &Scope, config: &TextConfig) -> Self {
        let head_dim = config.head_dim();
        let (width, kv) = (config.hidden_size, config.kv_heads * head_dim);
        Self {
            q_proj: scope.linear("q_proj", [width, width], Bias::Yes),
            k_proj: scope.linear("k_proj", [kv, width], Bias::Yes),
            v_proj: scope.linear("v_proj", [kv, width], Bias::Yes),
            o_proj: scope.linear("o_proj", [width, width], Bias::No),
            head_dim,
        }
    }

    /// Attends from packed rows `[n, hidden]` to what `plan` lets each of them see in `memory`.
    pub fn forward(
        &self,
        rows: Tensor<2>,
        rotary: &RotaryTable,
        plan: &AttentionPlan,
        memory: &mut Memory,
        layer: usize,
    ) -> Tensor<2> {
        let [n, width] = rows.dims();
        let heads = |rows: Tensor<2>| {
            let [n, columns] = rows.dims();
            rows.reshape([n, columns / self.head_dim, self.head_dim])
        };
        let queries = rotary.rotate(heads(self.q_proj.forward(rows.clone())));
        let keys = rotary.rotate(heads(self.k_proj.forward(rows.clone())));
        let values = heads(self.v_proj.forward(rows));
        let (keys, values) = memory.extend(layer, keys, values);
        let scale = (self.head_dim as f32).powf(-0.5);
        let seen = fused_ops::attention(queries, keys, values, plan, scale);
        self.o_proj.forward(seen.reshape([n, width]))
    }
}
