//! `--debug --local`.

use crate::workplace::Workplace;
use serde_json::Value;
use std::fs;

fn report(place: &Workplace, stage: &str) -> Value {
    let text = fs::read(place.path(&format!("outputs/{stage}/debug_report.json"))).unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[test]
fn synthetic_scenes_pass_in_all_stages_and_nothing_is_trained() {
    let place = Workplace::new();
    for stage in ["sft", "dpo", "grpo"] {
        let config = place.config(stage, "grpo: {num_generations: 4, max_new_tokens: 64}\n");
        let said = place.succeeds(&[stage, "--config", &config, "--debug", "--local", "--max_samples", "3"]);
        assert!(said.contains("0 failed") && said.contains("<|vision_start|>"), "{said}");
        let found = report(&place, stage);
        assert_eq!((&found["status"], &found["stage"]), (&Value::from("passed"), &Value::from(stage)));
        assert!(found["checks"].as_array().unwrap().len() >= 9);
        assert!(!place.path(&format!("outputs/{stage}/metrics.jsonl")).exists());
        if stage == "grpo" {
            let ratio = found["generation"]["diversity_ratio"].as_f64().unwrap();
            assert!(ratio > 0.0 && ratio <= 1.0);
            assert_eq!(found["generation"]["rewards"].as_array().unwrap().len(), 12);
        }
    }
}

#[test]
fn a_pair_without_an_answer_fails_and_nothing_is_generated() {
    let place = Workplace::new();
    let file = place.path("data/synthetic/preference.jsonl");
    let rows = fs::read_to_string(&file).unwrap();
    let mut first: Value = serde_json::from_str(rows.lines().next().unwrap()).unwrap();
    first["chosen"][0]["content"] = Value::from("");
    let rest: Vec<&str> = rows.lines().skip(1).collect();
    fs::write(&file, format!("{first}\n{}\n", rest.join("\n"))).unwrap();
    let config = place.config("dpo", "");
    let said = place.fails(&["dpo", "--config", &config, "--debug", "--local"]);
    assert!(said.contains("[FAIL] preference_completeness") && said.contains("[SKIP] generation"), "{said}");
    assert_eq!(report(&place, "dpo")["status"], "failed");
}

#[test]
fn a_short_run_is_one_flag() {
    let place = Workplace::new();
    let config = place.config("sft", "debug: {max_steps: 3, max_samples: 4}\n");
    place.succeeds(&["sft", "--config", &config, "--debug"]);
    let metrics = fs::read_to_string(place.path("outputs/sft/metrics.jsonl")).unwrap();
    assert_eq!(metrics.lines().filter(|line| line.contains("\"loss\"")).count(), 3);
}
