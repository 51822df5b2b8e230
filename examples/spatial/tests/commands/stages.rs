//! The stages, each taking the folder of the one before.

use crate::workplace::Workplace;
use std::fs;

const GRPO: &str = "grpo: {num_generations: 2, max_new_tokens: 8, reward_type: combined}\n";

#[test]
fn each_stage_starts_from_the_one_before_and_a_broken_off_one_goes_on_to_the_same_bytes() {
    let place = Workplace::new();
    for (stage, before, more) in [("sft", None, ""), ("dpo", Some("sft"), ""), ("grpo", Some("dpo"), GRPO)] {
        let config = place.config(stage, more);
        let before = before.map(|before| format!("outputs/{before}"));
        let stage_of = |folder: &str, steps: &str, more: &[&str]| {
            let mut args = vec![stage, "--config", &config, "--output_dir", folder, "--max_steps", steps];
            args.extend(before.iter().flat_map(|before| ["--sft_checkpoint", before]));
            args.extend(more);
            place.succeeds(&args);
        };
        let whole = format!("outputs/{stage}");
        stage_of(&whole, "4", &[]);
        let adapter =
            |folder: &str| fs::read(place.path(&format!("{folder}/adapter_model.safetensors"))).unwrap();

        // The same run, stopped after the checkpoint of step 2: what came later is lost with the process.
        let broken = format!("outputs/{stage}-broken");
        stage_of(&broken, "4", &[]);
        fs::remove_dir_all(place.path(&format!("{broken}/checkpoint-4"))).unwrap();
        fs::remove_file(place.path(&format!("{broken}/adapter_model.safetensors"))).unwrap();
        stage_of(&broken, "4", &["--resume", "latest"]);
        assert!(adapter(&broken) == adapter(&whole), "{stage}: going on gave another adapter");
        assert!(place.path(&format!("{whole}/stage.json")).is_file());
    }
    let folded = fs::read_dir(place.path("outputs/grpo")).unwrap();
    let folded =
        folded.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("base-"));
    assert_eq!(folded.count(), 1, "the adapter of the stage before is folded in once");
}

#[test]
fn an_adapter_may_be_continued_instead_of_folded() {
    let place = Workplace::new();
    let (sft, dpo) = (place.config("sft", ""), place.config("dpo", ""));
    place.succeeds(&["sft", "--config", &sft, "--max_steps", "1"]);
    place.succeeds(&[
        "dpo",
        "--threads",
        "1",
        "--config",
        &dpo,
        "--max_steps",
        "1",
        "--sft_checkpoint",
        "outputs/sft",
        "--continue_adapter",
    ]);
    let metrics = fs::read_to_string(place.path("outputs/dpo/metrics.jsonl")).unwrap();
    let first: serde_json::Value = serde_json::from_str(metrics.lines().next().unwrap()).unwrap();
    let loss = first["loss"].as_f64().unwrap();
    assert!((loss - std::f64::consts::LN_2).abs() < 1e-5, "the reference is the adapter itself: {loss}");
}

#[test]
fn what_a_stage_cannot_start_from_is_told() {
    let place = Workplace::new();
    let config = place.config("dpo", "");
    let said = place.fails(&["dpo", "--config", &config, "--sft_checkpoint", "nowhere"]);
    assert!(said.contains("--sft_checkpoint nowhere") && said.contains("expected the folder"), "{said}");

    let sft = place.config("sft", "");
    place.succeeds(&["sft", "--config", &sft, "--max_steps", "1"]);
    let changed =
        fs::read_to_string(place.path("model/config.json")).unwrap().replace("1000000.0", "500000.0");
    fs::write(place.path("model/config.json"), changed).unwrap();
    let args = ["dpo", "--config", &config, "--max_steps", "1", "--sft_checkpoint", "outputs/sft"];
    assert!(place.fails(&args).contains("--allow_base_mismatch"));
    place.succeeds(&[&args[..], &["--allow_base_mismatch"]].concat());
}

#[test]
fn configurations_are_checked_by_key() {
    let place = Workplace::new();
    for (more, key, advice) in [
        ("grpo: {num_generation: 4}\n", "grpo.num_generation", "grpo.num_generations"),
        ("reward: {spatial: {exact_match_weight: 0.9}}\n", "reward.spatial.exact_match_weight", "0.5"),
        ("hardware: {use_vllm: true}\n", "hardware.use_vllm", "false"),
        ("grpo: {num_generations: 1}\n", "num_generations", "at least 2"),
    ] {
        let config = place.config("grpo", more);
        let said = place.fails(&["grpo", "--config", &config]);
        assert!(said.contains(key) && said.contains(advice), "{said}");
    }
    let config = place.config("sft", "");
    let text = fs::read_to_string(place.path(&config)).unwrap().replace("[synthetic]", "[synthetics]");
    fs::write(place.path(&config), text).unwrap();
    assert!(place.fails(&["sft", "--config", &config]).contains("rlhfv, pixmo, spatial, synthetic"));
}

#[test]
fn data_says_what_is_there() {
    let place = Workplace::new();
    let said = place.succeeds(&["data", "--datasets", "synthetic"]);
    assert!(said.starts_with("ok      synthetic rows of sft 12"), "{said}");
    let said = place.fails(&["data", "--datasets", "rlhfv", "synthetic"]);
    assert!(said.contains("failed  rlhfv") && said.contains("openbmb/RLHF-V-Dataset"), "{said}");
    assert!(place.fails(&["data", "--datasets", "rlhf"]).contains("expected names of rlhfv"));
}
