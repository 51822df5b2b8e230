//! The gated MLP of the decoder and of the windowed vision tower.

use super::{Bias, Linear};
use crate::weights::Scope;
use burn::module::Module;
use burn::tensor::Tensor;

/// y = W_down (silu(W_gate x) ⊙ W_up x)
#[derive(Module, Debug)]
pub struct GatedMlp {
    /// W_gate.
    pub gate_proj: Linear,
    /// W_up.
    pub up_proj: Linear,
    /// W_down.
    pub down_proj: Linear,
}

impl GatedMlp {
    /// Reads the three maps; `width` is the residual stream's, `inner` the gate's.
    pub fn load(scope: &Scope, width: usize, inner: usize, bias: Bias) -> Self {
        Self {
            gate_proj: scope.linear("gate_proj", [inner, width], bias),
            up_proj: scope.linear("up_proj", [inner, width], bias),
            down_proj: scope.linear("down_proj", [width, inner], bias),
        }
    }

    /// Applies the MLP to packed rows `[n, width]`.
    pub fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        let gate = self.gate_proj.forward(rows.clone());
        let up = self.up_proj.forward(rows);
        self.down_proj.forward(fused_ops::swiglu(gate, up))
    }
}
