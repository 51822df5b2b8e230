//! A temporary folder with data for every kind of training, and runs of the tiny checkpoint in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// Settings of every run: adapters that move fast, ten rows in batches of four or less, so that steps lie inside epochs.
const COMMON: &str = "lora_r: 4\nlearning_rate: 0.001\nlogging_steps: 1\nseed: 7\n";

/// A way of training with its settings and its data.
pub const KINDS: [(&str, &str, &str); 4] = [
    ("sft", "sft", "per_device_train_batch_size: 2\ngradient_accumulation_steps: 2\n"),
    ("dpo", "preference", "per_device_train_batch_size: 3\n"),
    // Two updates share the completions of one generation, so a step may leave some of them unused. What a model without
    // training writes gets these rewards sometimes.
    (
        "grpo",
        "grpo",
        "per_device_train_batch_size: 8\nnum_generations: 4\nsteps_per_generation: 2\nmax_completion_length: 8\n\
         reward_funcs: [language_penalty, spatial]\nbeta: 0.04\n",
    ),
    (
        "reinforce",
        "grpo",
        "per_device_train_batch_size: 4\nrollout_batch_size: 8\nmax_completion_length: 8\n\
         reward_funcs: [language_penalty, spatial]\n",
    ),
];

/// The folder that everything happens in.
pub struct Workplace {
    folder: TempDir,
}

impl Workplace {
    /// Draws ten rows for each kind.
    pub fn new() -> Self {
        Self::with_rows(10)
    }

    /// Draws so many rows for each kind.
    pub fn with_rows(rows: usize) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        let data = place.path("data");
        let rows = rows.to_string();
        let flags = ["--scenes", "small", "--rows", &rows, "--splits", "sft,preference,grpo,cv_like"];
        let drawn = anneal(&[&["data", "synth", "--output", data.to_str().unwrap()][..], &flags].concat());
        assert_success(&drawn);
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the recipe of a kind, with more lines behind it, and gives its path.
    pub fn recipe(&self, kind: &str, more: &str) -> PathBuf {
        let (_, data, lines) = KINDS.into_iter().find(|(name, ..)| *name == kind).unwrap();
        let model = checkpoint();
        let text = format!(
            "model_name_or_path: {}\ndatasets: {}\noutput_dir: {}\n{COMMON}{lines}{more}",
            model.display(),
            self.path(&format!("data/{data}.jsonl")).display(),
            self.path("run").display(),
        );
        let path = self.path(&format!("{kind}.yaml"));
        fs::write(&path, text).unwrap();
        path
    }

    /// A run in a folder of its own, to its end.
    pub fn train(&self, kind: &str, recipe: &Path, run: &str, more: &[&str]) -> PathBuf {
        let output = self.command(kind, recipe, run, more).output().unwrap();
        assert_success(&output);
        self.path(run)
    }

    /// The command of such a run.
    pub fn command(&self, kind: &str, recipe: &Path, run: &str, more: &[&str]) -> Command {
        let mut command = binary();
        command.arg(kind).arg(recipe).arg("--set").arg(format!("output_dir={}", self.path(run).display()));
        command.args(more).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }
}

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures").canonicalize().unwrap()
}

pub fn checkpoint() -> PathBuf {
    fixtures().join("checkpoints/qwen2_5-nano")
}

pub fn binary() -> Command {
    Command::new(env!("CARGO_BIN_EXE_anneal"))
}

pub fn anneal(args: &[&str]) -> Output {
    binary().args(args).output().unwrap()
}

pub fn assert_success(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Standard error of a command that must fail with code 1.
pub fn refusal(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(!text.contains("panicked"), "{text}");
    text
}

/// The files of a checkpoint: adapter, optimiser, state of the method, manifest.
pub fn files(run: &Path, step: u64) -> BTreeMap<String, Vec<u8>> {
    let folder = run.join(format!("checkpoint-{step}"));
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let file =
        |entry: fs::DirEntry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap());
    entries.map(|entry| file(entry.unwrap())).collect()
}

/// Every file of two checkpoints is the same, byte for byte.
pub fn assert_same(one: &Path, other: &Path, step: u64) {
    let (one, other) = (files(one, step), files(other, step));
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    assert!(one.contains_key("adapter_model.safetensors") && one.contains_key("optimizer.safetensors"));
    for (name, bytes) in &one {
        assert!(*bytes == other[name], "{name} of step {step} differs");
    }
}

/// Metrics of a run without those that a clock or the system makes.
pub fn metrics(run: &Path) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    let mut lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &mut lines {
        line.as_object_mut().unwrap().retain(|name, _| !name.contains("time") && !name.contains("second"));
    }
    lines
}
