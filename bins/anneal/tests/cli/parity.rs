//! From files to files: what the commands write is what transformers computes.

use crate::fixture::{CHECKPOINTS, checkpoint, distance, fixtures, json_lines, rows, succeed};
use safetensors::SafeTensors;
use std::path::PathBuf;

/// Scores and generations that f32 arithmetic must reach.
fn golden(name: &str) -> PathBuf {
    let wide = if name.ends_with("bf16") { format!("{name}-as-float32") } else { name.into() };
    fixtures().join("golden/model").join(wide)
}

#[test]
fn preprocess_writes_the_recorded_tensors() {
    for name in ["qwen2_5-nano", "qwen2_5-nano-untied", "qwen2-nano"] {
        let dir = tempfile::tempdir().unwrap();
        succeed("preprocess", &checkpoint(name), &rows(), dir.path(), &[]);
        let recorded = fixtures().join("golden/model").join(name).join("preprocess");
        let mut compared = 0;
        for file in std::fs::read_dir(recorded).unwrap().map(|file| file.unwrap().path()) {
            let (ours, theirs) = (dir.path().join(file.file_name().unwrap()), std::fs::read(&file).unwrap());
            let ours = std::fs::read(&ours).unwrap_or_else(|error| panic!("{}: {error}", ours.display()));
            let (ours, theirs) =
                (SafeTensors::deserialize(&ours).unwrap(), SafeTensors::deserialize(&theirs).unwrap());
            // Pixels of large pictures were left out of the recording to keep it small.
            for tensor in theirs.names() {
                let (ours, theirs) = (ours.tensor(tensor).unwrap(), theirs.tensor(tensor).unwrap());
                assert_eq!(ours.shape(), theirs.shape(), "{name}: {} {tensor}", file.display());
                if tensor.starts_with("pixel_values") {
                    let off = pixel_distance(ours.data(), theirs.data());
                    assert!(off <= 0.03, "{name}: {} {tensor} off by {off}", file.display());
                } else {
                    assert_eq!(ours.data(), theirs.data(), "{name}: {} {tensor}", file.display());
                }
            }
            compared += 1;
        }
        assert!(compared > 5, "{name}: only {compared} recorded rows");
    }
}

fn pixel_distance(a: &[u8], b: &[u8]) -> f32 {
    let numbers = |bytes: &[u8]| -> Vec<f32> {
        bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    };
    numbers(a).iter().zip(numbers(b)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn score_writes_the_recorded_log_probabilities() {
    let mut failures = Vec::new();
    for name in CHECKPOINTS {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("scores.jsonl");
        succeed("score", &checkpoint(name), &rows(), &out, &[]);
        let (ours, theirs) = (json_lines(&out), json_lines(&golden(name).join("score.jsonl")));
        assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_eq!((&ours["id"], &ours["token_ids"]), (&theirs["id"], &theirs["token_ids"]));
            let off = distance(&ours["logprobs"], &theirs["logprobs"]);
            if off > 2e-4 {
                failures.push(format!("{name}: {} is off by {off}", ours["id"]));
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn generate_writes_the_recorded_greedy_completions() {
    let mut failures = Vec::new();
    for name in CHECKPOINTS {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("generated.jsonl");
        succeed("generate", &checkpoint(name), &rows(), &out, &["--max-new-tokens", "32"]);
        let (ours, theirs) = (json_lines(&out), json_lines(&golden(name).join("generate.jsonl")));
        assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.iter().zip(&theirs) {
            let (mine, recorded) = (&ours["completions"][0], &theirs["completions"][0]);
            for key in ["token_ids", "text", "finish_reason"] {
                if mine[key] != recorded[key] {
                    failures
                        .push(format!("{name}: {} {key}: {} for {}", ours["id"], mine[key], recorded[key]));
                }
            }
            assert_eq!(ours["prompt_tokens"], theirs["prompt_tokens"]);
            let off = distance(&mine["logprobs"], &recorded["logprobs"]);
            if off > 2e-4 {
                failures.push(format!("{name}: {} is off by {off}", ours["id"]));
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}
