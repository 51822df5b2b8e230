//! Adapters on the command line.

use crate::fixture::{anneal, checkpoint, distance, fixtures, json_lines, rows, succeed};
use std::path::{Path, PathBuf};

fn adapter(name: &str) -> PathBuf {
    fixtures().join("golden/training/qwen2_5-nano/adapters").join(name)
}

fn merge(adapter: &Path, output: &Path) -> std::process::Output {
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let (model, adapter, output) = (text(&checkpoint("qwen2_5-nano")), text(adapter), text(output));
    anneal(&["merge", "--model", &model, "--adapter", &adapter, "--output", &output])
}

#[test]
fn a_merged_folder_scores_as_model_and_adapter_do() {
    for name in ["lora", "dora", "lora-vision"] {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| dir.path().join(name);
        let model = checkpoint("qwen2_5-nano");
        let path = adapter(name);
        succeed("score", &model, &rows(), &file("plain.jsonl"), &[]);
        succeed("score", &model, &rows(), &file("on.jsonl"), &["--adapter", path.to_str().unwrap()]);
        let result = merge(&path, &file("merged"));
        assert!(result.status.success(), "{}", String::from_utf8_lossy(&result.stderr));
        assert!(String::from_utf8_lossy(&result.stderr).contains("merged"));
        succeed("score", &file("merged"), &rows(), &file("merged.jsonl"), &[]);
        let [plain, on, merged] =
            ["plain", "on", "merged"].map(|name| json_lines(&file(&format!("{name}.jsonl"))));
        for ((plain, on), merged) in plain.iter().zip(&on).zip(&merged) {
            assert!(distance(&on["logprobs"], &merged["logprobs"]) < 2e-4, "{name}: {}", on["id"]);
            assert!(distance(&on["logprobs"], &plain["logprobs"]) > 1e-3, "{name}: {}", on["id"]);
        }
    }
}

#[test]
fn a_run_stands_for_its_newest_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    for (step, name) in [(9, "dora"), (10, "lora")] {
        let checkpoint = file(&format!("run/checkpoint-{step}"));
        std::fs::create_dir_all(&checkpoint).unwrap();
        for entry in std::fs::read_dir(adapter(name)).unwrap().map(Result::unwrap) {
            std::fs::copy(entry.path(), checkpoint.join(entry.file_name())).unwrap();
        }
    }
    let model = checkpoint("qwen2_5-nano");
    for (given, output) in [(adapter("lora"), "adapter.jsonl"), (file("run"), "run.jsonl")] {
        succeed("score", &model, &rows(), &file(output), &["--adapter", given.to_str().unwrap()]);
    }
    let [adapter, run] = ["adapter.jsonl", "run.jsonl"].map(|name| std::fs::read(file(name)).unwrap());
    assert!(adapter == run);
    assert!(merge(&file("run"), &file("merged")).status.success());
}

#[test]
fn a_folder_that_is_no_adapter_is_refused_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let result = merge(&checkpoint("qwen2_5-nano"), &dir.path().join("merged"));
    let text = String::from_utf8_lossy(&result.stderr).into_owned();
    assert!(!result.status.success() && text.contains("adapter_config.json"), "{text}");
    assert!(!dir.path().join("merged").exists());
}

#[test]
fn a_folder_with_weights_is_not_written_over() {
    let dir = tempfile::tempdir().unwrap();
    assert!(merge(&adapter("lora"), dir.path()).status.success());
    let result = merge(&adapter("lora"), dir.path());
    let text = String::from_utf8_lossy(&result.stderr).into_owned();
    assert!(!result.status.success() && text.contains("choose an empty folder"), "{text}");
}
