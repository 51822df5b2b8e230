//! The two sides of a training step: who writes completions, and who scores them.

mod completion;
mod group;
mod policy;
mod sampler;
mod sampling;

pub use completion::{Completion, CompletionError, StopReason};
pub use group::{Group, GroupBatch};
pub use policy::{Adapters, EntropyRequest, Policy, ScoreRequest, Scores};
pub use sampler::Sampler;
pub use sampling::{SamplingError, SamplingParams};
