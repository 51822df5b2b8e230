//! What the documentation says to type does what it says, with the tiny checkpoint in place of a published one.

use crate::workplace::{KINDS, Workplace, anneal, assert_success, binary, checkpoint, metrics};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn draw(folder: &Path, splits: &str) {
    let flags = ["--scenes", "small", "--rows", "4", "--splits", splits];
    assert_success(&anneal(&[&["data", "synth", "--output", folder.to_str().unwrap()][..], &flags].concat()));
}

/// A folder with the recipes of the documentation, a model under the name that they use, and one picture.
fn clone() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    copy(&repository().join("docs/recipes"), &path("docs/recipes"));
    for size in ["3B", "7B"] {
        copy(&checkpoint(), &path(&format!("models/Qwen2.5-VL-{size}-Instruct")));
    }
    draw(&path("drawn"), "sft,preference,grpo");
    fs::create_dir(path("images")).unwrap();
    fs::copy(path("drawn/images/sft_0.png"), path("images/kitchen.jpg")).unwrap();
    folder
}

fn run(folder: &Path, line: &str) -> std::process::Output {
    binary().args(line.split(' ')).current_dir(folder).output().unwrap()
}

#[test]
fn the_first_commands_of_the_readme_work_as_typed() {
    let folder = clone();
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    let row = readme.lines().find(|line| line.starts_with("{\"id\": \"1\"")).unwrap();
    fs::write(folder.path().join("rows.jsonl"), format!("{row}\n")).unwrap();
    let typed = readme.lines().filter_map(|line| line.strip_prefix("target/release/anneal "));
    let typed: Vec<&str> = typed.collect();
    assert!(
        ["data inspect", "doctor", "sft", "grpo", "generate"]
            .iter()
            .all(|command| { typed.iter().any(|line| line.starts_with(command)) })
    );
    for line in typed {
        // Long answers of a model that knows nothing add nothing.
        let shorter = if line.starts_with("grpo") { " --set max_completion_length=8" } else { "" };
        let output = run(folder.path(), &format!("{line}{shorter}"));
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(fs::read_to_string(folder.path().join("answers.jsonl")).unwrap().contains("token_ids"));
}

/// The doctor's table for a recipe, given without its kind.
fn passed(folder: &Path, recipe: &str, kind: &str) {
    let output = run(folder, &format!("doctor {recipe}"));
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{recipe}: {table}");
    assert!(table.contains(&format!("{kind} of {}", recipe.split(' ').next().unwrap())), "{table}");
}

/// An adapter as far as its shape.
fn adapter(folder: &Path, config: &str) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("adapter_config.json"), config).unwrap();
}

#[test]
fn every_recipe_of_the_documentation_passes_the_doctor() {
    let folder = clone();
    for run in ["sft", "dpo"] {
        adapter(&folder.path().join(format!("runs/{run}/checkpoint-7")), "{}");
    }
    let recipes = fs::read_dir(repository().join("docs/recipes")).unwrap().map(Result::unwrap);
    let mut seen = 0;
    for name in recipes.map(|entry| entry.file_name().into_string().unwrap()) {
        let kind = name.strip_suffix(".yaml").unwrap();
        let rows = match kind {
            "sft" => "sft",
            "dpo" => "preference",
            _ => "grpo",
        };
        let measured = if kind == "reinforce" { " --set eval_dataset=drawn/grpo.jsonl" } else { "" };
        let few = if kind == "reinforce" { " --set dataloader_drop_last=false" } else { "" };
        let sets = format!("--set datasets=drawn/{rows}.jsonl{measured}{few}");
        passed(folder.path(), &format!("docs/recipes/{name} {sets}"), kind);
        seen += 1;
    }
    assert_eq!(seen, 4);
}

#[test]
fn every_recipe_of_the_demo_passes_the_doctor() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/demo/recipes"), folder.path());
    draw(&path("data"), "sft,preference,grpo");
    for model in ["model", "sft/model"] {
        copy(&checkpoint(), &path(model));
    }
    adapter(&path("dpo/checkpoint-60"), r#"{"r": 16, "lora_alpha": 32}"#);
    for kind in ["sft", "dpo", "grpo"] {
        passed(folder.path(), &format!("{kind}.yaml"), kind);
    }
}

/// Beginnings of names that are documented as families.
const FAMILIES: [&str; 7] =
    ["loss/", "rews/", "response/", "training/", "speed/", "reflection_words/", "reflection_analysis/"];

#[test]
fn every_metric_of_a_run_is_on_the_page_of_runs() {
    let page = fs::read_to_string(repository().join("docs/runs.md")).unwrap();
    let place = Workplace::new();
    for (kind, ..) in KINDS {
        let run = place.train(kind, &place.recipe(kind, "max_steps: 2\n"), kind, &[]);
        for line in metrics(&run) {
            for name in line.as_object().unwrap().keys() {
                let general =
                    name.replace("language_penalty", "NAME").replace("rewards/spatial", "rewards/NAME");
                let known = [name, &general].iter().any(|name| page.contains(&format!("`{name}`")));
                assert!(known || FAMILIES.iter().any(|family| name.starts_with(family)), "{kind}: {name}");
            }
        }
    }
}
