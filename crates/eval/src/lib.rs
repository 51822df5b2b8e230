//! Benchmarks, scorers, confidence intervals, result files and the HTML report.

mod bench;
mod digits;
pub mod dynamics;
pub mod judge;
mod markdown;
mod prediction;
mod question;
pub mod report;
mod rescore;
mod result;
mod run;
mod sampling;
pub mod stats;
mod tally;

pub use bench::{Benchmark, Official, UnknownBenchmark, benchmark_by_name, benchmark_names};
pub use prediction::{Facets, Finish, Judged, Prediction, Response};
pub use question::{Question, QuestionError};
pub use rescore::{
    Expected, LogReport, LogRow, PublishedLog, Reparsed, Rescored, read_published_log, rescore, verify_log,
};
pub use result::{Policy, RESULTS_FILE, RESULTS_VERSION, ResultError, Results};
pub use run::{
    BadRows, Existing, Limit, LogHeader, PREDICTIONS_FILE, Respond, RespondError, RunError, RunOptions,
    read_log, run,
};
pub use sampling::{EvalSampling, SamplingError};
pub use tally::{Cell, IntervalKind, Summary, Tables, score_where, tables};
