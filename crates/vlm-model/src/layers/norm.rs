//! Normalisation over the width of a row.

use crate::weights::Scope;
use burn::module::{Module, Param};
use burn::tensor::Tensor;

/// y = w ⊙ x / √(mean(x²) + ε), computed in f32.
#[derive(Module, Debug)]
pub struct RmsNorm {
    /// w, `[width]`.
    pub weight: Param<Tensor<1>>,
    epsilon: f64,
}

impl RmsNorm {
    /// Reads `weight`.
    pub fn load(scope: &Scope, width: usize, epsilon: f64) -> Self {
        Self { weight: scope.tensor("weight", [width]), epsilon }
    }

    /// ε.
    pub fn epsilon(&self) -> f64 {
        self.epsilon
    }

    /// Normalises each row.
    ///
    /// # Shapes
    /// - input and output: `[n, width]`
    pub fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        fused_ops::rms_norm(rows, self.weight.val(), self.epsilon)
    }
}

/// y = w ⊙ (x − mean(x)) / √(var(x) + ε) + b, with the population variance, computed in f32.
#[derive(Module, Debug)]
pub struct LayerNorm {
    /// w, `[width]`.
    pub weight: Param<Tensor<1>>,
    /// b, `[width]`.
    pub bias: Param<Tensor<1>>,
    epsilon: f64,
}

impl LayerNorm {
    /// Reads `weight` and `bias`.
    pub fn load(scope: &Scope, width: usize, epsilon: f64) -> Self {
        Self { weight: scope.tensor("weight", [width]), bias: scope.tensor("bias", [width]), epsilon }
    }

    /// Normalises each row.
    ///
    /// # Shapes
    /// - input and output: `[n, width]`
    pub fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        fused_ops::layer_norm(rows, self.weight.val(), self.bias.val(), self.epsilon)
    }
}
