//! Features of pictures: computed once while the vision tower is frozen, and with gradients while it is not.

use crate::engine::trainable;
use burn::tensor::Tensor;
use vlm_model::{FeatureCache, PromptError, VlModel};
use vlm_processor::Prompt;

/// Feature rows that are kept: 256 MiB at a width of 2048.
const KEPT_ROWS: usize = 32_768;

/// How a run looks at pictures.
#[derive(Debug)]
pub enum Sight {
    /// The tower does not change: its features are kept by the content of the pixels.
    Frozen(FeatureCache),
    /// The tower learns: every pass computes them for itself.
    Learning,
}

impl Sight {
    /// Frozen unless something in the vision tower is trained.
    pub fn of(model: &VlModel) -> Self {
        let learns = trainable(model).iter().any(|parameter| parameter.name.starts_with("visual."));
        if learns { Self::Learning } else { Self::Frozen(FeatureCache::new(KEPT_ROWS)) }
    }

    /// Features of a prompt's visuals, one tensor each, where they outlive a pass.
    pub fn features(
        &mut self,
        model: &VlModel,
        prompt: &Prompt,
    ) -> Result<Option<Vec<Tensor<2>>>, PromptError> {
        match self {
            Self::Frozen(cache) => cache.of(model, prompt).map(Some),
            Self::Learning => Ok(None),
        }
    }
}
