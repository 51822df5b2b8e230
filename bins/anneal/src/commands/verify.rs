//! `anneal verify`: are the checkpoints of a run whole?

use crate::args::VerifyArgs;
use checkpoint::{RealFs, Store};
use command_line::Outcome;

/// Runs the command.
pub fn run(args: &VerifyArgs) -> Outcome {
    if !args.run.is_dir() {
        return Err(format!("{}: found no folder, expected a run's output_dir", args.run.display()).into());
    }
    let report = Store::new(RealFs, &args.run).verify_all()?;
    eprintln!("{report}");
    if report.is_sound() {
        Ok(())
    } else {
        Err("not every checkpoint is whole; the newest that is will be resumed".into())
    }
}
