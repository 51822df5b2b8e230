//! Sampling is reproducible, and distributed as it should be.

use crate::fixture::{anneal, checkpoint, json_lines, rows, succeed};
use std::io::Write;

const SAMPLED: [&str; 8] =
    ["--temperature", "0.9", "--num-generations", "3", "--max-new-tokens", "12", "--seed", "7"];

#[test]
fn the_same_seed_gives_the_same_bytes_whatever_the_batch_and_the_threads() {
    let dir = tempfile::tempdir().unwrap();
    let run = |name: &str, more: &[&str]| {
        let out = dir.path().join(name);
        succeed("generate", &checkpoint("qwen2_5-nano"), &rows(), &out, &[&SAMPLED, more].concat());
        std::fs::read(out).unwrap()
    };
    let reference = run("a.jsonl", &["--batch-size", "3", "--threads", "1"]);
    assert!(!reference.is_empty());
    for (batch, threads) in [("3", "2"), ("1", "2"), ("21", "1"), ("48", "2")] {
        let other = run(&format!("{batch}-{threads}.jsonl"), &["--batch-size", batch, "--threads", threads]);
        assert!(other == reference, "batch {batch}, {threads} threads");
    }
}

#[test]
fn first_tokens_of_many_samples_follow_the_softmax() {
    let dir = tempfile::tempdir().unwrap();
    let (input, out) = (dir.path().join("row.jsonl"), dir.path().join("out.jsonl"));
    let row = r#"{"id": "x", "messages": [{"role": "user", "content": "Say something."}]}"#;
    std::fs::File::create(&input).unwrap().write_all(row.as_bytes()).unwrap();
    let samples = 4000;
    let count = samples.to_string();
    let flags = ["--temperature", "1", "--max-new-tokens", "1", "--num-generations", &count];
    succeed("generate", &checkpoint("qwen2_5-nano"), &input, &out, &flags);
    let line = json_lines(&out).remove(0);
    let mut seen = std::collections::HashMap::<u64, (f64, f64)>::new();
    for completion in line["completions"].as_array().unwrap() {
        let token = completion["token_ids"][0].as_u64().unwrap();
        let probability = completion["logprobs"][0].as_f64().unwrap().exp();
        seen.entry(token).or_insert((0.0, probability)).0 += 1.0;
    }
    // Tokens expected at least five times are cells of their own, the rest is one cell.
    let common: Vec<_> = seen.values().filter(|(_, p)| p * f64::from(samples) >= 5.0).collect();
    let (rest_seen, rest_expected) =
        common.iter().fold((f64::from(samples), f64::from(samples)), |rest, cell| {
            (rest.0 - cell.0, rest.1 - cell.1 * f64::from(samples))
        });
    let cell = |seen: f64, expected: f64| (seen - expected).powi(2) / expected;
    let chi: f64 = common.iter().map(|(n, p)| cell(*n, p * f64::from(samples))).sum::<f64>()
        + cell(rest_seen, rest_expected.max(1.0));
    let freedom = common.len() as f64;
    assert!(freedom > 10.0, "only {freedom} common tokens");
    // Five standard deviations of the chi-square distribution.
    assert!(chi < freedom + 5.0 * (2.0 * freedom).sqrt(), "chi-square {chi} at {freedom} degrees of freedom");
}

#[test]
fn an_interrupted_run_continues_to_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out.jsonl");
    let run = || succeed("generate", &checkpoint("qwen2_5-nano"), &rows(), &out, &SAMPLED);
    run();
    let whole = std::fs::read(&out).unwrap();
    for kept in [0, whole.len() / 3, whole.len() - 1, whole.len()] {
        std::fs::write(&out, &whole[..kept]).unwrap();
        run();
        assert!(std::fs::read(&out).unwrap() == whole, "cut after {kept} bytes");
    }
}

#[test]
fn a_bench_runs_on_the_threads_it_is_given() {
    let model = checkpoint("qwen2_5-nano");
    for task in ["preprocess", "prefill", "decode"] {
        let args = [
            "bench",
            "--model",
            model.to_str().unwrap(),
            "--input",
            rows().to_str().unwrap(),
            "--task",
            task,
        ]
        .map(str::to_owned);
        let more = ["--threads", "1", "--repeat", "1", "--new-tokens", "4", "--json"].map(str::to_owned);
        let args: Vec<&str> = args.iter().chain(&more).map(String::as_str).collect();
        let output = anneal(&args);
        assert!(output.status.success(), "{task}: {}", String::from_utf8_lossy(&output.stderr));
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["task"], task);
    }
}
