//! Folders written by us are read by us, and say what PEFT needs.

use crate::model::{NAMES, Named, distance};
use lora::peft::{self, AdapterFiles};
use lora::{LoraConfig, Targets, Variant, Vision};
use safetensors::SafeTensors;
use std::path::Path;

fn names(names: &[&str]) -> Targets {
    Targets::Names(names.iter().map(|name| (*name).to_owned()).collect())
}

fn configs() -> Vec<LoraConfig> {
    let base = || LoraConfig { r: 2, alpha: 3.0, ..LoraConfig::default() };
    vec![
        base(),
        LoraConfig { variant: Variant::RsLora, dropout: 0.25, vision: Vision::Included, ..base() },
        LoraConfig { variant: Variant::Dora, vision: Vision::Included, ..base() },
        LoraConfig {
            variant: Variant::RsDora,
            targets: names(&["proj", "gate_proj"]),
            vision: Vision::Included,
            ..base()
        },
        LoraConfig {
            rank_pattern: vec![("1.self_attn.q_proj".into(), 1)],
            alpha_pattern: vec![("gate_proj".into(), 1.5)],
            ..base()
        },
        LoraConfig { modules_to_save: vec!["lm_head".into()], targets: names(&["q_proj"]), ..base() },
        LoraConfig { targets: names(&["model.layers.1.mlp.gate_proj"]), ..base() },
    ]
}

fn json(files: &AdapterFiles) -> serde_json::Value {
    serde_json::from_slice(&files.config).unwrap()
}

#[test]
fn a_written_adapter_is_read_back_exactly() {
    for config in configs() {
        let dir = tempfile::tempdir().unwrap();
        let mut model = Named::trained(&config);
        let files = peft::save(&mut model, "some/model").unwrap();
        files.write(dir.path()).unwrap();
        let mut other = Named::new();
        let loaded = peft::load(&mut other, dir.path()).unwrap();
        assert!(distance(&model.outputs(), &other.outputs()) < 1e-6, "{config:?}");
        assert_eq!(loaded.base_model.as_deref(), Some("some/model"));
        assert_eq!(loaded.without_tensors, Vec::<String>::new(), "{config:?}");
        assert_eq!((loaded.config.variant, loaded.config.dropout), (config.variant, config.dropout));
        assert_eq!(peft::save(&mut other, "some/model").unwrap(), files, "{config:?}");
    }
}

#[test]
fn names_and_shapes_are_those_of_current_peft() {
    let config = LoraConfig {
        targets: names(&["proj", "q_proj"]),
        modules_to_save: vec!["lm_head".into()],
        vision: Vision::Included,
        variant: Variant::Dora,
        r: 2,
        ..LoraConfig::default()
    };
    let files = peft::save(&mut Named::trained(&config), "").unwrap();
    let tensors = SafeTensors::deserialize(&files.weights).unwrap();
    let shape = |name: &str| tensors.tensor(&format!("base_model.model.{name}")).unwrap().shape().to_vec();
    assert_eq!(shape("model.language_model.layers.1.self_attn.q_proj.lora_A.weight"), [2, 4]);
    assert_eq!(shape("model.language_model.layers.1.self_attn.q_proj.lora_B.weight"), [6, 2]);
    assert_eq!(shape("model.language_model.layers.1.self_attn.q_proj.lora_magnitude_vector"), [6]);
    assert_eq!(shape("model.visual.blocks.0.attn.proj.lora_A.weight"), [2, 4]);
    assert_eq!(shape("model.visual.patch_embed.proj.lora_A.weight"), [2, 1, 2, 2, 1]);
    assert_eq!(shape("model.visual.patch_embed.proj.lora_B.weight"), [6, 2, 1, 1, 1]);
    assert_eq!(shape("model.visual.patch_embed.proj.lora_magnitude_vector"), [1, 6, 1, 1, 1]);
    assert_eq!((shape("lm_head.weight"), shape("lm_head.bias")), (vec![6, 4], vec![6]));
    assert_eq!(tensors.len(), 4 * 3 + 2);
}

#[test]
fn settings_mean_the_adapted_maps_and_no_others() {
    let said: Vec<serde_json::Value> =
        configs().iter().map(|config| json(&peft::save(&mut Named::trained(config), "").unwrap())).collect();
    let text = |value: &serde_json::Value| value.to_string();
    assert_eq!(text(&said[0]["target_modules"]), r#"["gate_proj","q_proj"]"#);
    assert_eq!(said[0]["exclude_modules"], ".*visual.*");
    // `proj` would mean the patch embedding too.
    assert_eq!(said[1]["target_modules"].as_array().unwrap().len(), 6);
    assert_eq!(text(&said[3]["target_modules"]), r#"["gate_proj","proj"]"#);
    assert!(said[3]["exclude_modules"].is_null());
    assert_eq!(text(&said[4]["rank_pattern"]), r#"{"model.language_model.layers.1.self_attn.q_proj":1}"#);
    assert_eq!(said[5]["modules_to_save"], serde_json::json!(["lm_head"]));
    assert_eq!(text(&said[6]["target_modules"]), r#"["model.language_model.layers.1.mlp.gate_proj"]"#);
    assert_eq!((&said[1]["use_rslora"], &said[2]["use_dora"]), (&true.into(), &true.into()));
    assert_eq!((&said[0]["lora_alpha"], &said[1]["lora_dropout"]), (&3.into(), &0.25.into()));
}

/// Writes a folder whose tensors have other names.
fn renamed(dir: &Path, files: &AdapterFiles, name: impl Fn(&str) -> String) {
    let tensors = SafeTensors::deserialize(&files.weights).unwrap();
    let weights =
        safetensors::serialize(tensors.iter().map(|(old, tensor)| (name(old), tensor)), None).unwrap();
    AdapterFiles { config: files.config.clone(), weights }.write(dir).unwrap();
}

#[test]
fn names_of_older_versions_are_read() {
    let config = LoraConfig { vision: Vision::Included, variant: Variant::Dora, ..LoraConfig::default() };
    let mut model = Named::trained(&config);
    let files = peft::save(&mut model, "").unwrap();
    let dir = tempfile::tempdir().unwrap();
    renamed(dir.path(), &files, |name| {
        let name =
            name.replace("model.language_model.", "model.").replace("model.model.visual.", "model.visual.");
        name.replace("lora_magnitude_vector", "lora_magnitude_vector.weight")
    });
    let mut other = Named::new();
    let loaded = peft::load(&mut other, dir.path()).unwrap();
    assert_eq!(loaded.attached.modules.len(), 6);
    assert_eq!(model.outputs(), other.outputs());
}

#[test]
fn targets_without_tensors_are_told() {
    let config = LoraConfig { targets: names(&["q_proj"]), ..LoraConfig::default() };
    let files = peft::save(&mut Named::trained(&config), "").unwrap();
    let said =
        String::from_utf8(files.config.clone()).unwrap().replace("\"q_proj\"", "\"q_proj\", \"lm_head\"");
    let dir = tempfile::tempdir().unwrap();
    AdapterFiles { config: said.into_bytes(), ..files }.write(dir.path()).unwrap();
    let loaded = peft::load(&mut Named::new(), dir.path()).unwrap();
    assert_eq!(loaded.without_tensors, ["lm_head"]);
    assert_eq!(loaded.attached.modules, [NAMES[0], NAMES[2]]);
}

#[test]
fn a_model_without_adapters_has_nothing_to_save() {
    let error = peft::save(&mut Named::new(), "").unwrap_err();
    assert!(error.to_string().contains("attach one first"), "{error}");
}
