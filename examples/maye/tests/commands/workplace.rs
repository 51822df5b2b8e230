//! A folder with drawn problems, configurations and a model, and the program run in it.

use nano::{Folder, Sizes};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

/// The folder that everything happens in.
pub struct Workplace(TempDir);

/// A recipe of two generations an epoch, each learnt from in two steps.
pub const RECIPE: &str = "\
model_name_or_path: model
datasets: data/toy_train.jsonl
eval_dataset: [data/toy_validation.jsonl, data/toy_test.jsonl]
output_dir: run
use_peft: false
rollout_batch_size: 8
per_device_train_batch_size: 2
gradient_accumulation_steps: 2
max_completion_length: 6
reward_funcs: maye
learning_rate: 1.0e-3
lr_scheduler_type: constant
num_train_epochs: 2
logging_steps: 1
save_steps: 2
gradient_checkpointing: false
";

impl Workplace {
    /// A tiny model, and drawn problems.
    pub fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.succeeds(&["toy", "--out", "data", "--rows", "18", "6", "6", "--in-text", "--cot", "50"]);
        let rows = fs::read_to_string(place.path("data/toy_train.jsonl")).unwrap();
        let sizes = Sizes { pixels: [28 * 28, 28 * 28], ..Sizes::DEMO };
        Folder { sizes, texts: &[&rows], seed: 1 }.write(&place.path("model")).unwrap();
        place.write("recipe.yaml", RECIPE);
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The lines of a file of JSON lines.
    pub fn lines(&self, name: &str) -> Vec<Value> {
        let text = String::from_utf8(self.read(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_maye"));
        command.args(args).current_dir(self.0.path());
        command
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// The program in the background.
    pub fn start(&self, args: &[&str]) -> Child {
        self.command(args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Standard output of a command that must succeed.
    pub fn succeeds(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{args:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
        said
    }

    /// Standard output and error of a command that must fail with code 1.
    pub fn fails(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let said = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
        assert!(!said.contains("panicked"), "{said}");
        said
    }
}
