//! How large a tiny model is.

use serde_json::{Value, json};

/// Widths and depths of a model, and the pixels of its pictures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sizes {
    /// Width of the decoder.
    pub hidden: usize,
    /// Layers of the decoder.
    pub layers: usize,
    /// Query heads.
    pub heads: usize,
    /// Key and value heads.
    pub kv_heads: usize,
    /// Width inside the decoder's MLP.
    pub inner: usize,
    /// Width of the vision tower.
    pub vision_hidden: usize,
    /// Blocks of the vision tower.
    pub vision_depth: usize,
    /// Heads of the vision tower.
    pub vision_heads: usize,
    /// Width inside the tower's MLP.
    pub vision_inner: usize,
    /// Largest number of tokens; fewer when the texts need fewer.
    pub vocabulary: usize,
    /// Pixels of a picture: it is scaled to at least and at most so many.
    pub pixels: [usize; 2],
    /// What is subtracted from the colours, 0 to 1, of each channel.
    pub mean: [f64; 3],
    /// What they are divided by then. A model that starts from nothing learns to see only when the background is near 0.
    pub deviation: [f64; 3],
}

impl Sizes {
    /// The demo's: two layers of width 64, pictures of one token.
    pub const DEMO: Self = Self {
        hidden: 64,
        layers: 2,
        heads: 2,
        kv_heads: 2,
        inner: 256,
        vision_hidden: 64,
        vision_depth: 1,
        vision_heads: 4,
        vision_inner: 128,
        vocabulary: 640,
        pixels: [28 * 28, 28 * 28],
        mean: [0.95; 3],
        deviation: [0.2; 3],
    };

    /// The rotary sections: a quarter of a head's frequencies turns with time, the rest with height and width.
    fn mrope_section(&self) -> [usize; 3] {
        let half = self.hidden / self.heads / 2;
        let side = half * 3 / 8;
        [half - 2 * side, side, side]
    }

    /// `config.json` in the published layout.
    pub(crate) fn config(&self, special: &[(&str, u32)], vocabulary: usize) -> Value {
        let id = |name: &str| special.iter().find(|(known, _)| *known == name).map(|(_, id)| *id);
        json!({
            "architectures": ["Qwen2_5_VLForConditionalGeneration"],
            "model_type": "qwen2_5_vl",
            "attention_dropout": 0.0,
            "bos_token_id": id("<|endoftext|>"),
            "eos_token_id": id("<|im_end|>"),
            "vision_start_token_id": id("<|vision_start|>"),
            "vision_end_token_id": id("<|vision_end|>"),
            "image_token_id": id("<|image_pad|>"),
            "video_token_id": id("<|video_pad|>"),
            "hidden_act": "silu",
            "hidden_size": self.hidden,
            "initializer_range": 0.02,
            "intermediate_size": self.inner,
            "max_position_embeddings": 32768,
            "num_attention_heads": self.heads,
            "num_hidden_layers": self.layers,
            "num_key_value_heads": self.kv_heads,
            "rms_norm_eps": 1e-6,
            "rope_theta": 1_000_000.0,
            "rope_scaling": {"type": "mrope", "mrope_section": self.mrope_section()},
            "tie_word_embeddings": false,
            "torch_dtype": "float32",
            "use_cache": true,
            "use_sliding_window": false,
            "vocab_size": vocabulary,
            "vision_config": {
                "depth": self.vision_depth,
                "hidden_act": "silu",
                "hidden_size": self.vision_hidden,
                "intermediate_size": self.vision_inner,
                "num_heads": self.vision_heads,
                "in_chans": 3,
                "out_hidden_size": self.hidden,
                "patch_size": 14,
                "spatial_merge_size": 2,
                "temporal_patch_size": 2,
                "window_size": 112,
                "fullatt_block_indexes": [self.vision_depth - 1],
                "tokens_per_second": 2,
                "model_type": "qwen2_5_vl"
            }
        })
    }
}
