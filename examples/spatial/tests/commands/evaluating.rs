//! `eval`, `chat`, `merge`.

use crate::workplace::Workplace;
use serde_json::Value;
use std::fs;

#[test]
fn benchmarks_give_one_file_of_results_that_can_be_compared() {
    let place = Workplace::new();
    let usual = ["eval", "--model_path", "model", "--max_new_tokens", "4", "--max_samples", "4"];
    let said = place.succeeds(&[&usual[..], &["--benchmarks", "synthetic", "--output_dir", "one"]].concat());
    assert!(said.contains("synthetic VSR: "), "{said}");
    let results: Value =
        serde_json::from_slice(&fs::read(place.path("one/eval_results.json")).unwrap()).unwrap();
    let vsr = &results["synthetic VSR"];
    assert_eq!((&vsr["total_samples"], &vsr["skipped"]), (&Value::from(4), &Value::from(0)));
    let line = &vsr["predictions"][0];
    assert!(line["caption"].as_str().unwrap().ends_with('.') && line["label"].is_u64(), "{line}");
    let cv = &results["synthetic CV-Bench"];
    assert!(
        cv["predictions"][0]["answer"].is_string() && cv["partial"] == true,
        "four rows miss a source: {cv}"
    );
    assert!(results["synthetic distances"]["within_a_factor_of_2"].is_f64());

    let table = place.succeeds(&["eval", "--compare", "one", "one"]);
    assert!(table.lines().count() == 6 && table.contains("| synthetic counts |"), "{table}");
}

#[test]
fn a_benchmark_that_is_not_there_fails_and_keeps_its_place() {
    let place = Workplace::new();
    let said = place.fails(&["eval", "--model_path", "model", "--benchmarks", "VSR", "--output_dir", "out"]);
    assert!(said.contains("VSR could not be measured"), "{said}");
    let results: Value =
        serde_json::from_slice(&fs::read(place.path("out/eval_results.json")).unwrap()).unwrap();
    assert!(results["VSR"]["error"].as_str().unwrap().contains("test.jsonl"));
    let said = place.fails(&["eval", "--model_path", "model", "--benchmarks", "mmlu"]);
    assert!(said.contains("expected VSR, CV-Bench, synthetic or custom:FILE"), "{said}");
}

#[test]
fn an_image_is_asked_about_with_and_without_the_adapter_folded_in() {
    let place = Workplace::new();
    let config = place.config("sft", "");
    place.succeeds(&["sft", "--config", &config, "--max_steps", "2"]);
    let ask = |model: &[&str]| {
        let image = ["--image", "data/synthetic/images/sft_0.png", "--spatial", "--max_new_tokens", "6"];
        place.succeeds(&[&["chat"], &image[..], model].concat())
    };
    let beside = ask(&["--model_path", "model", "--adapter_path", "outputs/sft"]);
    assert_eq!(
        beside.lines().filter(|line| !line.starts_with(' ') && line.ends_with('?')).count(),
        5,
        "{beside}"
    );
    place.succeeds(&["merge", "--model_path", "model", "--adapter_path", "outputs/sft", "--out", "merged"]);
    assert_eq!(ask(&["--model_path", "merged"]), beside);
}
