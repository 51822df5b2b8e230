//! `anneal report`: a page about a run.

use crate::args::ReportArgs;
use command_line::Outcome;
use command_line::replace_file;

/// Runs the command.
pub fn run(args: &ReportArgs) -> Outcome {
    let page = eval::report::render(&args.runs)?;
    let first = args.runs.first().map(|run| run.join("report.html"));
    let Some(path) = args.output.clone().or(first) else { return Ok(()) };
    replace_file(&path, page.as_bytes())?;
    eprintln!("{}", path.display());
    Ok(())
}
