//! Spatial reasoning for Qwen2.5-VL in three stages: learn from answers (SFT), from pairs of a better and a worse answer
//! (DPO), and by practice with rewards that read what relation, count or distance was said (GRPO).
//!
//! | file | holds |
//! |---|---|
//! | `stage` | a stage from its configuration to the folder that the next stage takes: the method |
//! | `tiny` | the three stages on a CPU in a minute, measured after each |
//! | `config`, `published` | recipes, and the nested configuration of the publication |
//! | `sets` | the data sets by name: where they lie, what is there |
//! | `lineage` | what a stage's folder says of its model, and how the next one starts from it |
//! | `measure` | VSR, CV-Bench and others asked of a model |
//! | `rehearsal` | `--debug --local`: everything checked before a step is taken |

mod args;
mod chat;
mod config;
mod lineage;
mod measure;
mod published;
mod rehearsal;
mod sets;
mod stage;
mod tiny;

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
        Command::Data(args) => sets::fill(&args),
        Command::Sft(args) => stage::run(Kind::Sft, &args),
        Command::Dpo(args) => stage::run(Kind::Dpo, &args),
        Command::Grpo(args) => stage::run(Kind::Grpo, &args),
        Command::Eval(args) => measure::run(&args),
        Command::Generate(args) => sets::draw(&args),
        Command::Chat(args) => chat::run(&args),
        Command::Merge(args) => lineage::merge(&args),
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
