//! The anneal command line.

mod answering;
mod args;
mod commands;
mod demo;
mod device;
mod machine;
mod output;
mod progress;
mod rows;
mod scores;
mod signals;

use args::{Cli, Command};
use clap::Parser;
use recipe::Kind;
use std::process::ExitCode;

/// What a command returns: any error, shown to the user as its text and the texts of its causes.
type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The user ended a run; everything has been said and saved.
#[derive(Debug, thiserror::Error)]
#[error("stopped")]
struct Stopped {
    /// What the process ends with.
    code: u8,
}

fn main() -> ExitCode {
    machine::keep_freed_pages();
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if let Some(stopped) = error.downcast_ref::<Stopped>() {
                return ExitCode::from(stopped.code);
            }
            eprintln!("error: {}", plain(&explain(error.as_ref())));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Outcome {
    match command {
        Command::Demo(args) => commands::demo::run(&args),
        Command::Generate(args) => commands::generate::run(&args),
        Command::Score(args) => commands::score::run(&args),
        Command::Preprocess(args) => commands::preprocess::run(&args),
        Command::Sft(args) => commands::train::run(Kind::Sft, &args),
        Command::Dpo(args) => commands::train::run(Kind::Dpo, &args),
        Command::Grpo(args) => commands::train::run(Kind::Grpo, &args),
        Command::Reinforce(args) => commands::train::run(Kind::Reinforce, &args),
        Command::Doctor(args) => commands::doctor::run(&args),
        Command::Verify(args) => commands::verify::run(&args),
        Command::Report(args) => commands::report::run(&args),
        Command::Eval(args) => commands::eval::run(&args),
        Command::Data(args) => commands::data::run(&args),
        Command::Merge(args) => commands::merge::run(&args),
        Command::Bench(args) => commands::bench::run(&args),
    }
}

/// An error's text, followed by those of its causes that say something new.
fn explain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = inner.source();
    }
    text
}

/// The text without control characters and marks that turn its direction: file names and data must not steer
/// the terminal.
fn plain(text: &str) -> String {
    let steers = |c: char| {
        let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        turns || (c.is_control() && c != '\n')
    };
    text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_never_reach_the_terminal() {
        assert_eq!(plain("a\x1b[31mb\r\nc\u{9b}\u{202e}"), "a\u{fffd}[31mb\u{fffd}\nc\u{fffd}\u{fffd}");
    }

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
