//! One file a verb.

pub mod bench;
pub mod generate;
pub mod preprocess;
pub mod score;

use vlm_processor::Processor;

/// Ids that stand for features or for nothing, which a model must not write: the placeholders, and padding
/// where it does not also end a completion.
fn placeholders(processor: &Processor, stop: &[u32]) -> Vec<u32> {
    let special = processor.special();
    let mut ids = vec![special.image, special.video];
    if !stop.contains(&special.pad) {
        ids.push(special.pad);
    }
    ids
}
