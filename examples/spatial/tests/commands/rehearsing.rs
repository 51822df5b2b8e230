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

#[test]
fn the_published_configurations_pass_on_rows_of_the_published_layouts() {
    let place = Workplace::new();
    let picture = fs::read(place.path("data/synthetic/images/sft_0.png")).unwrap();
    let pair =
        r#"{"question": "Where is the circle?", "chosen": "On the left.", "rejected": "On the right."}"#;
    let pair =
        serde_json::json!({"idx": 1, "ds_name": "toy", "image": {"path": "images/1.png"}, "text": pair});
    let address = "https://example.org/a.png";
    let hashed = "2ea2bd0ee2f6a9a2fe1bb3f4b3d36f9d1cd3a1f57ec1c5d4fbc0a1ddc50ea3ad.png";
    let caption = serde_json::json!({"image_url": address, "caption": "A circle.", "transcripts": ["a circle"], "image": hashed});
    let asked = serde_json::json!({"image": "1.png", "question": "How many circles?", "answer": "3"});
    for (set, row, name) in
        [("rlhfv", pair, "1.png"), ("pixmo", caption, hashed), ("spatial", asked, "1.png")]
    {
        fs::create_dir_all(place.path(&format!("data/{set}/images"))).unwrap();
        fs::write(place.path(&format!("data/{set}/images/{name}")), &picture).unwrap();
        fs::write(place.path(&format!("data/{set}/rows.jsonl")), format!("{row}\n")).unwrap();
    }
    for stage in ["sft", "dpo", "grpo"] {
        let published = format!("{}/recipes/published/{stage}.yaml", env!("CARGO_MANIFEST_DIR"));
        let said = place.succeeds(&[stage, "--config", &published, "--debug", "--local"]);
        let rows = if stage == "dpo" { 1 } else { 3 };
        assert!(said.contains("0 failed"), "{said}");
        assert!(
            stage == "grpo" || said.contains(&format!("dataset_loading: {rows} rows, 0 of them")),
            "{said}"
        );
    }
}
