//! Correction for a sampler that does not compute quite the probabilities of the trainer.
//!
//! Inference engines round, fuse and quantise; their log-probability ℓˢ of a token differs from the trainer's ℓᵒ
//! under the same weights. Weights e^x correct the policy term of a loss (never its KL term), masks drop what
//! cannot be corrected. Everything here is host arithmetic on numbers known before the forward pass.
//!
//! | symbol | meaning |
//! |---|---|
//! | x = ℓᵒ − ℓˢ | the gap of a token; a NaN in ℓˢ counts as no gap |
//! | w | the weight of a token, constant in the loss |

mod gap;
mod off_policy;
mod rejection;
mod weights;

pub use gap::SamplerGap;
pub use off_policy::off_policy_rows;
pub use rejection::{Divergence, Rejection, Unit};
pub use weights::{Correction, Level, Outside, WeightBounds, geometric_gate};
