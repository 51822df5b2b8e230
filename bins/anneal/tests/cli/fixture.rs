//! Runs the binary as a user would.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub const CHECKPOINTS: [&str; 4] = ["qwen2_5-nano", "qwen2_5-nano-untied", "qwen2_5-nano-bf16", "qwen2-nano"];

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures")
}

pub fn checkpoint(name: &str) -> PathBuf {
    fixtures().join("checkpoints").join(name)
}

pub fn rows() -> PathBuf {
    fixtures().join("rows/rows.jsonl")
}

pub fn anneal(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_anneal")).args(args).output().expect("the binary starts")
}

/// Runs `anneal COMMAND --model … --input … --output …` and expects it to succeed.
pub fn succeed(command: &str, model: &Path, input: &Path, output: &Path, more: &[&str]) {
    let result = attempt(command, model, input, output, more);
    assert!(result.status.success(), "{}", String::from_utf8_lossy(&result.stderr));
}

/// The same, and gives what happened.
pub fn attempt(command: &str, model: &Path, input: &Path, output: &Path, more: &[&str]) -> Output {
    let text = |path: &Path| path.to_str().expect("test paths are unicode").to_owned();
    let (model, input, output) = (text(model), text(input), text(output));
    let mut args = vec![command, "--model", &model, "--input", &input, "--output", &output];
    args.extend(more);
    anneal(&args)
}

pub fn json_lines(path: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect()
}

/// The largest difference of two lists of numbers in JSON.
pub fn distance(a: &serde_json::Value, b: &serde_json::Value) -> f64 {
    let numbers = |list: &serde_json::Value| -> Vec<f64> {
        list.as_array().expect("a list").iter().map(|x| x.as_f64().expect("a number")).collect()
    };
    let (a, b) = (numbers(a), numbers(b));
    assert_eq!(a.len(), b.len());
    a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}
