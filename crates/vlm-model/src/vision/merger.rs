//! From patches to features of the decoder's width.

use super::norm::Norm;
use crate::config::VisionConfig;
use crate::layers::{Bias, Linear};
use crate::weights::Scope;
use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::gelu;

/// Joins the m² patches of a unit: feature = W₂ gelu(W₁ [norm(p₁) … norm(p_{m²})]).
#[derive(Module, Debug)]
pub struct PatchMerger {
    /// Norm of each patch.
    pub ln_q: Norm,
    /// W₁ and W₂ (`mlp.0` and `mlp.2` in the files).
    pub mlp: [Linear; 2],
    unit: usize,
}

impl PatchMerger {
    /// Reads norm and MLP.
    pub fn load(scope: &Scope, config: &VisionConfig) -> Self {
        let unit = config.merge_size * config.merge_size;
        let joined = config.hidden_size * unit;
        let mlp = scope.at("mlp");
        Self {
            ln_q: Norm::load(&scope.at("ln_q"), config.hidden_size, &config.kind),
            mlp: [
                mlp.linear(0, [joined, joined], Bias::Yes),
                mlp.linear(2, [config.out_hidden_size, joined], Bias::Yes),
            ],
            unit,
        }
    }

    /// Patches `[n, width]` to features `[n / m², out]`.
    pub fn forward(&self, patches: Tensor<2>) -> Tensor<2> {
        let [n, width] = patches.dims();
        let joined = self.ln_q.forward(patches).reshape([n / self.unit, width * self.unit]);
        let [first, second] = &self.mlp;
        second.forward(gelu(first.forward(joined)))
    }
}
