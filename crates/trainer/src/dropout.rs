//! Dropout of adapters, switched on for one pass.

use crate::engine::Step;
use lora::{DropoutMode, set_dropout};
use vlm_model::VlModel;

/// Micro-batches of a step have numbers of their own below this.
const PASSES: u64 = 1 << 20;

/// The same weights with adapters that drop inputs, as the `pass`-th micro-batch of this step does. Gradients reach the
/// weights of `model` itself.
pub fn dropping(model: &VlModel, step: &Step, pass: usize) -> VlModel {
    let mut dropping = model.clone();
    let step_and_pass = step.index * PASSES + pass as u64;
    set_dropout(&mut dropping, DropoutMode::On { seed: step.seed, step: step_and_pass });
    dropping
}
