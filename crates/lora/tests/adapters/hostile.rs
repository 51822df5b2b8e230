//! Folders that lie are refused with words that help.

use crate::model::Named;
use lora::LoraConfig;
use lora::peft::{self, AdapterFiles, PeftError};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::json;
use std::path::Path;

fn good() -> AdapterFiles {
    peft::save(&mut Named::trained(&LoraConfig { r: 2, ..LoraConfig::default() }), "").unwrap()
}

/// The error that loading a folder ends in; the model must be left without adapters.
#[track_caller]
fn refusal(dir: &Path) -> PeftError {
    let mut model = Named::new();
    let error = peft::load(&mut model, dir).unwrap_err();
    assert!(model.maps.iter().all(|linear| linear.adapter.is_none()));
    error
}

#[track_caller]
fn refused(files: &AdapterFiles, parts: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    files.write(dir.path()).unwrap();
    let text = refusal(dir.path()).to_string();
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    assert!(text.contains("adapter_"), "no file is named: {text}");
}

#[test]
fn settings_that_make_no_adapter_or_change_the_maths_are_refused_by_key() {
    let cases = [
        ("r", json!(0), "1 to 1024"),
        ("r", json!(1025), "1 to 1024"),
        ("r", json!(-4), "found -4"),
        ("r", json!(2.5), "found 2.5"),
        ("r", json!("8"), "found \"8\""),
        ("lora_alpha", json!(0), "above 0"),
        ("lora_alpha", json!(null), "above 0"),
        ("lora_alpha", json!("16"), "above 0"),
        ("lora_dropout", json!(1.0), "less than 1"),
        ("lora_dropout", json!(-0.1), "less than 1"),
        ("peft_type", json!("IA3"), "\"LORA\""),
        ("bias", json!("all"), "\"none\""),
        ("bias", json!("lora_only"), "\"none\""),
        ("use_rslora", json!("yes"), "true or false"),
        ("use_dora", json!(1), "true or false"),
        ("use_qalora", json!(true), "changes what is computed"),
        ("use_bdlora", json!({"target_modules_bd_a": []}), "changes what is computed"),
        ("lora_bias", json!(true), "changes what is computed"),
        ("fan_in_fan_out", json!(true), "changes what is computed"),
        ("layer_replication", json!([[0, 2], [1, 3]]), "changes what is computed"),
        ("alora_invocation_tokens", json!([1]), "changes what is computed"),
        ("trainable_token_indices", json!([1, 2]), "changes what is computed"),
        ("target_parameters", json!(["experts.weight"]), "changes what is computed"),
        ("arrow_config", json!({"top_k": 2}), "changes what is computed"),
        ("something_of_tomorrow", json!(3), "not known here"),
        ("init_lora_weights", json!("pissa"), "path_initial_model_for_weight_conversion"),
        ("init_lora_weights", json!("olora"), "path_initial_model_for_weight_conversion"),
        ("target_modules", json!(7), "a list of names or one pattern"),
        ("target_modules", json!([1]), "a list of names or one pattern"),
        ("modules_to_save", json!("lm_head"), "a list of names"),
        ("rank_pattern", json!({"q_proj": 0}), "a rank from 1 to 1024"),
        ("rank_pattern", json!({"q_proj": 99_999_999_999u64}), "a rank from 1 to 1024"),
        ("alpha_pattern", json!({"q_proj": -1}), "a finite number above 0"),
    ];
    for (key, value, part) in cases {
        let files = good();
        let mut config: serde_json::Value = serde_json::from_slice(&files.config).unwrap();
        config[key] = value;
        let files = AdapterFiles { config: config.to_string().into_bytes(), ..files };
        refused(&files, &[&format!("\"{key}\""), part]);
    }
}

#[test]
fn settings_that_say_nothing_about_the_maths_are_passed_over() {
    let files = good();
    let mut config: serde_json::Value = serde_json::from_slice(&files.config).unwrap();
    for (key, value) in [
        ("task_type", json!("SEQ_2_SEQ_LM")),
        ("peft_version", json!("0.21.2")),
        ("megatron_core", json!("megatron.core")),
        ("init_lora_weights", json!("gaussian")),
        ("qalora_group_size", json!(16)),
        ("layers_to_transform", json!([0, 1])),
        ("something_of_tomorrow", json!(null)),
        ("another", json!(false)),
        ("exclude_modules", json!(["visual"])),
        // A pattern in Python's dialect: the tensors say what it meant.
        ("target_modules", json!("^(?!.*visual).*(q_proj|gate_proj)$")),
    ] {
        config[key] = value;
    }
    let dir = tempfile::tempdir().unwrap();
    AdapterFiles { config: config.to_string().into_bytes(), ..files }.write(dir.path()).unwrap();
    assert_eq!(peft::load(&mut Named::new(), dir.path()).unwrap().attached.modules.len(), 4);
}

#[test]
fn settings_that_are_no_settings_are_refused() {
    let deep = "[".repeat(5000);
    let many: Vec<String> = (0..600).map(|i| format!("\"q{i}\": 2")).collect();
    let cases = [
        ("", "EOF"),
        ("[]", "an object"),
        ("{", "EOF"),
        (deep.as_str(), "line 1"),
        ("{\"r\": 8, \"r\": 9}", "\"r\" stands twice"),
        ("{\"peft_type\": \"LORA\", \"lora_alpha\": 8}", "\"r\" is missing"),
        ("{\"r\": 8, \"lora_alpha\": 8}", "\"peft_type\" is missing"),
        (&format!("{{\"rank_pattern\": {{{}}}}}", many.join(", ")), "at most 512"),
        ("{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 2, \"rank_pattern\": {\"(\": 2}}", "\"(\""),
        (
            "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 2, \"alpha_pattern\": {\"(a{999}){999}\": 2}}",
            "a{999}",
        ),
    ];
    for (config, part) in cases {
        refused(&AdapterFiles { config: config.as_bytes().to_vec(), ..good() }, &[part]);
    }
    let long = format!("{{\"x\": \"{}\"}}", "a".repeat(5 << 20));
    refused(&AdapterFiles { config: long.into_bytes(), ..good() }, &["expected at most 4194304"]);
}

/// The good tensors after a change.
fn with(change: impl Fn(&mut Vec<(String, Vec<usize>, Dtype, Vec<u8>)>)) -> AdapterFiles {
    let files = good();
    let tensors = SafeTensors::deserialize(&files.weights).unwrap();
    let mut list: Vec<_> = tensors
        .iter()
        .map(|(name, t)| (name.to_owned(), t.shape().to_vec(), t.dtype(), t.data().to_vec()))
        .collect();
    list.sort();
    change(&mut list);
    let views = list.iter().map(|(name, shape, dtype, bytes)| {
        (name.as_str(), TensorView::new(*dtype, shape.clone(), bytes).unwrap())
    });
    AdapterFiles { weights: safetensors::serialize(views, None).unwrap(), ..files }
}

#[test]
fn tensors_that_do_not_belong_are_refused_by_name() {
    let first = "base_model.model.model.language_model.layers.0.mlp.gate_proj.lora_A.weight";
    let text = |bytes: &[u8]| bytes.to_vec();
    refused(&with(|list| _ = list.remove(0)), &[first, "is missing"]);
    refused(&with(|list| _ = list.remove(1)), &["gate_proj.lora_B.weight", "is missing"]);
    refused(
        &with(|list| list[0].0 = "model.x.weight".into()),
        &["model.x.weight", "belongs to no linear map"],
    );
    refused(
        &with(|list| list[0].0 = list[0].0.replace("layers.0", "layers.9")),
        &["layers.9", "belongs to no linear map"],
    );
    refused(
        &with(|list| list[0].0 = list[0].0.replace("lora_A", "lora_embedding_A")),
        &["lora_embedding_A", "belongs to no linear map"],
    );
    refused(&with(|list| list[0].1 = vec![4, 2]), &[first, "shape [4, 2], expected [2, 4]"]);
    refused(&with(|list| list[0].1 = vec![8]), &[first, "shape [8], expected [2, 4]"]);
    refused(
        &with(|list| {
            let twin = list[0].clone();
            list.push((twin.0.replace("language_model.", ""), twin.1, twin.2, twin.3));
        }),
        &[first, "mean the same tensor"],
    );
    refused(
        &with(|list| {
            let name = list[0].0.replace("lora_A.weight", "lora_magnitude_vector");
            list.push((name, vec![6], Dtype::F32, text(&[0; 24])));
        }),
        &["lora_magnitude_vector", "has no use by the settings"],
    );
    for bad in [f32::NAN, f32::INFINITY] {
        refused(
            &with(|list| list[0].3[4..8].copy_from_slice(&bad.to_le_bytes())),
            &[first, "NaN or infinite"],
        );
    }
    refused(
        &with(|list| (list[0].2, list[0].3) = (Dtype::I32, list[0].3.clone())),
        &[first, "I32, expected F32, BF16 or F16"],
    );
}

#[test]
fn a_rank_that_the_settings_do_not_say_is_refused() {
    let files = good();
    let config = String::from_utf8(files.config.clone()).unwrap().replace("\"r\": 2", "\"r\": 1024");
    refused(&AdapterFiles { config: config.into_bytes(), ..files }, &["shape [2, 4], expected [1024, 4]"]);
}

#[test]
fn files_that_are_cut_or_grown_are_refused() {
    let files = good();
    for length in (0..files.weights.len()).step_by(7) {
        let weights = files.weights[..length].to_vec();
        refused(&AdapterFiles { weights, ..files.clone() }, &["not a valid safetensors file"]);
    }
    let weights = [&files.weights[..], &[0]].concat();
    refused(&AdapterFiles { weights, ..files.clone() }, &["not a valid safetensors file"]);
    let weights = [&u64::MAX.to_le_bytes()[..], &files.weights[8..]].concat();
    refused(&AdapterFiles { weights, ..files }, &["expected at most 16777216"]);
}

#[test]
fn folders_without_weights_or_with_pickles_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let text = refusal(dir.path()).to_string();
    assert!(text.contains("adapter_config.json"), "{text}");
    std::fs::write(dir.path().join("adapter_config.json"), good().config).unwrap();
    let text = refusal(dir.path()).to_string();
    assert!(text.contains("adapter_model.safetensors: is not there"), "{text}");
    std::fs::write(dir.path().join("adapter_model.bin"), "pickle").unwrap();
    let text = refusal(dir.path()).to_string();
    assert!(text.contains("safe_serialization=True"), "{text}");
    std::fs::create_dir(dir.path().join("adapter_model.safetensors")).unwrap();
    let text = refusal(dir.path()).to_string();
    assert!(text.contains("regular file"), "{text}");
}

#[cfg(unix)]
#[test]
fn links_that_leave_the_folder_are_refused() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let inside = dir.path().join("a/b/adapter");
    good().write(&inside).unwrap();
    good().write(other.path()).unwrap();
    for name in ["adapter_config.json", "adapter_model.safetensors"] {
        let own = std::fs::read(inside.join(name)).unwrap();
        std::fs::remove_file(inside.join(name)).unwrap();
        std::os::unix::fs::symlink(other.path().join(name), inside.join(name)).unwrap();
        let text = refusal(&inside).to_string();
        assert!(text.contains("leads out of the adapter's folder"), "{text}");
        std::fs::remove_file(inside.join(name)).unwrap();
        std::fs::write(inside.join(name), own).unwrap();
    }
}
