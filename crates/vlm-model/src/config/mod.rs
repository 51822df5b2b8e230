//! `config.json` of the family, in the published (flat) and the nested (transformers 5) layout.

mod fields;
mod text;
mod vision;

pub use fields::ConfigError;
pub use text::TextConfig;
pub use vision::{VisionConfig, VisionKind};

use fields::Fields;
use std::io::Read;
use std::path::Path;
use vlm_processor::Family;
use vlm_processor::text_limits::MAX_CONFIG_BYTES;

/// Everything `config.json` says about the network.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelConfig {
    /// The architecture.
    pub family: Family,
    /// The text decoder.
    pub text: TextConfig,
    /// The vision tower.
    pub vision: VisionConfig,
}

impl ModelConfig {
    /// Reads and checks `config.json` of a model folder.
    pub fn from_dir(dir: &Path) -> Result<Self, ConfigError> {
        let path = dir.join("config.json");
        let mut text = String::new();
        let file = vlm_processor::open_regular(&path);
        file.and_then(|file| file.take(MAX_CONFIG_BYTES).read_to_string(&mut text))
            .map_err(|source| ConfigError::Unreadable { path: path.clone(), source })?;
        Self::from_json(text.strip_prefix('\u{feff}').unwrap_or(&text), &path)
    }

    /// Reads a configuration from JSON text; `path` is only what errors call it.
    pub fn from_json(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let json: serde_json::Value = serde_json::from_str(text)
            .map_err(|source| ConfigError::NotJson { path: path.to_owned(), source })?;
        let root = Fields::root(path, &json)?;
        let family = family(&root)?;
        let text = TextConfig::read(&root)?;
        let vision = VisionConfig::read(&root, family)?;
        if vision.out_hidden_size != text.hidden_size {
            return Err(root.bad(
                "vision_config",
                format!("features of width {}", vision.out_hidden_size),
                format!("the decoder's hidden_size, {}", text.hidden_size),
            ));
        }
        Ok(Self { family, text, vision })
    }
}

fn family(root: &Fields) -> Result<Family, ConfigError> {
    match root.string("model_type")?.as_str() {
        "qwen2_vl" => Ok(Family::Qwen2Vl),
        "qwen2_5_vl" => Ok(Family::Qwen2_5Vl),
        other => Err(root.bad("model_type", format!("{other:?}"), "\"qwen2_vl\" or \"qwen2_5_vl\"".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(json: serde_json::Value) -> Result<ModelConfig, ConfigError> {
        ModelConfig::from_json(&json.to_string(), Path::new("config.json"))
    }

    fn text() -> serde_json::Value {
        json!({"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
               "num_key_value_heads": 2, "vocab_size": 100, "rms_norm_eps": 1e-6})
    }

    fn vision() -> serde_json::Value {
        json!({"depth": 2, "hidden_size": 32, "intermediate_size": 48, "num_heads": 2, "out_hidden_size": 64,
               "fullatt_block_indexes": [1]})
    }

    fn published() -> serde_json::Value {
        let mut root = text();
        root["model_type"] = json!("qwen2_5_vl");
        root["rope_theta"] = json!(5e5);
        root["rope_scaling"] = json!({"type": "mrope", "mrope_section": [2, 3, 3]});
        root["tie_word_embeddings"] = json!(true);
        root["vision_config"] = vision();
        root
    }

    fn nested() -> serde_json::Value {
        let mut inner = text();
        inner["rope_parameters"] =
            json!({"rope_type": "default", "rope_theta": 5e5, "mrope_section": [2, 3, 3]});
        inner["tie_word_embeddings"] = json!(true);
        json!({"model_type": "qwen2_5_vl", "text_config": inner, "vision_config": vision()})
    }

    #[test]
    fn both_layouts_say_the_same() {
        let (old, new) = (read(published()).unwrap(), read(nested()).unwrap());
        assert_eq!(old, new);
        assert_eq!(old.text.rope_theta, 5e5);
        assert_eq!(old.text.mrope_section, [2, 3, 3]);
        assert!(old.text.tie_word_embeddings);
    }

    #[test]
    fn an_unknown_family_is_named() {
        let mut json = published();
        json["model_type"] = json!("llava");
        assert!(read(json).unwrap_err().to_string().contains("\"llava\""));
    }

    #[test]
    fn impossible_sizes_name_the_key() {
        for (key, value) in [
            ("hidden_size", json!(0)),
            ("num_attention_heads", json!(5)),
            ("num_key_value_heads", json!(3)),
            ("vocab_size", json!(1_000_000_000_000u64)),
            ("rms_norm_eps", json!(-1.0)),
            ("rope_theta", json!("big")),
        ] {
            let mut json = published();
            json[key] = value;
            let error = read(json).unwrap_err().to_string();
            assert!(error.contains(key), "{key}: {error}");
        }
    }

    #[test]
    fn what_is_not_supported_is_refused_instead_of_computed_wrongly() {
        let mut sliding = published();
        sliding["use_sliding_window"] = json!(true);
        sliding["max_window_layers"] = json!(1);
        assert!(read(sliding.clone()).unwrap_err().to_string().contains("sliding"));
        sliding["sliding_window"] = json!(null);
        assert!(read(sliding).is_ok(), "null means no window");
        let mut yarn = published();
        yarn["rope_scaling"]["type"] = json!("yarn");
        assert!(read(yarn).unwrap_err().to_string().contains("yarn"));
    }
}
