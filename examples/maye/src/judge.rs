//! `maye judge`: whether an answer is right, and by which rule.

use crate::args::{JudgeArgs, Tolerance};
use command_line::Outcome;
use rewards::{BoxedJudge, JudgeMode};

/// Runs the command.
pub fn run(args: &JudgeArgs) -> Outcome {
    let mode = match args.mode {
        Tolerance::Tolerant => JudgeMode::Tolerant,
        Tolerance::Strict => JudgeMode::Strict,
    };
    let verdict = match BoxedJudge::new(mode).rule(&args.prediction, &args.solution) {
        Ok(Some(rule)) => format!("true ({})", rule.name()),
        Ok(None) => "false (no rule makes them the same)".to_owned(),
        Err(reason) => format!("false ({reason})"),
    };
    command_line::say(&verdict)
}
