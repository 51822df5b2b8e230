//! Names of tensors in adapter files, and the modules they belong to.

use crate::targets::spellings;

/// What a tensor is to its module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// A.
    A,
    /// B.
    B,
    /// DoRA's lengths.
    Magnitude,
    /// A copy of the weight.
    Weight,
    /// A copy of the bias.
    Bias,
}

const PREFIX: &str = "base_model.model.";

/// Endings as current and older versions write them, the current one of a role first.
const ENDINGS: [(&str, Role); 8] = [
    (".lora_A.weight", Role::A),
    (".lora_B.weight", Role::B),
    (".lora_magnitude_vector", Role::Magnitude),
    (".lora_magnitude_vector.weight", Role::Magnitude),
    (".modules_to_save.weight", Role::Weight),
    (".modules_to_save.bias", Role::Bias),
    (".weight", Role::Weight),
    (".bias", Role::Bias),
];

/// The module, by its published name, and the role of a tensor; `None` for a name of another kind.
pub(super) fn parse(tensor: &str) -> Option<(String, Role)> {
    let name = tensor.strip_prefix(PREFIX)?;
    let (module, role) =
        ENDINGS.iter().find_map(|(ending, role)| Some((name.strip_suffix(ending)?, *role)))?;
    Some((published(module), role))
}

/// The name that current versions of PEFT and transformers give a tensor.
pub(super) fn written(module: &str, role: Role) -> String {
    let ending = match role {
        Role::A => ".lora_A.weight",
        Role::B => ".lora_B.weight",
        Role::Magnitude => ".lora_magnitude_vector",
        Role::Weight => ".weight",
        Role::Bias => ".bias",
    };
    let [_, in_memory] = spellings(module);
    format!("{PREFIX}{in_memory}{ending}")
}

/// The published name of a module that may be named as in the memory of transformers.
pub(super) fn published(module: &str) -> String {
    match module.strip_prefix("model.language_model.") {
        Some(rest) => format!("model.{rest}"),
        None => module.strip_prefix("model.visual.").map_or(module.into(), |rest| format!("visual.{rest}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_new_names_mean_the_same_module() {
        let q = || "model.layers.3.self_attn.q_proj".to_owned();
        for name in [
            "base_model.model.model.language_model.layers.3.self_attn.q_proj.lora_A.weight",
            "base_model.model.model.layers.3.self_attn.q_proj.lora_A.weight",
        ] {
            assert_eq!(parse(name), Some((q(), Role::A)), "{name}");
        }
        let head = Some(("lm_head".to_owned(), Role::Weight));
        assert_eq!(parse("base_model.model.lm_head.weight"), head);
        assert_eq!(parse("base_model.model.lm_head.modules_to_save.weight"), head);
        let qkv = Some(("visual.blocks.0.attn.qkv".to_owned(), Role::Magnitude));
        assert_eq!(parse("base_model.model.visual.blocks.0.attn.qkv.lora_magnitude_vector"), qkv);
        assert_eq!(
            parse("base_model.model.model.visual.blocks.0.attn.qkv.lora_magnitude_vector.weight"),
            qkv
        );
        for other in ["model.layers.0.q.lora_A.weight", "base_model.model.x.lora_embedding_A", ""] {
            assert_eq!(parse(other), None, "{other}");
        }
    }

    #[test]
    fn written_names_are_read_back() {
        for module in ["model.layers.0.mlp.up_proj", "visual.merger.mlp.2", "lm_head"] {
            for role in [Role::A, Role::B, Role::Magnitude, Role::Weight, Role::Bias] {
                assert_eq!(parse(&written(module, role)), Some((module.to_owned(), role)));
            }
        }
    }
}
