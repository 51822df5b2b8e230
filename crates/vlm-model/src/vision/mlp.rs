//! The MLP of a tower: gated for the windowed one, two layers for the full one.

use crate::config::{VisionConfig, VisionKind};
use crate::layers::{Bias, GatedMlp, Linear};
use crate::weights::Scope;
use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::sigmoid;

/// Either MLP under one name in the files.
#[derive(Module, Debug)]
#[expect(clippy::large_enum_variant, reason = "one of them stands in each block and neither is moved")]
pub enum Mlp {
    /// Qwen2.5-VL.
    Gated(GatedMlp),
    /// Qwen2-VL.
    Plain(PlainMlp),
}

impl Mlp {
    /// Reads the MLP that the tower's kind uses.
    pub fn load(scope: &Scope, config: &VisionConfig) -> Self {
        let (width, inner) = (config.hidden_size, config.intermediate_size);
        match config.kind {
            VisionKind::Windowed { .. } => Self::Gated(GatedMlp::load(scope, width, inner, Bias::Yes)),
            VisionKind::Full => Self::Plain(PlainMlp {
                fc1: scope.linear("fc1", [inner, width], Bias::Yes),
                fc2: scope.linear("fc2", [width, inner], Bias::Yes),
            }),
        }
    }

    /// Applies the MLP to rows `[n, width]`.
    pub fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Gated(mlp) => mlp.forward(rows),
            Self::Plain(mlp) => mlp.fc2.forward(quick_gelu(mlp.fc1.forward(rows))),
        }
    }
}

/// y = W₂ quick_gelu(W₁ x)
#[derive(Module, Debug)]
pub struct PlainMlp {
    /// W₁.
    pub fc1: Linear,
    /// W₂.
    pub fc2: Linear,
}

/// x · σ(1.702 x)
fn quick_gelu(rows: Tensor<2>) -> Tensor<2> {
    rows.clone() * sigmoid(rows * 1.702)
}
