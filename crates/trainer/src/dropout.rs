//! Dropout of adapters, switched on for one pass.

use crate::engine::Step;
use lora::{DropoutMode, set_dropout};
use vlm_model::VlModel;

/// Passes of a step have numbers of their own below this.
const PASSES: u64 = 1 << 20;

/// What one pass of a step draws.
#[derive(Clone, Copy)]
pub struct Draws(DropoutMode);

impl Draws {
    /// The draws of the `pass`-th pass of this step.
    pub fn of(step: &Step, pass: usize) -> Self {
        Self(DropoutMode::On { seed: step.seed, step: step.index * PASSES + pass as u64 })
    }

    /// The same weights with adapters that drop inputs. Gradients reach the weights of `model` itself.
    pub fn dropping(self, model: &VlModel) -> VlModel {
        let mut dropping = model.clone();
        set_dropout(&mut dropping, self.0);
        dropping
    }
}
