//! A resolved recipe means the same recipe.

use std::path::Path;

use recipe::{Kind, Recipe};

fn least(kind: Kind) -> String {
    let rewards = if kind == Kind::Grpo { "reward_funcs: spatial\n" } else { "" };
    format!("model_name_or_path: models/qwen\noutput_dir: runs/one\ndatasets: rows.jsonl\n{rewards}")
}

fn parse(kind: Kind, text: &str) -> Recipe {
    Recipe::parse(kind, text, Path::new(""), &[]).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn what_must_be_given_is_enough() {
    for kind in Kind::ALL {
        let recipe = parse(kind, &least(kind));
        assert_eq!(recipe.kind(), kind);
        assert_eq!(parse(kind, &recipe.to_yaml()), recipe, "{}", recipe.to_yaml());
    }
}
