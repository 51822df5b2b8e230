//! The accuracy of visual question answering.

mod accuracy;
mod contractions;
mod normal;

pub use accuracy::{VqaAccuracy, VqaRule, vqa_accuracy};
pub use normal::normalise_answer;
