//! Recipes that make no sense are refused with words that name the key and the remedy.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are the helpers of tests")]

use std::path::Path;

use recipe::Kind::{Dpo, Grpo, Reinforce, Sft};
use recipe::Problem::{
    Conflict, DuplicateKey, MissingKey, OutOfRange, Syntax, UnknownChoice, UnknownKey, Unreadable, WrongType,
};
use recipe::{Kind, Place, Problem, Recipe, RecipeError};

/// A recipe that holds what must be given, with `lines` behind it; a line that gives one of these keys replaces it.
fn text(kind: Kind, lines: &str) -> String {
    let mut text = String::new();
    for line in ["model_name_or_path: models/qwen", "output_dir: runs/one", "datasets: rows.jsonl"] {
        let key = line.split(':').next().unwrap();
        if !lines.lines().any(|given| given.starts_with(key)) {
            text += &format!("{line}\n");
        }
    }
    if kind == Grpo && !lines.contains("reward_funcs") {
        text += "reward_funcs: spatial\n";
    }
    text + lines
}

fn refused(kind: Kind, text: &str, overrides: &[&str]) -> RecipeError {
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    match Recipe::parse(kind, text, Path::new(""), &overrides) {
        Err(error) => error,
        Ok(recipe) => panic!("accepted:\n{text}\nas\n{}", recipe.to_yaml()),
    }
}

/// Kind, lines, problem, key, and a piece of the remedy.
type Case = (Kind, &'static str, Problem, &'static str, &'static str);

const CASES: &[Case] = &[
    // keys that nobody knows, or somebody else
    (Sft, "learnin_rate: 1e-5", UnknownKey, "learnin_rate", "did you mean `learning_rate`?"),
    (Sft, "LORA_R: 8", UnknownKey, "LORA_R", "did you mean `lora_r`?"),
    (
        Sft,
        "per-device-train-batch-size: 8",
        UnknownKey,
        "per-device-train-batch-size",
        "`per_device_train_batch_size`",
    ),
    (Sft, "num_generations: 8", UnknownKey, "num_generations", "belongs to grpo"),
    (Sft, "temperature: 1", UnknownKey, "temperature", "belongs to grpo and reinforce"),
    (Dpo, "packing: true", UnknownKey, "packing", "belongs to sft"),
    (Grpo, "label_smoothing: 0.1", UnknownKey, "label_smoothing", "belongs to dpo"),
    (Grpo, "gamma: 0.9", UnknownKey, "gamma", "belongs to reinforce"),
    (Reinforce, "scale_rewards: group", UnknownKey, "scale_rewards", "belongs to grpo"),
    (Sft, "bf16: true", UnknownKey, "bf16", "--dtype"),
    (Sft, "device: cuda", UnknownKey, "device", "--device"),
    (Sft, "lr: 1e-5", UnknownKey, "lr", "write `learning_rate`"),
    (Sft, "num_epochs: 3", UnknownKey, "num_epochs", "write `num_train_epochs`"),
    (Grpo, "max_new_tokens: 64", UnknownKey, "max_new_tokens", "write `max_completion_length`"),
    (Reinforce, "ppo_epochs: 2", UnknownKey, "ppo_epochs", "write `num_iterations`"),
    (Sft, "colour_of_the_sky: blue", UnknownKey, "colour_of_the_sky", "docs/recipes.md"),
    (
        Sft,
        "datasets: [{path: a.jsonl, weigth: 2}]",
        UnknownKey,
        "datasets[0].weigth",
        "did you mean `weight`?",
    ),
    (Sft, "lora_q: 1\nlora_z: 2", UnknownKey, "lora_q", "unknown too: `lora_z`"),
    // keys that must be there
    (Sft, "model_name_or_path:", WrongType, "model_name_or_path", "give `model_name_or_path` a value"),
    (Sft, "datasets: [{format: chat}]", MissingKey, "datasets[0]", "add `path: …`"),
    // values of another type
    (Sft, "learning_rate: fast", WrongType, "learning_rate", "a finite number above 0"),
    (Sft, "learning_rate: '1e-5'", WrongType, "learning_rate", "without quotes"),
    (Sft, "learning_rate: true", WrongType, "learning_rate", "found true"),
    (Sft, "learning_rate: [1e-5]", WrongType, "learning_rate", "found a list of 1"),
    (Sft, "learning_rate:", WrongType, "learning_rate", "remove it to take its default"),
    (Sft, "lora_r: 8.0", WrongType, "lora_r", "a whole number from 1"),
    (Sft, "gradient_checkpointing: 1", WrongType, "gradient_checkpointing", "true or false"),
    (Sft, "output_dir: 7", WrongType, "output_dir", "needs quotes"),
    (Sft, "lr_scheduler_type: 1", WrongType, "lr_scheduler_type", "one of constant"),
    (Sft, "datasets: [3]", WrongType, "datasets[0]", "a path"),
    (Sft, "datasets: {path: a.jsonl, weight: many}", WrongType, "datasets.weight", "a finite number above 0"),
    (Sft, "lora_target_modules: 5", WrongType, "lora_target_modules", "`all-linear`"),
    (Sft, "resume_from_checkpoint: 500", WrongType, "resume_from_checkpoint", "`latest`"),
    (Grpo, "reward_weights: heavy", WrongType, "reward_weights", "a finite number"),
    // numbers outside their range
    (Sft, "learning_rate: -1e-5", OutOfRange, "learning_rate", "within its range"),
    (Sft, "learning_rate: 0", OutOfRange, "learning_rate", "above 0"),
    (Sft, "max_steps: 0", OutOfRange, "max_steps", "from 1"),
    (Sft, "max_steps: -2", OutOfRange, "max_steps", "from 1"),
    (Sft, "num_train_epochs: 0", OutOfRange, "num_train_epochs", "above 0"),
    (Sft, "lora_r: 0", OutOfRange, "lora_r", "from 1"),
    (Sft, "lora_r: 99999999999999999999", WrongType, "lora_r", "a whole number from 1"),
    (Sft, "lora_alpha: 0", OutOfRange, "lora_alpha", "above 0"),
    (Sft, "lora_dropout: 1.0", OutOfRange, "lora_dropout", "below 1"),
    (Sft, "adam_beta2: 1", OutOfRange, "adam_beta2", "below 1"),
    (Sft, "adam_epsilon: 0", OutOfRange, "adam_epsilon", "above 0"),
    (Sft, "weight_decay: -0.1", OutOfRange, "weight_decay", "from 0"),
    (Sft, "max_grad_norm: 0", OutOfRange, "max_grad_norm", "above 0"),
    (Sft, "warmup_ratio: 10", OutOfRange, "warmup_ratio", "from 0 to 1"),
    (Sft, "warmup_steps: 1.5", OutOfRange, "warmup_steps", "or a number below 1"),
    (Sft, "warmup_steps: -1", OutOfRange, "warmup_steps", "from 0"),
    (Sft, "validation_split: 1", OutOfRange, "validation_split", "below 1"),
    (Sft, "per_device_train_batch_size: 0", OutOfRange, "per_device_train_batch_size", "from 1"),
    (Sft, "gradient_accumulation_steps: -4", OutOfRange, "gradient_accumulation_steps", "from 1"),
    (Sft, "logging_steps: 0", OutOfRange, "logging_steps", "from 1"),
    (Sft, "save_total_limit: 0", OutOfRange, "save_total_limit", "from 1"),
    (Sft, "seed: -1", OutOfRange, "seed", "from 0"),
    (Sft, "learning_rate: .nan", OutOfRange, "", "a finite number"),
    (Sft, "learning_rate: 1e999", OutOfRange, "", "a finite number"),
    (Sft, "datasets: []", OutOfRange, "datasets", "at least one item"),
    (Sft, "datasets: ''", OutOfRange, "datasets", "a path"),
    (Sft, "datasets: [a.jsonl, {path: b.jsonl, weight: 0}]", OutOfRange, "datasets[1].weight", "above 0"),
    (Sft, "lora_target_modules: '(q_proj'", OutOfRange, "lora_target_modules", "a regular expression"),
    (Sft, "lora_target_modules: '^(?!visual).*'", OutOfRange, "lora_target_modules", "cannot look ahead"),
    (Dpo, "beta: 0", OutOfRange, "beta", "above 0"),
    (Dpo, "label_smoothing: 0.5", OutOfRange, "label_smoothing", "below 0.5"),
    (Dpo, "ld_alpha: 1.5", OutOfRange, "ld_alpha", "from 0 to 1"),
    (Grpo, "beta: -0.1", OutOfRange, "beta", "from 0"),
    (Grpo, "temperature: 0", OutOfRange, "temperature", "above 0"),
    (Grpo, "top_p: 0", OutOfRange, "top_p", "above 0 and at most 1"),
    (Grpo, "top_p: 1.1", OutOfRange, "top_p", "at most 1"),
    (Grpo, "top_k: -1", OutOfRange, "top_k", "from 0"),
    (Grpo, "epsilon: 1.5", OutOfRange, "epsilon", "from 0 to 1"),
    (Grpo, "max_completion_length: 0", OutOfRange, "max_completion_length", "from 1"),
    (Grpo, "num_iterations: 0", OutOfRange, "num_iterations", "from 1"),
    (Reinforce, "gamma: 1.01", OutOfRange, "gamma", "from 0 to 1"),
    (Reinforce, "kl_loss_coeff: -1", OutOfRange, "kl_loss_coeff", "from 0"),
    // words that are no choice
    (Sft, "lr_scheduler_type: cosin", UnknownChoice, "lr_scheduler_type", "did you mean `cosine`?"),
    (Sft, "use_peft: maybe", UnknownChoice, "use_peft", "one of true, false"),
    (Sft, "on_bad_row: ignore", UnknownChoice, "on_bad_row", "one of stop, skip"),
    (Sft, "loss_type: cross_entropy", UnknownChoice, "loss_type", "one of nll, dft"),
    (Dpo, "loss_type: dpo", UnknownChoice, "loss_type", "write `sigmoid`"),
    (Dpo, "loss_type: [sigmoid, simp]", UnknownChoice, "loss_type[1]", "did you mean `simpo`?"),
    (Dpo, "reference: nothing", UnknownChoice, "reference", "adapter_copy, base"),
    (Grpo, "loss_type: gspo", UnknownChoice, "loss_type", "`importance_sampling_level: sequence`"),
    (Grpo, "scale_rewards: sometimes", UnknownChoice, "scale_rewards", "group, batch, none"),
    (Grpo, "advantage_estimator: rlo", UnknownChoice, "advantage_estimator", "did you mean `rloo`?"),
    (Reinforce, "whiten: mean", UnknownChoice, "whiten", "zero_mean"),
    // settings that exclude each other
    (
        Sft,
        "warmup_ratio: 0.1\nwarmup_steps: 5",
        Conflict,
        "warmup_ratio",
        "remove `warmup_ratio` or `warmup_steps`",
    ),
    (
        Sft,
        "lr_scheduler_type: constant\nwarmup_ratio: 0.1",
        Conflict,
        "warmup_ratio",
        "another `lr_scheduler_type`",
    ),
    (Sft, "min_lr_ratio: 0.1", Conflict, "min_lr_ratio", "another `lr_scheduler_type`"),
    (Sft, "lr_scheduler_type: polynomial\nlr_end: 1", Conflict, "lr_end", "raise `learning_rate`"),
    (Sft, "use_peft: false\nlora_r: 8", Conflict, "lora_r", "another `use_peft`"),
    (Sft, "use_peft: false\nload_in_4bit: true", Conflict, "load_in_4bit", "another `use_peft`"),
    (Sft, "use_peft: false\nadapter: runs/sft", Conflict, "adapter", "another `use_peft`"),
    (Sft, "freeze_vision_tower: false", Conflict, "freeze_vision_tower", "another `use_peft`"),
    (Sft, "use_peft: false\nfreeze_language_model: true", Conflict, "freeze_language_model", "to false"),
    (Sft, "load_in_4bit: true\nload_in_8bit: true", Conflict, "load_in_8bit", "remove `load_in_4bit`"),
    (Sft, "use_bnb_nested_quant: true", Conflict, "use_bnb_nested_quant", "remove `use_bnb_nested_quant`"),
    (Sft, "vit_lr: 1e-6", Conflict, "vit_lr", "`lora_vision: true`"),
    (Sft, "min_pixels: 50000\nmax_pixels: 40000", Conflict, "min_pixels", "lower `min_pixels`"),
    (Sft, "eval_steps: 10", Conflict, "eval_steps", "add `eval_dataset`"),
    (Sft, "eval_num_samples: 10", Conflict, "eval_num_samples", "`validation_split`"),
    (
        Sft,
        "eval_dataset: b.jsonl\nvalidation_split: 0.1",
        Conflict,
        "validation_split",
        "remove `validation_split`",
    ),
    (Sft, "packing: true", Conflict, "packing", "add `max_length"),
    (Dpo, "loss_weights: [1, 2]", Conflict, "loss_weights", "give `loss_weights` as many numbers"),
    (Dpo, "loss_type: [sigmoid, sft]\nloss_weights: [0, 0]", Conflict, "loss_weights", "another weight"),
    (Dpo, "loss_type: exo_pair", Conflict, "loss_type", "`label_smoothing: 0.001`"),
    (Dpo, "simpo_gamma: 1", Conflict, "simpo_gamma", "another `loss_type`"),
    (Dpo, "loss_type: hinge\nlabel_smoothing: 0.1", Conflict, "label_smoothing", "another `loss_type`"),
    (Dpo, "precompute_ref_log_probs: true", UnknownKey, "precompute_ref_log_probs", "remove it"),
    (Dpo, "f_alpha_divergence_coef: 0.3", Conflict, "f_alpha_divergence_coef", "another `f_divergence_type`"),
    (
        Dpo,
        "loss_type: ipo\nf_divergence_type: forward_kl",
        Conflict,
        "f_divergence_type",
        "`loss_type: sigmoid`",
    ),
    (
        Dpo,
        "label_smoothing: 0.1\nf_divergence_type: forward_kl",
        Conflict,
        "label_smoothing",
        "remove `label_smoothing`",
    ),
    (Dpo, "reference: adapter_copy", Conflict, "reference", "add `adapter: …`"),
    (Grpo, "num_generations: 1", Conflict, "num_generations", "anneal reinforce"),
    (Grpo, "num_generations: 6", Conflict, "num_generations", "change `num_generations`"),
    (
        Grpo,
        "gradient_accumulation_steps: 4\nsteps_per_generation: 6",
        Conflict,
        "steps_per_generation",
        "multiple",
    ),
    (Grpo, "reward_funcs: [a, b]\nreward_weights: [1]", Conflict, "reward_weights", "2 weights"),
    (Grpo, "reward_funcs: [a, a]", Conflict, "reward_funcs", "`reward_weights`"),
    (Grpo, "reward_funcs: soft_overlong", Conflict, "reward_funcs", "add `soft_punish_cache: 128`"),
    (Grpo, "soft_punish_cache: 64", Conflict, "soft_punish_cache", "remove `soft_punish_cache`"),
    (Grpo, "reward_funcs: soft_overlong\nsoft_punish_cache: 600", Conflict, "soft_punish_cache", "lower"),
    (
        Grpo,
        "advantage_estimator: rloo\nscale_rewards: group",
        Conflict,
        "scale_rewards",
        "another `advantage_estimator`",
    ),
    (Grpo, "loss_type: cispo\ndelta: 4", Conflict, "delta", "another `loss_type`"),
    (Grpo, "sapo_temperature_pos: 2", Conflict, "sapo_temperature_pos", "another `loss_type`"),
    (Grpo, "delta: 1.1", Conflict, "delta", "raise `delta`"),
    (
        Grpo,
        "delta: 4\nimportance_sampling_level: sequence",
        Conflict,
        "delta",
        "`importance_sampling_level: token`",
    ),
    (
        Grpo,
        "num_generations: 16\nsteps_per_generation: 2",
        Conflict,
        "num_generations",
        "change `num_generations`",
    ),
    (Grpo, "temperature: 1e-9", Conflict, "temperature", "raise `temperature`"),
    (Grpo, "top_entropy_quantile: 0", Conflict, "top_entropy_quantile", "`top_entropy_quantile: 1.0`"),
    (Reinforce, "rollout_batch_size: 10", Conflict, "rollout_batch_size", "change `rollout_batch_size`"),
    (Reinforce, "min_response_length: 9999", Conflict, "min_response_length", "lower `min_response_length`"),
    // no YAML, or too much of it
    (Sft, "seed: 1\nseed: 2", DuplicateKey, "seed", "remove one of the two"),
    (Sft, "seed: [1", Syntax, "", "mend the line"),
    (Sft, "seed: 1: 2", Syntax, "", "mend the line"),
    (Sft, "seed: \"1", Syntax, "", "mend the line"),
    (Sft, "seed: *one", Syntax, "", "mend the line"),
    (Sft, "---\nseed: 1", Syntax, "", "remove the line ---"),
    (Sft, "<<: {seed: 1}", Syntax, "", "write the merged keys out"),
    (Sft, "seed: !python/object 1", Syntax, "", "mend the line"),
    (Sft, "[seed]: 1", Syntax, "", "mend the line"),
];

#[test]
fn recipes_that_make_no_sense_are_refused_by_key() {
    for (kind, lines, problem, key, remedy) in CASES {
        let text = text(*kind, lines);
        let error = refused(*kind, &text, &[]);
        assert_eq!(error.problem(), *problem, "{lines}: {error}");
        assert_eq!(error.key().unwrap_or_default(), *key, "{lines}: {error}");
        let told = error.to_string();
        assert!(told.contains(remedy), "{lines}: {told}");
        assert!(told.contains("found ") && told.contains(", expected ") && told.contains(key), "{told}");
        let Place::Line(_, line) = error.place() else { panic!("{lines}: {told} has no line") };
        let first = text.lines().count() - lines.lines().count() + 1;
        let last = text.lines().count() + 1;
        assert!((first..=last).contains(line), "{lines}: line {line} of {text}");
    }
}

#[test]
fn the_line_is_that_of_the_value() {
    let error = refused(Sft, &text(Sft, "# a comment\n\nseed: 1\nlearning_rate: no\n"), &[]);
    assert_eq!(error.place(), &Place::Line("recipe".into(), 7));
    let error = refused(Sft, &text(Sft, "datasets:\n  - a.jsonl\n  - path: b.jsonl\n    weight: -1\n"), &[]);
    assert_eq!((error.key(), error.place()), (Some("datasets[1].weight"), &Place::Line("recipe".into(), 6)));
}

#[test]
fn a_key_that_must_be_given_is_asked_for() {
    for (kind, key) in
        [(Sft, "model_name_or_path"), (Sft, "output_dir"), (Sft, "datasets"), (Grpo, "reward_funcs")]
    {
        let lines: Vec<String> =
            text(kind, "").lines().filter(|line| !line.starts_with(key)).map(str::to_owned).collect();
        let error = refused(kind, &lines.join("\n"), &[]);
        assert_eq!((error.problem(), error.key()), (MissingKey, Some(key)));
        assert!(error.to_string().contains(&format!("add `{key}: …`")), "{error}");
        assert_eq!(error.place(), &Place::File("recipe".into()));
    }
}

#[test]
fn a_default_that_does_not_fit_is_told_with_its_value() {
    let error = refused(Grpo, &text(Grpo, "per_device_train_batch_size: 4"), &[]);
    assert_eq!((error.key(), error.place()), (Some("num_generations"), &Place::File("recipe".into())));
    assert!(
        error
            .to_string()
            .contains("found its default, 8, expected a divisor of the 4 completions of one optimiser step"),
        "{error}"
    );
}

#[test]
fn a_recipe_is_one_mapping() {
    for (text, found) in
        [("- seed: 1\n", "a list of 1"), ("just words", "the text \"just words\""), ("3", "3")]
    {
        let error = refused(Sft, text, &[]);
        assert_eq!(error.problem(), Syntax);
        assert!(error.to_string().contains(found) && error.to_string().contains("a mapping"), "{error}");
    }
    assert_eq!(refused(Sft, "", &[]).problem(), MissingKey);
}

#[test]
fn overrides_are_refused_in_their_own_words() {
    let good = text(Sft, "");
    for (given, problem, words) in [
        ("seed", Syntax, "key=value"),
        ("seed=", WrongType, "give `seed` a value"),
        ("seed=one", WrongType, "a whole number"),
        ("seed=-3", OutOfRange, "`seed`"),
        ("sead=3", UnknownKey, "did you mean `seed`?"),
        ("seed=[1", Syntax, "--set seed=[1"),
        ("datasets=[{path: a, weight: 0}]", OutOfRange, "datasets[0].weight"),
        ("=3", UnknownKey, "expected a key of sft"),
    ] {
        let error = refused(Sft, &good, &[given]);
        assert_eq!(error.problem(), problem, "{given}: {error}");
        assert!(error.to_string().contains(words), "{given}: {error}");
        assert_eq!(error.place(), &Place::Override(given.to_owned()), "{given}");
    }
}

#[test]
fn bombs_and_giants_are_refused_quickly() {
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, before) in ["b", "c", "d", "e", "f", "g", "h"].iter().zip(["a", "b", "c", "d", "e", "f", "g"])
    {
        bomb += &format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 9].join(", "));
    }
    let deep = format!("seed: {}1{}", "[".repeat(5000), "]".repeat(5000));
    let many: String = (0..30_000).map(|key| format!("k{key}: 1\n")).collect();
    for text in [bomb, deep, many] {
        assert_eq!(refused(Sft, &text, &[]).problem(), Syntax);
    }
    assert_eq!(refused(Sft, &"#".repeat(2 << 20), &[]).problem(), Unreadable);
}

#[test]
fn long_values_are_told_in_short() {
    let error = refused(Sft, &text(Sft, &format!("learning_rate: {}", "x".repeat(50_000))), &[]);
    assert!(error.to_string().len() < 400, "{}", error.to_string().len());
    let error = refused(Sft, &text(Sft, &format!("{}: 1", "x".repeat(900))), &[]);
    assert!(error.to_string().len() < 400, "{error}");
}
