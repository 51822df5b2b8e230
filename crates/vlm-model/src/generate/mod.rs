//! Decoding: settings, randomness, the choice of a token, and the engine that keeps many completions running.
//!
//! | file | what it decides |
//! |---|---|
//! | `engine.rs` | what is asked, and in which order prompts are read |
//! | `capacity.rs`, `arena.rs` | who owns which rows of the cache |
//! | `schedule.rs` | who runs when |
//! | `decode.rs` | the passes through the network |
//! | `on_device.rs` | tokens that are chosen without the host |
//! | `sequence.rs`, `choose.rs`, `truncate.rs`, `random.rs` | which token comes next, and when a completion ends |

mod arena;
mod capacity;
mod choose;
mod decode;
mod engine;
mod error;
mod on_device;
mod random;
mod schedule;
mod sequence;
mod settings;
mod stop;
mod truncate;

pub use capacity::Capacity;
pub use engine::{Choosing, Engine, Progress, Request};
pub use error::GenerateError;
pub use random::DrawKey;
pub use sequence::{Completion, FinishReason};
pub use settings::{MIN_TEMPERATURE, SamplingSettings, SettingsError, Temperature};
pub use stop::{GenerationConfig, GenerationConfigError};
