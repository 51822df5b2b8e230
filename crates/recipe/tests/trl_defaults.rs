//! A default is TRL's, or the documentation of its key says that it differs.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are the helpers of tests")]

use recipe::{Key, Kind, Recipe};
use serde_json::{Map, Value};

const RECORDED: &str = include_str!("../../../data-fixtures/golden/recipes/trl_defaults.json");

fn recorded(kind: Kind) -> Map<String, Value> {
    let all: Value = serde_json::from_str(RECORDED).unwrap();
    all[kind.name()].as_object().unwrap().clone()
}

/// What both sides write differently for the same.
fn plain(name: &str, value: &Value) -> Value {
    match (name, value) {
        ("max_steps", value) if *value == -1 => Value::Null,
        ("loss_type", Value::Array(words)) if words.len() == 1 => words[0].clone(),
        _ => value.clone(),
    }
}

fn ours(key: &Key) -> Value {
    let default = key.default.as_deref().unwrap_or("null");
    let word = default.trim_matches(['[', ']']);
    serde_json::from_str(default).unwrap_or_else(|_| Value::from(word))
}

fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours.as_f64(), theirs.as_f64()) {
        (Some(ours), Some(theirs)) => ours == theirs,
        _ => ours == theirs,
    }
}

#[test]
fn a_default_is_that_of_trl_or_says_that_it_is_not() {
    let mut compared = 0;
    for kind in [Kind::Sft, Kind::Dpo, Kind::Grpo] {
        let theirs = recorded(kind);
        for key in Recipe::keys(kind) {
            let Some(default) = theirs.get(key.name) else { continue };
            let same = same(&ours(&key), &plain(key.name, default));
            assert!(
                same || key.doc.contains("TRL"),
                "{kind}: {} is {default} in TRL, ours {:?}",
                key.name,
                key.default
            );
            compared += usize::from(same);
        }
    }
    assert!(compared > 110, "only {compared} defaults are TRL's");
}
