//! `anneal verify`: are the checkpoints of a run whole?

use crate::args::VerifyArgs;
use checkpoint::{RealFs, Store};
use command_line::Outcome;
use trainer::session;

/// Runs the command.
pub fn run(args: &VerifyArgs) -> Outcome {
    if !args.run.is_dir() {
        return Err(format!("{}: found no folder, expected a run's output_dir", args.run.display()).into());
    }
    let store = Store::new(RealFs, &args.run);
    // A run may have been stopped before its first checkpoint.
    if store.steps()?.is_empty() && !args.run.join(session::RECIPE).is_file() {
        let found = format!("found neither a checkpoint nor {}", session::RECIPE);
        return Err(format!("{}: {found}, expected a run's output_dir", args.run.display()).into());
    }
    let report = store.verify_all()?;
    eprintln!("{report}");
    if report.is_sound() {
        Ok(())
    } else {
        Err("not every checkpoint is whole; the newest that is will be resumed".into())
    }
}
