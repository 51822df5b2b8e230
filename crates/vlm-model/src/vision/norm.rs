//! The norm of a tower: RMS for the windowed one, mean and variance for the full one.

use crate::config::VisionKind;
use crate::layers::{LayerNorm, RmsNorm};
use crate::weights::Scope;
use burn::module::Module;
use burn::tensor::Tensor;

const EPSILON: f64 = 1e-6;

/// Either norm under one name in the files.
#[derive(Module, Debug)]
pub enum Norm {
    /// Qwen2.5-VL.
    Rms(RmsNorm),
    /// Qwen2-VL.
    Layer(LayerNorm),
}

impl Norm {
    /// Reads the norm that the tower's kind uses.
    pub fn load(scope: &Scope, width: usize, kind: &VisionKind) -> Self {
        match kind {
            VisionKind::Windowed { .. } => Self::Rms(RmsNorm::load(scope, width, EPSILON)),
            VisionKind::Full => Self::Layer(LayerNorm::load(scope, width, EPSILON)),
        }
    }

    /// Normalises rows `[n, width]`.
    pub fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Rms(norm) => norm.forward(rows),
            Self::Layer(norm) => norm.forward(rows),
        }
    }
}
