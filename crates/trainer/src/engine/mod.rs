//! The loop's machinery, for any burn module and any loss.
//!
//! A [`Method`] computes losses, a [`Run`] does the rest: accumulation, clipping, [`AdamW`], [`Schedule`], figures,
//! checkpoints, a wish to [`Stop`], steps that give no numbers. A [`Companion`] adds what is particular to one system.

mod adamw;
mod companion;
mod files;
mod freezing;
mod gradients;
mod ledger;
mod losses;
mod method;
mod metrics;
mod observer;
mod parameters;
mod run;
mod schedule;
mod step;
mod stop;
mod trained_weights;

pub use adamw::{AdamW, AdamWSettings};
pub use companion::{Alone, Companion};
pub use files::{FileError, Files};
pub use freezing::train_only;
pub use gradients::Gradients;
pub use ledger::{Ledger, Nowhere};
pub use losses::Losses;
pub use method::{BadInput, Failure, Method, Weights};
pub use metrics::Metrics;
pub use observer::{Observer, Report, Unobserved};
pub use parameters::{Parameter, ParameterError, restore, trainable, trainable_count, update};
pub use run::{Ending, Plan, Run, RunError, Trained};
pub use schedule::{Decay, Schedule};
pub use step::{Abandoned, Step};
pub use stop::Stop;
pub use trained_weights::{TrainedError, TrainedWeights};
