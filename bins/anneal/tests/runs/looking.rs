//! The commands that look at runs and data: report, verify, eval, data.

use crate::workplace::{Workplace, anneal, assert_success, checkpoint, fixtures, refusal};
use std::fs;

#[test]
fn a_report_is_one_page_that_needs_nothing_else() {
    let place = Workplace::new();
    let recipe = place.recipe("grpo", "max_steps: 2\nlog_completions: true\n");
    let run = place.train("grpo", &recipe, "run", &[]);
    assert_success(&anneal(&["report", run.to_str().unwrap()]));
    let page = fs::read_to_string(run.join("report.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") || page.starts_with("<!DOCTYPE html>"));
    assert!(page.contains("reward") && !page.contains("src=\"http"));
    let (other, run) = (place.path("page.html"), run.to_str().unwrap());
    assert_success(&anneal(&["report", run, run, "--output", other.to_str().unwrap()]));
    assert!(other.is_file());
    let nothing = place.path("data");
    assert!(refusal(&anneal(&["report", nothing.to_str().unwrap()])).contains("found neither"));
}

#[test]
fn verify_finds_one_flipped_bit() {
    let place = Workplace::new();
    let recipe = place.recipe("sft", "max_steps: 2\nsave_steps: 1\n");
    let run = place.train("sft", &recipe, "run", &[]);
    let name = run.to_str().unwrap();
    assert_success(&anneal(&["verify", name]));
    let no_run = anneal(&["verify", place.path("data").to_str().unwrap()]);
    assert!(refusal(&no_run).contains("found neither a checkpoint"));
    for file in ["adapter_model.safetensors", "optimizer.safetensors", "manifest.json"] {
        let path = run.join("checkpoint-2").join(file);
        let whole = fs::read(&path).unwrap();
        let mut bent = whole.clone();
        let middle = bent.len() / 2;
        bent[middle] ^= 1;
        fs::write(&path, bent).unwrap();
        let said = refusal(&anneal(&["verify", name]));
        assert!(said.contains("checkpoint-2") && said.contains(file), "{said}");
        fs::write(&path, whole).unwrap();
    }
    assert_success(&anneal(&["verify", name]));
}

#[test]
fn a_benchmark_is_asked_resumed_compared_and_scored_again() {
    let place = Workplace::new();
    let (data, out) = (place.path("data/cv_like.jsonl"), place.path("eval"));
    let (data, out) = (data.to_str().unwrap().to_owned(), out.to_str().unwrap().to_owned());
    let model = checkpoint().to_str().unwrap().to_owned();
    let usual = ["eval", "--model", &model, "--benchmark", "cv-bench", "--data", &data, "--output", &out];
    let more = ["--max-new-tokens", "4", "--limit", "6"];
    let ask = |flags: &[&str]| anneal(&[&usual, &more[..], flags].concat());
    assert_success(&ask(&[]));
    let log = place.path("eval/predictions.jsonl");
    let results = place.path("eval/results.json");
    let (asked, scored) = (fs::read(&log).unwrap(), fs::read(&results).unwrap());
    assert_eq!(asked.iter().filter(|byte| **byte == b'\n').count(), 7);

    fs::write(&log, &asked[..asked.len() * 2 / 3]).unwrap();
    assert_success(&ask(&["--batch-size", "1", "--threads", "1"]));
    assert!(fs::read(&results).unwrap() == scored, "going on gave other results");

    let baseline = results.to_str().unwrap().to_owned();
    let compared = ask(&["--baseline", &baseline]);
    assert_success(&compared);
    assert!(String::from_utf8_lossy(&compared.stdout).contains("against the baseline +0.0 points"));
    let again = anneal(&["eval", "--rescore", log.to_str().unwrap()]);
    assert_success(&again);
    assert!(String::from_utf8_lossy(&again.stdout).contains("of 6 questions"));
}

#[test]
fn eval_lists_the_benchmarks_when_it_does_not_know_one() {
    let model = checkpoint();
    let rows = fixtures().join("rows/rows.jsonl");
    let [model, rows] = [model, rows].map(|path| path.to_str().unwrap().to_owned());
    let output = anneal(&[
        "eval",
        "--model",
        &model,
        "--benchmark",
        "imagenet",
        "--data",
        &rows,
        "--output",
        "nowhere",
    ]);
    assert!(refusal(&output).contains("cv-bench"));
    assert_eq!(anneal(&["eval"]).status.code(), Some(2));
}

#[test]
fn data_is_inspected_converted_and_drawn() {
    let place = Workplace::new();
    let data = place.path("data/sft.jsonl");
    let data = data.to_str().unwrap();
    let model = checkpoint();
    let seen = anneal(&["data", "inspect", data, "--model", model.to_str().unwrap()]);
    assert_success(&seen);
    let text = String::from_utf8_lossy(&seen.stdout).into_owned();
    assert!(text.contains("rows        10") && text.contains("tokens"), "{text}");

    let table = place.path("rows.parquet");
    let table = table.to_str().unwrap();
    assert_success(&anneal(&["data", "convert", data, "--to", "messages", "--output", table]));
    assert_success(&anneal(&["data", "inspect", table]));
    assert!(
        refusal(&anneal(&["data", "convert", data, "--to", "messages", "--output", table]))
            .contains("exists")
    );
    assert_eq!(anneal(&["data", "convert", data, "--to", "rhymes", "--output", "x"]).status.code(), Some(2));
    let out = place.path("more");
    let wrong = anneal(&["data", "synth", "--output", out.to_str().unwrap(), "--splits", "nobody"]);
    assert!(refusal(&wrong).contains("vsr_like"));
}

#[test]
fn weights_of_full_fine_tuning_are_used_from_their_checkpoint_and_from_a_merged_folder() {
    let place = Workplace::new();
    let recipe = place.recipe("sft", "max_steps: 2\n");
    let text = fs::read_to_string(&recipe).unwrap().replace("lora_r: 4", "use_peft: false");
    fs::write(&recipe, text).unwrap();
    let run = place.train("sft", &recipe, "run", &[]);
    let (learned, merged) = (run.join("checkpoint-2"), place.path("merged"));
    let (learned, merged) = (learned.to_str().unwrap(), merged.to_str().unwrap());
    let model = checkpoint().to_str().unwrap().to_owned();
    assert_success(&anneal(&["merge", "--model", &model, "--adapter", learned, "--output", merged]));
    let rows = place.path("data/grpo.jsonl");
    let written = |name: &str, flags: &[&str]| {
        let output = place.path(name);
        let files = ["generate", "--input", rows.to_str().unwrap(), "--output", output.to_str().unwrap()];
        assert_success(&anneal(&[&files[..], &["--max-new-tokens", "6"], flags].concat()));
        fs::read_to_string(output).unwrap()
    };
    let from_checkpoint = written("checkpoint.jsonl", &["--model", &model, "--adapter", learned]);
    assert_eq!(written("merged.jsonl", &["--model", merged]), from_checkpoint);
    assert_ne!(written("start.jsonl", &["--model", &model]), from_checkpoint);
}
