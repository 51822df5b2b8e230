//! `anneal doctor` finds what a run would stumble over, and passes what would run.

use crate::workplace::{KINDS, Workplace, anneal, assert_success, checkpoint, files, refusal};
use std::fs;
use std::process::Output;

fn doctor(place: &Workplace, kind: &str, more: &str, flags: &[&str]) -> (Output, String) {
    let recipe = place.recipe(kind, more);
    let args = ["doctor", recipe.to_str().unwrap(), "--kind", kind];
    let output = anneal(&[&args, flags].concat());
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    (output, table)
}

#[test]
fn a_run_that_would_work_is_passed_with_its_size() {
    let place = Workplace::new();
    for (kind, ..) in KINDS {
        let (output, table) = doctor(&place, kind, "max_steps: 3\n", &[]);
        assert_success(&output);
        assert!(!table.contains("FAIL"), "{table}");
        for word in [
            "device cpu",
            "10 ready",
            "3 steps",
            "weights",
            "of a token in each of 4",
            "checkpoints",
            "are free",
        ] {
            assert!(table.contains(word), "{word}: {table}");
        }
        assert!(!place.path("run").exists(), "the doctor wrote something");
    }
}

#[test]
fn devices_are_listed_without_a_recipe() {
    let output = anneal(&["doctor"]);
    assert_success(&output);
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    for backend in ["cpu", "wgpu", "vulkan", "cuda"] {
        assert!(table.contains(&format!("device {backend}")), "{backend}: {table}");
    }
    assert!(table.contains("computes in f32"), "{table}");
    let absent = table.lines().filter(|line| line.contains("not built in"));
    assert!(absent.clone().all(|line| line.starts_with("NOTE") && line.contains("--features")), "{table}");
}

#[test]
fn every_row_that_cannot_be_used_is_told_with_its_place() {
    let place = Workplace::new();
    let file = place.path("data/sft.jsonl");
    let rows = fs::read_to_string(&file).unwrap();
    let mut lines: Vec<&str> = rows.lines().collect();
    let missing = lines[2].replace("images/", "nowhere/");
    lines[2] = &missing;
    let two = lines[5].replacen("{\"type\":\"image\"},", "{\"type\":\"image\"},{\"type\":\"image\"},", 1);
    assert_ne!(two, lines[5]);
    lines[5] = &two;
    fs::write(&file, lines.join("\n")).unwrap();
    fs::write(place.path("data/images/sft_7.png"), b"no picture").unwrap();

    let (output, table) = doctor(&place, "sft", "", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(table.matches("FAIL").count(), 3, "{table}");
    for word in ["nowhere/sft_2.png", "line 6", "sft_7.png", "7 ready"] {
        assert!(table.contains(word), "{word}: {table}");
    }
    assert!(String::from_utf8_lossy(&output.stderr).contains("3 checks failed"));
}

#[test]
fn rows_over_the_limit_and_settings_that_cannot_be_are_told() {
    let place = Workplace::new();
    let (output, table) = doctor(&place, "sft", "max_length: 8\n", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(table.contains("expected at most 8"), "{table}");
    assert!(table.contains("FAIL") && !table.contains("checkpoints:"), "{table}");
    for (kind, more, word) in [
        ("grpo", "repetition_penalty: 1.1\n", "repetition_penalty"),
        ("sft", "learnin_rate: 1\n", "did you mean `learning_rate`"),
        ("dpo", "max_length: 3\n", "expected at most 3"),
    ] {
        let (output, table) = doctor(&place, kind, more, &[]);
        assert_eq!(output.status.code(), Some(1), "{table}");
        assert!(table.contains("FAIL") && table.contains(word), "{table}");
    }
}

#[test]
fn a_checkpoint_is_as_large_as_foretold() {
    let place = Workplace::new();
    for (kind, ..) in KINDS {
        let (_, table) = doctor(&place, kind, "max_steps: 2\n", &[]);
        let (_, told) = table.split_once("checkpoints: 1 of about ").unwrap();
        let told: f64 = told.split_once(" KiB").unwrap().0.parse().unwrap();
        let run = place.train(kind, &place.recipe(kind, "max_steps: 2\n"), kind, &[]);
        let size: usize = files(&run, 2).values().map(Vec::len).sum();
        let share = size as f64 / 1024.0 / told;
        assert!((0.9..1.5).contains(&share), "{kind}: {size} bytes, {told} KiB were told");
    }
}

#[test]
fn a_run_that_is_there_already_is_told() {
    let place = Workplace::new();
    let recipe = place.recipe("sft", "max_steps: 2\n");
    place.train("sft", &recipe, "run", &[]);
    let (output, table) = doctor(&place, "sft", "max_steps: 2\n", &[]);
    assert_success(&output);
    assert!(table.contains("WARN") && table.contains("--resume latest"), "{table}");
}

#[test]
fn one_broken_row_in_a_hundred_is_passed_over_when_the_recipe_says_so() {
    let place = Workplace::with_rows(100);
    fs::write(place.path("data/images/sft_42.png"), b"no picture").unwrap();
    // An epoch, so that every row has its turn.
    let (lenient, strict) = ("max_steps: 25\non_bad_row: skip\n", "max_steps: 25\n");
    let (output, table) = doctor(&place, "sft", lenient, &[]);
    assert_success(&output);
    assert!(table.contains("WARN") && table.contains("sft_42"), "{table}");
    let trained = place.command("sft", &place.recipe("sft", lenient), "run", &[]).output().unwrap();
    assert_success(&trained);
    let said = String::from_utf8_lossy(&trained.stderr).into_owned();
    assert!(said.contains("skipped: ") && said.contains("sft.jsonl: line 43: row \"sft_42\""), "{said}");

    let (output, _) = doctor(&place, "sft", strict, &[]);
    assert_eq!(output.status.code(), Some(1));
    let stopped = place.command("sft", &place.recipe("sft", strict), "other", &[]).output().unwrap();
    assert!(refusal(&stopped).contains("sft_42"));
}

#[test]
fn conversations_are_no_preferences() {
    let place = Workplace::new();
    let set = format!("datasets={}", place.path("data/sft.jsonl").display());
    let (output, table) = doctor(&place, "dpo", "", &["--set", &set]);
    assert_eq!(output.status.code(), Some(1));
    assert!(table.contains("preference"), "{table}");
}

#[test]
fn a_recipe_that_does_for_several_kinds_is_taken_as_the_one_whose_rows_it_names() {
    let place = Workplace::new();
    for (kind, meant) in [("sft", "OK    recipe           sft of"), ("dpo", "OK    recipe           dpo of")]
    {
        let recipe = place.path("any.yaml");
        fs::rename(place.recipe(kind, ""), &recipe).unwrap();
        let output = anneal(&["doctor", recipe.to_str().unwrap()]);
        let table = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_success(&output);
        assert!(table.contains(meant) && table.contains("--kind"), "{table}");
    }
}

#[test]
fn a_recipe_that_does_for_no_kind_is_told_of_in_the_words_of_the_nearest() {
    let place = Workplace::new();
    let recipe = place.recipe("grpo", "adapter: no/such/run\n");
    let output = anneal(&["doctor", recipe.to_str().unwrap()]);
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(table.contains("`adapter`: found nothing at") && !table.contains("reward_funcs"), "{table}");
}

/// A copy of the small checkpoint in which a text of `config.json` is another.
fn changed(place: &Workplace, from: &str, to: &str) -> String {
    let model = place.path("model");
    fs::create_dir(&model).unwrap();
    for entry in fs::read_dir(checkpoint()).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), model.join(entry.file_name())).unwrap();
    }
    let config = fs::read_to_string(model.join("config.json")).unwrap();
    assert!(config.contains(from));
    fs::write(model.join("config.json"), config.replace(from, to)).unwrap();
    format!("model_name_or_path={}", model.display())
}

#[test]
fn weights_that_are_not_those_of_the_configuration_are_told_beside_the_model() {
    for (from, to, word) in [
        ("\"num_hidden_layers\": 4", "\"num_hidden_layers\": 9", "model.layers.4"),
        ("\"model_type\": \"qwen2_5_vl\"", "\"model_type\": \"bert\"", "bert"),
    ] {
        let place = Workplace::new();
        let set = changed(&place, from, to);
        let (output, table) = doctor(&place, "sft", "", &["--set", &set]);
        assert_eq!(output.status.code(), Some(1));
        let failed: Vec<&str> = table.lines().filter(|line| line.starts_with("FAIL")).collect();
        assert!(
            matches!(failed.as_slice(), [line] if line.contains("model") && line.contains(word)),
            "{table}"
        );
        assert!(!table.contains("FAIL  data"), "{table}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_told_with_its_reason() {
    let place = Workplace::new();
    let (output, table) = doctor(&place, "sft", "", &["--set", "output_dir=/proc/run"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(table.contains("FAIL  disk") && table.contains("/proc/run: cannot be written"), "{table}");
}

#[test]
fn a_broken_row_of_forty_is_passed_over_as_it_is_by_the_run() {
    let place = Workplace::with_rows(40);
    fs::write(place.path("data/images/sft_7.png"), b"no picture").unwrap();
    let lines = "max_steps: 10\non_bad_row: skip\n";
    let (output, table) = doctor(&place, "sft", lines, &[]);
    assert_success(&output);
    assert!(table.contains("WARN") && table.contains("sft_7"), "{table}");
    place.train("sft", &place.recipe("sft", lines), "run", &[]);
}
