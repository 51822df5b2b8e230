//! Recipes that make no sense are refused by the binary, before anything is loaded, with the key and the remedy.

use crate::workplace::{Workplace, refusal};
use std::fs;
use std::time::{Duration, Instant};

/// Nothing malformed may take longer.
const TIME: Duration = Duration::from_secs(20);

/// Kind, lines that are added or that replace those of a good recipe, and words that must be said.
type Case = (&'static str, &'static str, &'static [&'static str]);

const CASES: &[Case] = &[
    // names
    ("sft", "learnin_rate: 1e-5", &["learnin_rate", "did you mean `learning_rate`?"]),
    ("sft", "LORA_R: 8", &["LORA_R", "did you mean `lora_r`?"]),
    ("sft", "num_generations: 8", &["num_generations", "belongs to grpo"]),
    ("dpo", "packing: true", &["packing", "belongs to sft"]),
    ("reinforce", "scale_rewards: group", &["scale_rewards", "belongs to grpo"]),
    ("sft", "bf16: true", &["bf16", "--dtype"]),
    ("sft", "device: cuda", &["device", "--device"]),
    ("sft", "lr: 1e-5", &["lr", "write `learning_rate`"]),
    ("sft", "colour_of_the_sky: blue", &["colour_of_the_sky", "docs/recipes.md"]),
    ("sft", "lora_r: 4\nlora_r: 5", &["lora_r"]),
    // types
    ("sft", "learning_rate: fast", &["learning_rate", "a finite number above 0"]),
    ("sft", "learning_rate: '1e-5'", &["learning_rate", "without quotes"]),
    ("sft", "learning_rate: [1e-5]", &["learning_rate", "found a list of 1"]),
    ("sft", "lora_r: 8.0", &["lora_r", "a whole number from 1"]),
    ("sft", "output_dir: 7", &["output_dir", "needs quotes"]),
    ("sft", "datasets: [3]", &["datasets[0]", "a path"]),
    ("sft", "datasets: [{format: chat}]", &["datasets[0]", "add `path: …`"]),
    ("grpo", "reward_weights: heavy", &["reward_weights", "a finite number"]),
    ("sft", "resume_from_checkpoint: 500", &["resume_from_checkpoint", "`latest`"]),
    // ranges
    ("sft", "learning_rate: -1e-5", &["learning_rate", "above 0"]),
    ("sft", "learning_rate: .nan", &["found .nan", "a finite number"]),
    ("sft", "learning_rate: 1e999", &["found 1e999", "a finite number"]),
    ("sft", "lora_r: 99999999999999999999", &["lora_r", "a whole number from 1"]),
    ("sft", "max_steps: 0", &["max_steps", "from 1"]),
    ("sft", "lora_dropout: 1.0", &["lora_dropout", "below 1"]),
    ("sft", "warmup_steps: 1.5", &["warmup_steps", "or a number below 1"]),
    ("sft", "seed: -1", &["seed", "from 0"]),
    ("sft", "datasets: []", &["datasets", "at least one item"]),
    ("sft", "lora_target_modules: '(q_proj'", &["lora_target_modules", "a regular expression"]),
    ("dpo", "label_smoothing: 0.5", &["label_smoothing", "below 0.5"]),
    ("grpo", "temperature: 0", &["temperature", "above 0"]),
    ("grpo", "top_p: 1.1", &["top_p", "at most 1"]),
    ("reinforce", "gamma: 1.01", &["gamma", "from 0 to 1"]),
    // words
    ("sft", "lr_scheduler_type: cosin", &["lr_scheduler_type", "did you mean `cosine`?"]),
    ("sft", "on_bad_row: ignore", &["on_bad_row", "one of stop, skip"]),
    ("dpo", "loss_type: dpo", &["loss_type", "write `sigmoid`"]),
    ("grpo", "loss_type: gspo", &["loss_type", "`importance_sampling_level: sequence`"]),
    ("grpo", "reward_funcs: spatil", &["grpo.yaml:", "`reward_funcs`", "spatil", "did you mean `spatial`?"]),
    // combinations
    ("grpo", "num_generations: 3", &["num_generations", "a divisor of the"]),
    ("grpo", "num_generations: 1", &["num_generations", "at least 2 completions"]),
    ("grpo", "soft_punish_cache: 64", &["soft_punish_cache", "remove `soft_punish_cache`"]),
    (
        "grpo",
        "reward_funcs: soft_overlong\nsoft_punish_cache: 64",
        &["soft_punish_cache", "at most `max_completion_length`"],
    ),
    ("sft", "min_pixels: 9000\nmax_pixels: 8000", &["min_pixels", "lower `min_pixels`"]),
    ("sft", "packing: true", &["packing", "`max_length`"]),
    ("sft", "eval_steps: 4", &["eval_steps", "add `eval_dataset`"]),
    ("sft", "load_in_4bit: true\nload_in_8bit: true", &["load_in_8bit", "not both"]),
    ("sft", "vit_lr: 1e-6", &["vit_lr", "`lora_vision: true`"]),
    ("sft", "use_peft: false", &["lora_r", "another `use_peft`"]),
    // files
    ("sft", "model_name_or_path: no/such/model", &["model_name_or_path", "no/such/model"]),
    ("sft", "datasets: no/such/rows.jsonl", &["datasets", "no/such/rows.jsonl"]),
    ("sft", "datasets: Cargo.toml", &["Cargo.toml"]),
    ("sft", "adapter: no/such/adapter", &["adapter", "no/such/adapter"]),
    ("sft", "output_dir: Cargo.toml", &["output_dir", "a folder"]),
    // text
    ("sft", "lora_alpha: [1, 2", &["line"]),
    ("sft", "\tlora_alpha: 2", &["line"]),
    ("sft", "lora_alpha: *nobody", &["line"]),
    ("sft", "- lora_alpha", &["line"]),
];

#[test]
fn malformed_recipes_are_refused_by_key_and_with_the_remedy() {
    let place = Workplace::new();
    let faults: Vec<String> = CASES.iter().flat_map(|case| faults(&place, *case)).collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert!(CASES.len() >= 40);
}

fn faults(place: &Workplace, (kind, lines, words): Case) -> Vec<String> {
    let path = place.recipe(kind, "");
    let key = |line: &str| line.split(':').next().unwrap().to_owned();
    let replaced: Vec<String> = lines.lines().map(key).collect();
    let good = fs::read_to_string(&path).unwrap();
    let kept = good.lines().filter(|line| !replaced.contains(&key(line)));
    fs::write(&path, kept.chain(lines.lines()).map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    let start = Instant::now();
    let output = crate::workplace::anneal(&[kind, path.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let told = |what: &str| format!("{kind} {lines:?}: {what}; it said {said:?}");
    let mut faults: Vec<String> = words
        .iter()
        .filter(|word| !said.contains(**word))
        .map(|word| told(&format!("did not say {word:?}")))
        .collect();
    let checks = [
        (output.status.code() == Some(1), "did not end with code 1"),
        (!said.contains("panicked"), "panicked"),
        (start.elapsed() < TIME, "took too long"),
        (!place.path("run").exists(), "wrote something"),
    ];
    faults.extend(checks.iter().filter(|(holds, _)| !holds).map(|(_, what)| told(what)));
    faults
}

#[test]
fn overrides_are_as_strict_as_the_file() {
    let place = Workplace::new();
    let recipe = place.recipe("sft", "");
    for (set, word) in [
        ("lora_r=0", "lora_r"),
        ("lora_r", "lora_r"),
        ("no_such=1", "no_such"),
        ("learning_rate=.inf", "learning_rate"),
        ("datasets=[", "datasets"),
    ] {
        let output = place.command("sft", &recipe, "run", &["--set", set]).output().unwrap();
        let said = refusal(&output);
        assert!(said.contains(word), "{set}: {said}");
    }
}

#[test]
fn the_seed_of_the_flag_is_that_of_the_run() {
    let place = Workplace::new();
    let recipe = place.recipe("sft", "max_steps: 1\n");
    let run = place.train("sft", &recipe, "run", &["--seed", "5", "--set", "seed=6"]);
    assert!(fs::read_to_string(run.join("config.yaml")).unwrap().contains("\nseed: 5\n"));
}
