//! Decoding: settings, randomness, the choice of a token, and the loop.

mod choose;
mod decode;
mod random;
mod settings;
mod stop;

pub use decode::{Completion, FinishReason, Request};
pub use random::DrawKey;
pub use settings::{MIN_TEMPERATURE, SamplingSettings, SettingsError, Temperature};
pub use stop::{GenerationConfig, GenerationConfigError};
