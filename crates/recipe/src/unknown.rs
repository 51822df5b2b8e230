//! Keys that a kind of training does not know: what was probably meant.

use crate::error::{Problem, RecipeError};
use crate::kind::Kind;
use crate::nearest::nearest;
use crate::recipe::Recipe;
use crate::section::{Key, Reader};
use crate::setting::At;
use crate::yaml::{Node, shorten};

/// Keys of other frameworks, of flags and of former versions, with what to write instead.
const ELSEWHERE: &[(&str, &str)] = &[
    ("batch_size", "write `per_device_train_batch_size`"),
    ("bf16", "give the flag --dtype bfloat16"),
    ("clip_grad_norm", "write `max_grad_norm`"),
    ("completion_only_loss", "write `assistant_only_loss`"),
    ("dataset", "write `datasets`"),
    ("dataset_name", "write `datasets` with a path; nothing is downloaded"),
    ("device", "give the flag --device"),
    ("disable_dropout", "write `lora_dropout: 0`"),
    ("dtype", "give the flag --dtype"),
    ("eval_strategy", "write `eval_steps`"),
    ("fp16", "give the flag --dtype"),
    ("generation_batch_size", "write `steps_per_generation`"),
    ("kl_coef", "write `beta`"),
    ("learning_rate_scheduler", "write `lr_scheduler_type`"),
    ("lr", "write `learning_rate`"),
    ("max_new_tokens", "write `max_completion_length`"),
    ("max_seq_length", "write `max_length`"),
    ("max_tokens", "write `max_completion_length`"),
    ("min_lr_rate", "write `min_lr_ratio`"),
    ("model", "write `model_name_or_path`"),
    ("model_path", "write `model_name_or_path`"),
    ("modules_to_save", "write `lora_modules_to_save`"),
    ("multi_objective_aggregation", "write `advantage_estimator: gdpo` for normalize_then_sum"),
    ("num_epochs", "write `num_train_epochs`"),
    ("num_prompts", "write `per_device_train_batch_size`, which counts completions"),
    ("precompute_ref", SCORED_BESIDE),
    ("precompute_ref_log_probs", SCORED_BESIDE),
    ("ppo_batch_size", "write `per_device_train_batch_size` times `gradient_accumulation_steps`"),
    ("ppo_epochs", "write `num_iterations`"),
    ("remove_unused_columns", "remove it: a row keeps what it has"),
    ("report_to", "remove it: metrics always go to `output_dir`"),
    ("reward_type", "write `reward_funcs`"),
    ("run_name", "write `output_dir`"),
    ("save_strategy", "write `save_steps`"),
    ("shuffle", "write `shuffle_dataset`"),
    ("sft_checkpoint", "write `adapter`"),
    ("target_modules", "write `lora_target_modules`"),
    ("torch_dtype", "give the flag --dtype"),
    ("use_lora", "write `use_peft`"),
];

const SCORED_BESIDE: &str =
    "remove it: the reference, which the key `reference` chooses, is scored beside each batch";

/// Refuses keys that are not among `keys`: tells about the first, and names the others.
pub(crate) fn check(reader: &Reader<'_>, keys: &[Key]) -> Result<(), RecipeError> {
    let known = |name: &str| keys.iter().any(|key| key.name == name);
    let unknown: Vec<(&str, &Node)> =
        reader.document.entries().filter(|(name, _)| !known(name)).take(SHOWN).collect();
    let Some(((name, node), others)) = unknown.split_first() else { return Ok(()) };
    let at = At { document: reader.document, path: shorten(name), node };
    let expected = format!("a key of {}", reader.kind);
    let mut remedy = remedy(reader.kind, name);
    if !others.is_empty() {
        let others: Vec<String> = others.iter().map(|(name, _)| format!("`{}`", shorten(name))).collect();
        remedy = format!("{remedy} (unknown too: {})", others.join(", "));
    }
    Err(at.fault_found(Problem::UnknownKey, "an unknown key", expected, remedy))
}

/// How many of the recipe's keys are not among `keys`.
pub(crate) fn count(reader: &Reader<'_>, keys: &[Key]) -> usize {
    reader.document.entries().filter(|(name, _)| keys.iter().all(|key| key.name != *name)).count()
}

/// So many unknown keys are named.
const SHOWN: usize = 10;

fn remedy(kind: Kind, name: &str) -> String {
    let owners: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| knows(*kind, name)).collect();
    if !owners.is_empty() {
        let owners: Vec<&str> = owners.iter().map(|owner| owner.name()).collect();
        return format!("remove it: this key belongs to {}", owners.join(" and "));
    }
    if let Some((_, remedy)) = ELSEWHERE.iter().find(|(known, _)| *known == name) {
        return (*remedy).to_owned();
    }
    let keys = Recipe::keys(kind);
    match nearest(name, keys.iter().map(|key| key.name)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "remove it; docs/recipes.md lists the keys".into(),
    }
}

fn knows(kind: Kind, name: &str) -> bool {
    Recipe::keys(kind).iter().any(|key| key.name == name)
}
