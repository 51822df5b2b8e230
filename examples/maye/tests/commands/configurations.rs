//! Configurations: flat and nested, by name and by mistake.

use crate::workplace::{RECIPE, Workplace};
use datasets::OpenOptions;
use vlm_processor::TextProcessor;

/// The nested form of the publication, made small.
const NESTED: &str = "\
config: {pretrained_model_name_or_path: model, model_class: Qwen2_5_VLForConditionalGeneration}
dataset: {dataset_path: data/toy_train.jsonl, use_chat_template: true}
validation_dataset: {dataset_path: data/toy_validation.jsonl}
test_dataset: {dataset_path: data/toy_test.jsonl}
output_dir: nested
batch_size: 8
forward_batch_size: 4
ppo_batch_size: 4
gradient_accumulation_steps: 2
optimizer: {lr: 1.0e-3, weight_decay: 0.01, betas: [0.9, 0.95], eps: 1.0e-5}
loss: {epsilon_low: 0.2, epsilon_high: 0.3, kl_loss_coeff: 0.001}
generation_kwargs: {max_tokens: 6, temperature: 1.0, top_p: 1.0}
enable_lr_scheduler: true
num_epochs: 1
log_every_n_steps: 1
eval_at_start: false
judge: {mode: tolerant}
vllm: {gpu_memory_utilization: 0.9}
reshard_after_forward: true
metric_logger: {kind: jsonl, project: maye, name: toy}
";

#[test]
fn the_nested_form_is_translated_and_says_what_has_no_effect() {
    let place = Workplace::new();
    place.write("nested.yaml", NESTED);
    let output = place.run(&["train", "--config", "nested.yaml", "gamma=0.5", "loss.kl_loss_coeff=0.01"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("without an effect here: metric_logger.kind")
            && said.contains("vllm.gpu_memory_utilization"),
        "{said}"
    );
    let config = String::from_utf8(place.read("nested/config.yaml")).unwrap();
    for line in [
        "rollout_batch_size: 8",
        "per_device_train_batch_size: 2",
        "gradient_accumulation_steps: 2",
        "adam_beta2: 0.95",
        "epsilon_high: 0.3",
        "kl_loss_coeff: 0.01",
        "gamma: 0.5",
        "warmup_ratio: 0.1",
        "freeze_vision_tower: true",
        "judge_mode: tolerant",
    ] {
        assert!(config.contains(line), "{line:?} is not in {config}");
    }
    assert!(config.contains("Please display the final answer in the format"), "{config}");
    assert_eq!(place.lines("nested/evals.jsonl").len(), 3, "epoch 1 alone: validation, test, training");
}

#[test]
fn the_published_habits_are_taken_on_where_they_can_be() {
    let place = Workplace::new();
    place.write(
        "nested.yaml",
        &format!("{NESTED}compat: published\nmin_response_length: 3\nwhiten_scope: local\n"),
    );
    let output = place.run(&["train", "--config", "nested.yaml", "dataset.use_chat_template=false"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("position_ids one_d"), "{said}");
    let config = String::from_utf8(place.read("nested/config.yaml")).unwrap();
    for line in ["whiten: readd_mean", "loss_agg: token_mean", "format_weight: 1", "min_response_length: 4"] {
        assert!(config.contains(line), "{line:?} is not in {config}");
    }
    assert!(config.contains("base-prompt.jinja") && !config.contains("Please display"), "{config}");
    let processor = TextProcessor::from_dir(&place.path("model")).unwrap();
    let processor = processor.with_template(&place.path("base-prompt.jinja")).unwrap();
    let source = datasets::open(&place.path("data/toy_train.jsonl"), &OpenOptions::default()).unwrap();
    let asked = processor.render(&source.get(0).unwrap().into_rl_prompt().unwrap().row()).unwrap();
    assert!(asked.starts_with("A conversation between User and Assistant."), "{asked}");
    let end = "Find the length of the side marked ?. <|vision_start|><|image_pad|><|vision_end|> Assistant:";
    assert!(asked.ends_with(end), "{asked}");
}

#[test]
fn mistakes_are_named_with_both_numbers() {
    let place = Workplace::new();
    for (from, to, words) in [
        (
            "forward_batch_size: 4",
            "forward_batch_size: 3",
            &["forward_batch_size", "found 3", "which is 8"][..],
        ),
        ("ppo_batch_size: 4", "ppo_batch_size: 6", &["ppo_batch_size", "found 6", "which is 8"]),
        ("gradient_accumulation_steps: 2", "gradient_accumulation_steps: 3", &["found 3", "which is 4"]),
        ("num_epochs: 1", "dtype: fp16", &["dtype", "fp16", "bfloat16 or float32"]),
        ("num_epochs: 1", "num_epoch: 1", &["num_epoch", "did you mean `num_epochs`"]),
        ("num_epochs: 1", "train_llm: false", &["train_llm", "train_vit"]),
        ("num_epochs: 1", "sampler: http", &["sampler", "in_process"]),
        ("num_epochs: 1", "compat: {position_ids: one_d}", &["compat.position_ids", "positions of sampling"]),
        ("top_p: 1.0", "top_q: 1.0", &["generation_kwargs.top_q", "generation_kwargs.top_p"]),
        ("temperature: 1.0", "temperature: 0.0", &["temperature", "0"]),
        ("batch_size: 8\n", "batch_size: 32\n", &["18", "32"]),
    ] {
        place.write("wrong.yaml", &NESTED.replacen(from, to, 1));
        let said = place.fails(&["train", "--config", "wrong.yaml"]);
        for word in words {
            assert!(said.contains(word), "{to}: {word:?} is not in {said}");
        }
    }
    place.write("wrong.yaml", &format!("{RECIPE}rolout_batch_size: 3\n"));
    assert!(place.fails(&["train", "--config", "wrong.yaml"]).contains("rollout_batch_size"));
    let said = place.fails(&["train", "--config", "recipe.yaml", "eval_at_start=perhaps"]);
    assert!(said.contains("eval_at_start") && said.contains("true or false"), "{said}");
}

#[test]
fn names_fill_the_paths() {
    let place = Workplace::new();
    let said = place.fails(&["train", "--data", "mmmath", "--model", "2.5it"]);
    assert!(said.contains("datasets/mm_math/mm_math_rl_v0.jsonl"), "{said}");
    std::fs::create_dir(place.path("ckpts")).unwrap();
    std::fs::rename(place.path("model"), place.path("ckpts/Qwen2-VL-7B-Instruct")).unwrap();
    let said = place.fails(&["train", "--data", "geo3k", "--model", "2it"]);
    assert!(said.contains("datasets/geometry3k/geometry3k_rl_v0.jsonl"), "{said}");
    place.succeeds(&[
        "train",
        "--data",
        "toy",
        "--model",
        "2it",
        "max_steps=1",
        "max_completion_length=4",
        "eval_at_start=false",
        "max_prompt_length=null",
    ]);
    assert!(place.path("datasets/toy/toy_test.jsonl").is_file());
    let said = place.fails(&[
        "train",
        "--data",
        "toy",
        "--model",
        "2it",
        "toy.in_text=true",
        "toy.cot=true",
        "top_p=2",
    ]);
    assert!(said.contains("top_p"), "{said}");
    let rows = place.lines("datasets/toy-in-text-cot/toy_train.jsonl");
    assert!(rows[0]["question"].as_str().unwrap().contains(|c: char| c.is_ascii_digit()), "{}", rows[0]);
    assert!(!rows[0]["solution"].as_str().unwrap().starts_with("\\boxed"), "{}", rows[0]);
    assert!(place.fails(&["train", "--config", "recipe.yaml", "toy.cot=true"]).contains("--data toy"));
    assert_eq!(place.run(&["train", "--data", "toys", "--model", "2it"]).status.code(), Some(2));
}

#[test]
fn the_recipes_of_the_package_are_recipes() {
    use recipe::{Kind, Recipe};
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes");
    for (name, kind, steps) in [
        ("mm_math", Kind::Reinforce, Some((5000, 32))),
        ("geometry3k", Kind::Reinforce, Some((2101, 32))),
        ("toy", Kind::Reinforce, Some((64, 8))),
        ("sft", Kind::Sft, None),
        ("tiny/reinforce", Kind::Reinforce, Some((4000, 4))),
        ("tiny/sft", Kind::Sft, None),
    ] {
        let text = std::fs::read_to_string(folder.join(format!("{name}.yaml"))).unwrap();
        // Files are checked only where a folder is given that holds them.
        let read = Recipe::parse(kind, &text, "".as_ref(), &[]).unwrap();
        if let (recipe::Method::Reinforce(reinforce), Some((_, updates))) = (&read.method, steps) {
            assert_eq!(reinforce.steps_per_generation(&read.optimiser), updates, "{name}");
        }
    }
}
