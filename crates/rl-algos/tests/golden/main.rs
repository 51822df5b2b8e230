//! Every variant of the golden file, values and gradients, against this crate.
//!
//! `ANNEAL_GOLDEN_LOSSES` names another file in the same schema: families decide what runs, `params` hold every number.
#![expect(clippy::unwrap_used, reason = "a test that meets an error has failed")]

mod advantages;
mod case;
mod corrections;
mod kl;
mod losses;
mod preferences;

use burn::tensor::DType;
use case::{Case, Outcome};
use serde_json::Value;

const OWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data-fixtures/golden/losses.json");

fn golden() -> Value {
    let path = std::env::var("ANNEAL_GOLDEN_LOSSES").unwrap_or_else(|_| OWN.to_owned());
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn compute(case: &Case<'_>, kind: &str) -> Outcome {
    match kind {
        "advantage_seq" | "advantage_tok" | "util" => advantages::compute(case),
        "kl" => kl::compute(case),
        "loss" => losses::compute(case),
        "preference" | "supervised" => preferences::compute(case),
        other => panic!("kind {other} is unknown"),
    }
}

/// Runs all batches that `wanted` names in one element type; every expected field must come out within `tolerance`.
fn check(dtype: DType, tolerance: f64, wanted: impl Fn(&str) -> bool) -> usize {
    let golden = golden();
    let (mut compared, mut failures) = (0, Vec::new());
    for batch in
        golden["batches"].as_array().expect("batches").iter().filter(|b| wanted(b["name"].as_str().unwrap()))
    {
        for (id, expected) in batch["expected"].as_object().expect("expected") {
            let variant = &golden["variants"][id];
            let case = Case {
                family: variant["family"].as_str().expect("family"),
                params: &variant["params"],
                inputs: &batch["inputs"],
                dtype,
            };
            let outcome = compute(&case, variant["kind"].as_str().expect("kind"));
            compared += 1;
            if let Some(failure) = outcome.differs(expected, &case, tolerance) {
                failures.push(format!("{} {id}: {failure}", batch["name"]));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {compared} differ:\n{}", failures.len(), failures.join("\n"));
    compared
}

#[test]
fn every_variant_agrees_in_f64_also_at_extreme_ratios() {
    assert!(check(DType::F64, 1e-9, |_| true) > 0);
}

#[test]
fn every_variant_agrees_in_f32_within_one_part_in_a_hundred_thousand() {
    assert!(check(DType::F32, 1e-5, |name| !name.contains("extreme")) > 0);
}
