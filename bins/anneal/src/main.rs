//! The anneal command line.

mod args;
mod commands;
mod demo;
mod output;
mod rows;
mod scores;

use args::{Cli, Command};
use clap::Parser;
use command_line::Outcome;
use recipe::Kind;
use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::begin();
    command_line::report(run(Cli::parse().command))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
