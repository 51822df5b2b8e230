//! Rewards that cannot judge by what the rows say end a run before it trains on nothing.

use crate::workplace::{Workplace, anneal, assert_success, refusal};
use std::fs;

/// Rows whose answers are removed, but for the first one's.
fn answerless() -> Workplace {
    let place = Workplace::new();
    let file = place.path("data/grpo.jsonl");
    let rows = fs::read_to_string(&file).unwrap();
    let rows = rows.lines().enumerate().map(|(index, line)| {
        let mut row: serde_json::Value = serde_json::from_str(line).unwrap();
        if index > 0 {
            row["ground_truth"] = serde_json::Value::Null;
        }
        row.to_string() + "\n"
    });
    fs::write(&file, rows.collect::<String>()).unwrap();
    place
}

/// Settings under which a step is one generation of four completions.
fn with<'a>(reward: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let settings = [reward, "max_steps=3", "per_device_train_batch_size=4", "max_completion_length=4"];
    settings.iter().chain(more).flat_map(|setting| ["--set", setting]).collect()
}

#[test]
fn a_row_without_an_answer_ends_a_run_whose_rewards_need_one() {
    let place = answerless();
    for (kind, more) in [("grpo", "steps_per_generation=1"), ("reinforce", "rollout_batch_size=8")] {
        let flags = with("reward_funcs=exact", &[more]);
        let told = refusal(&place.command(kind, &place.recipe(kind, ""), "run", &flags).output().unwrap());
        for word in ["grpo.jsonl: line ", "row \"", "reward exact", "is missing", "reward_funcs"] {
            assert!(told.contains(word), "{kind}: {word}: {told}");
        }
    }
}

#[test]
fn the_doctor_finds_every_row_that_the_rewards_cannot_judge_by() {
    let place = answerless();
    let recipe = place.recipe("grpo", "");
    let usual = ["doctor", recipe.to_str().unwrap(), "--kind", "grpo"];
    let output = anneal(&[&usual[..], &with("reward_funcs=exact", &[])].concat());
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{table}");
    assert_eq!(table.matches("reward exact").count(), 9, "{table}");
    assert!(table.contains("line 2") && table.contains("1 ready"), "{table}");
}

#[test]
fn a_format_is_learned_from_rows_without_answers() {
    let place = answerless();
    let flags = with("reward_funcs=language_penalty", &["steps_per_generation=1"]);
    assert_success(&place.command("grpo", &place.recipe("grpo", ""), "run", &flags).output().unwrap());
}
