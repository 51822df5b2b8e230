//! What a run writes while it works: metrics, TensorBoard events, rollouts, evaluations; and how it is read back.
//!
//! [`RunFolder`] knows the names. The logs are JSON lines, one record each, typed both ways:
//!
//! - [`MetricsLog`] and [`read_metrics`]: flat numbers by step, under the names that TRL gives them;
//! - [`RolloutLog`] and [`rollouts`]: every completion with its rewards;
//! - [`EvalLog`] and [`read_evals`]: results of evaluations and the samples that went wrong;
//! - [`TensorBoard`]: the metrics once more, for TensorBoard.
//!
//! A run that is continued after step N opens its logs with [`Start::After`], which cuts off what was written later, so
//! that nothing is there twice. A number that does not exist is absent: never 0, never `NaN`.
//!
//! ```
//! use journal::{MetricLine, MetricsLog, Start, read_metrics};
//!
//! # let folder = tempfile::tempdir()?;
//! # let run = folder.path();
//! let mut log = MetricsLog::open(run, Start::Fresh)?;
//! log.append(&MetricLine::new(1).with_epoch(0.5).with("loss", 2.5).with("kl", f64::NAN))?;
//! log.append(&MetricLine::new(2).with("loss", 2.0))?;
//!
//! let mut log = MetricsLog::open(run, Start::After(1))?;
//! log.append(&MetricLine::new(2).with("loss", 1.75))?;
//! let lines = read_metrics(run)?;
//! assert_eq!(lines.iter().map(|line| line.values["loss"]).collect::<Vec<_>>(), [2.5, 1.75]);
//! assert!(!lines[0].values.contains_key("kl"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod evals;
mod finite;
mod line_log;
mod line_reader;
mod metrics;
mod printable;
mod rollouts;
mod run_folder;
mod tensorboard;

pub use error::{JournalError, LineProblem};
pub use evals::{EvalLog, EvalRecord, WrongSample, read_evals};
pub use line_log::Start;
pub use metrics::{MetricLine, MetricsLog, read_metrics};
pub use printable::printable;
pub use rollouts::{RolloutLog, RolloutRecord, STEPS_PER_FILE, Stop, rollouts};
pub use run_folder::RunFolder;
pub use tensorboard::TensorBoard;
