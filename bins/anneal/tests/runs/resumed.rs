//! A run that goes on where it stopped is the run that never stopped.

use crate::workplace::{Workplace, assert_same, assert_success, checkpoint, files, metrics, refusal};
use std::fs;

/// Six steps with checkpoints at 3 and 6; on two threads; and from 3 on again.
fn check(kind: &str) -> Workplace {
    check_with(kind, "")
}

/// The same with more lines in the recipe.
fn check_with(kind: &str, more: &str) -> Workplace {
    let place = Workplace::new();
    let recipe = place.recipe(kind, &format!("max_steps: 6\nsave_steps: 3\n{more}"));
    let whole = place.train(kind, &recipe, "whole", &["--threads", "1"]);
    let learned = |line: &serde_json::Value| line["grad_norm"].as_f64().unwrap() > 0.0;
    let lines = metrics(&whole);
    assert!(lines[..3].iter().any(learned) && lines[3..].iter().any(learned), "nothing was learned");

    let other = place.train(kind, &recipe, "other", &["--threads", "2"]);
    assert_same(&whole, &other, 3);
    assert_same(&whole, &other, 6);

    fs::remove_dir_all(other.join("checkpoint-6")).unwrap();
    place.train(kind, &recipe, "other", &["--resume", "latest"]);
    assert_same(&whole, &other, 6);
    assert_eq!(metrics(&whole), metrics(&other));
    place
}

#[test]
fn supervised_runs_go_on_inside_an_epoch() {
    check("sft");
}

#[test]
fn preference_runs_go_on_inside_an_epoch() {
    check("dpo");
}

#[test]
fn group_runs_go_on_with_completions_that_were_not_used_yet() {
    let run = check("grpo");
    let state: serde_json::Value =
        serde_json::from_slice(&files(&run.path("whole"), 3)["online.json"]).unwrap();
    // Of the two updates that share a generation, step 3 was the first.
    assert_eq!(state["updates_made"], 1);
    assert!(!state["generation"].as_array().unwrap().is_empty());
}

#[test]
fn group_runs_that_replace_silent_prompts_go_on_to_the_same_bytes() {
    let run = check_with("grpo", "dynamic_sampling_rounds: 2\n");
    let replaced = |line: &serde_json::Value| line["dynamic_sampling/replaced"].as_f64().unwrap_or(0.0);
    assert!(metrics(&run.path("whole")).iter().map(replaced).sum::<f64>() > 0.0, "no prompt was replaced");
}

#[test]
fn single_completion_runs_go_on_inside_a_generation() {
    check("reinforce");
}

#[test]
fn a_run_that_passes_over_broken_rows_goes_on_to_the_same_bytes() {
    let place = Workplace::with_rows(100);
    fs::write(place.path("data/images/sft_42.png"), b"no picture").unwrap();
    let recipe = place.recipe("sft", "max_steps: 27\nsave_steps: 9\non_bad_row: skip\n");
    let run = place.train("sft", &recipe, "run", &[]);
    let last = files(&run, 27);
    for step in [9, 18] {
        let from = run.join(format!("checkpoint-{step}"));
        place.train("sft", &recipe, "run", &["--resume", from.to_str().unwrap()]);
        assert!(files(&run, 27) == last, "from step {step}");
    }
}

#[test]
fn a_run_that_a_broken_row_ends_is_saved_and_goes_on_once_it_is_mended() {
    let place = Workplace::new();
    let recipe = place.recipe("sft", "max_steps: 3\nshuffle_dataset: false\n");
    let whole = place.train("sft", &recipe, "whole", &[]);
    let image = place.path("data/images/sft_5.png");
    let good = fs::read(&image).unwrap();
    fs::write(&image, b"no picture").unwrap();
    let told = refusal(&place.command("sft", &recipe, "run", &[]).output().unwrap());
    for word in ["step 2: ", "sft.jsonl: line 6: row \"sft_5\"", "up to step 1 is saved", "--resume latest"] {
        assert!(told.contains(word), "{word}: {told}");
    }
    fs::write(&image, good).unwrap();
    let run = place.train("sft", &recipe, "run", &["--resume", "latest"]);
    assert_same(&whole, &run, 3);
}

#[test]
fn an_epoch_ends_with_the_rows_that_are_left() {
    let place = Workplace::new();
    for (kind, steps) in [("sft", 6), ("dpo", 8)] {
        let run = place.train(kind, &place.recipe(kind, "num_train_epochs: 2\n"), kind, &[]);
        let epochs: Vec<f64> = metrics(&run).iter().map(|line| line["epoch"].as_f64().unwrap()).collect();
        assert_eq!((epochs.len(), epochs[steps / 2 - 1], epochs[steps - 1]), (steps, 1.0, 2.0), "{kind}");
    }
    let large = "per_device_train_batch_size=64";
    let recipe = place.recipe("sft", "num_train_epochs: 1\n");
    let run = place.train("sft", &recipe, "large", &["--set", large]);
    let lines = metrics(&run);
    assert_eq!((lines.len(), lines[0]["epoch"].as_f64()), (1, Some(1.0)));
}

#[test]
fn a_named_checkpoint_is_gone_on_from_and_later_ones_are_replaced() {
    let place = Workplace::new();
    let recipe = place.recipe("sft", "max_steps: 4\nsave_steps: 1\n");
    let run = place.train("sft", &recipe, "run", &[]);
    let last = files(&run, 4);
    let from = run.join("checkpoint-2");
    place.train("sft", &recipe, "run", &["--resume", from.to_str().unwrap()]);
    assert!(files(&run, 4) == last);
    assert_eq!(metrics(&run).len(), 4);
}

#[test]
fn a_run_is_not_begun_over_another_nor_gone_on_with_under_other_settings() {
    let place = Workplace::new();
    let recipe = place.recipe("sft", "max_steps: 1\n");
    place.train("sft", &recipe, "run", &[]);
    let refused = |more: &[&str]| {
        let output = place.command("sft", &recipe, "run", more).output().unwrap();
        refusal(&output)
    };
    assert!(refused(&[]).contains("holds a run already"));
    let other = refused(&["--resume", "latest", "--set", "seed=8", "--set", "lora_r=2"]);
    for word in ["other settings", "`seed`: found 8, expected 7", "`lora_r`: found 2, expected 4"] {
        assert!(other.contains(word), "{word}: {other}");
    }
    let other = place.command("dpo", &place.recipe("dpo", "max_steps: 1\n"), "run", &["--resume", "latest"]);
    let other = refusal(&{ other }.output().unwrap());
    assert!(other.contains("found a run of dpo, expected sft"), "{other}");
    assert!(refused(&["--resume", "elsewhere"]).contains("--resume"));
    let other = refused(&["--resume", "latest", "--dtype", "bfloat16"]);
    for word in ["--dtype: has changed", "found bfloat16, expected float32", "go_on"] {
        assert!(other.contains(word), "{word}: {other}");
    }
}

#[test]
fn a_run_is_not_gone_on_with_when_its_rows_or_weights_have_changed_unless_that_is_wanted() {
    let place = Workplace::new();
    let model = place.path("model");
    fs::create_dir(&model).unwrap();
    for file in fs::read_dir(checkpoint()).unwrap().map(|file| file.unwrap().path()) {
        fs::copy(&file, model.join(file.file_name().unwrap())).unwrap();
    }
    let recipe = place.recipe("sft", "max_steps: 2\nsave_steps: 1\n");
    let set = format!("model_name_or_path={}", model.display());
    let run = place.train("sft", &recipe, "run", &["--set", &set]);
    let from = run.join("checkpoint-1");
    let usual = ["--set", &set, "--resume", from.to_str().unwrap()];
    let refused = |more: &[&str]| {
        refusal(&place.command("sft", &recipe, "run", &[&usual, more].concat()).output().unwrap())
    };

    let (rows, weights) = (place.path("data/sft.jsonl"), model.join("model.safetensors"));
    let text = fs::read_to_string(&rows).unwrap();
    fs::write(&rows, text.lines().take(9).map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    let told = refused(&[]);
    for word in ["datasets: ", "sft.jsonl: has changed", "checkpoint-1", "expected 1 file of ", "go_on"] {
        assert!(told.contains(word), "{word}: {told}");
    }
    assert!(!told.contains("training "), "told before the model is loaded: {told}");
    assert!(run.join("checkpoint-2").is_dir(), "a refusal changes nothing");
    fs::write(&rows, text).unwrap();

    let good = fs::read(&weights).unwrap();
    let mut bent = good.clone();
    *bent.last_mut().unwrap() ^= 1;
    fs::write(&weights, bent).unwrap();
    let told = refused(&[]);
    assert!(told.contains("model_name_or_path: ") && told.contains("has changed"), "{told}");
    let wanted = [&usual[..], &["--set", "on_changed_input=go_on"]].concat();
    let output = place.command("sft", &recipe, "run", &wanted).output().unwrap();
    assert_success(&output);
    assert!(String::from_utf8_lossy(&output.stderr).contains("going on all the same"));
}
