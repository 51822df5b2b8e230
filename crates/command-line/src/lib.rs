//! What the command lines of the house share: flags of models and devices, bars, signals, errors in words, and the models
//! that answer a benchmark's questions.

mod answering;
mod bar;
pub mod device;
mod ending;
mod flags;
pub mod machine;
pub mod progress;
mod published;
mod signals;
mod training;
mod writing;

pub use answering::Answering;
pub use bar::Bar;
pub use device::{load_model, with_learned};
pub use ending::{Outcome, Stopped, explain, plain, report};
pub use flags::{DeviceArgs, Dtype, ModelArgs, from_1_to, learned};
pub use published::PublishedFigures;
pub use signals::Signals;
pub use training::{open, run, train};
pub use writing::{replace_file, say};

/// What every binary does first: memory that is kept, and a log on standard error that `RUST_LOG` opens.
pub fn begin() {
    machine::keep_freed_pages();
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
}
