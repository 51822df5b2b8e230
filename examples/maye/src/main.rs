//! MAYE (arXiv 2504.02587): Reinforce++ for vision-language models from nothing but its equations, and a scheme that says
//! what happens while it trains: accuracy at three settings after every epoch, length of responses, words of reflection.
//!
//! | file | holds |
//! |---|---|
//! | `train` | the method, from a configuration to a trained model |
//! | `exam`, `held_out`, `epochs` | the evaluation scheme: what is asked when, and how answers are judged |
//! | `keepsakes` | tables of responses, answers of exams, models of epochs |
//! | `tiny` | all of it on a CPU in a minute, with problems drawn and a model made from nothing |
//! | `config`, `published`, `extras`, `sets` | recipes, the nested configuration of the publication, data sets by name |
//! | `check`, `import` | rows that can be used, and where they come from |
//! | `measure`, `report`, `judge` | a checkpoint at the three settings, runs side by side, one answer |

mod args;
mod check;
mod config;
mod epochs;
mod exam;
mod extras;
mod held_out;
mod import;
mod judge;
mod keepsakes;
mod measure;
mod published;
mod report;
mod sets;
mod tiny;
mod train;

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
        Command::Train(args) => train::run(Kind::Reinforce, &args),
        Command::Sft(args) => train::run(Kind::Sft, &args),
        Command::Eval(args) => measure::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Judge(args) => judge::run(&args),
        Command::CheckData(args) => check::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Toy(args) => sets::draw(&args),
        Command::Tiny(args) => tiny::run(&args),
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
