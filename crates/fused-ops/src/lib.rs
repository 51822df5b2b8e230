//! Hot tensor operations with hand-written backward passes for burn.
//!
//! Every function takes and returns ordinary burn tensors and works on any device, with or without a gradient tape. For
//! `f32` tensors of the flex back end it runs a multi-threaded SIMD kernel; for everything else it runs the body in
//! [`plain`], made of burn's own operations, which also serves as the oracle of the tests.
//!
//! Activations are packed: the rows of all sequences follow each other without padding, and an [`AttentionPlan`] says
//! which rows see which.
//!
//! On 16-bit floats norms, rotations, softmax and logits are computed in `f32` and rounded once.

mod attention;
mod bridge;
mod cache;
mod composed;
mod decoder;
mod kernel;
mod layer_norm;
mod linear;
mod log_sum_exp;
mod lora_linear;
mod quantized;
mod rms_norm;
mod rotary;
mod row_softmax;
mod stored;
mod swiglu;
mod token_log_probs;
mod units;
mod weight;
mod widen;
mod write_rows;

pub use attention::{AttentionPlan, KeyRows, PlanError, Segment, Visibility, attention};
pub use cache::KvCache;
pub use decoder::{DecoderParts, LayerParts, MapParts, MapWeight, NewTokens, StepDecoder};
pub use kernel::threads::while_standing_by;
pub use layer_norm::layer_norm;
pub use linear::linear;
pub use log_sum_exp::log_sum_exp;
pub use lora_linear::{LoraPair, lora_linear};
pub use quantized::{BlockScales, CodeFormat, PackedMatrix, ScaleCoding, quantized_linear};
pub use rms_norm::rms_norm;
pub use rotary::rotary;
pub use row_softmax::RowSoftmax;
pub use swiglu::swiglu;
pub use token_log_probs::{ChosenLogProbs, token_log_probs};
pub use weight::{Arithmetic, Weight};
pub use write_rows::write_rows;

/// The same operations made of burn's own ones: the fallback on other back ends, and the reference to test against.
pub mod plain {
    pub use crate::attention::plain as attention;
    pub use crate::linear::plain as linear;
    pub use crate::lora_linear::plain as lora_linear;
    pub use crate::quantized::plain as quantized_linear;
    pub use crate::rms_norm::plain as rms_norm;
    pub use crate::rotary::plain as rotary;
    pub use crate::swiglu::plain as swiglu;
    pub use crate::token_log_probs::plain as token_log_probs;
    pub use crate::write_rows::plain as write_rows;
}
