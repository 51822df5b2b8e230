//! The text decoder's part of `config.json`.

use super::fields::{ConfigError, Fields};

/// Sizes of the text decoder, the same for both families.
#[derive(Clone, Debug, PartialEq)]
pub struct TextConfig {
    /// Rows of the embedding table and of the head.
    pub vocab_size: usize,
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Width inside the gated MLP.
    pub intermediate_size: usize,
    /// Number of decoder layers.
    pub layers: usize,
    /// Query heads.
    pub heads: usize,
    /// Key and value heads, shared by `heads / kv_heads` query heads each.
    pub kv_heads: usize,
    /// ε of the RMS norms.
    pub rms_norm_eps: f64,
    /// Base θ of the rotary frequencies.
    pub rope_theta: f64,
    /// How many rotary frequencies turn with time, height and width.
    pub mrope_section: [usize; 3],
    /// Whether the head is the embedding table.
    pub tie_word_embeddings: bool,
}

impl TextConfig {
    /// Width of one attention head.
    pub fn head_dim(&self) -> usize {
        self.hidden_size / self.heads
    }

    /// Reads the decoder's fields: from `text_config` in the nested layout, from the top level otherwise.
    /// Absent fields take transformers' defaults, because its files leave out what equals them.
    pub(super) fn read(root: &Fields) -> Result<Self, ConfigError> {
        let nested = root.inner("text_config")?;
        let at = nested.unwrap_or(*root);
        refuse_sliding_window(&at)?;
        let heads = at.size("num_attention_heads", 64, 1..=1024)?;
        let kv_default = if at.get("num_key_value_heads").is_some() { 0 } else { 8.min(heads) };
        let mut config = Self {
            vocab_size: at.size("vocab_size", 152_064, 1..=1 << 22)?,
            hidden_size: at.size("hidden_size", 8192, 1..=1 << 16)?,
            intermediate_size: at.size("intermediate_size", 29_568, 1..=1 << 20)?,
            layers: at.size("num_hidden_layers", 80, 1..=1024)?,
            heads,
            kv_heads: at.size("num_key_value_heads", kv_default, 1..=1024)?,
            rms_norm_eps: at.positive("rms_norm_eps", 1e-5)?,
            rope_theta: 1e6,
            mrope_section: [16, 24, 24],
            tie_word_embeddings: root.flag("tie_word_embeddings")? || at.flag("tie_word_embeddings")?,
        };
        config.read_rope(&at)?;
        config.check(&at)?;
        Ok(config)
    }

    fn read_rope(&mut self, at: &Fields) -> Result<(), ConfigError> {
        self.rope_theta = at.positive("rope_theta", self.rope_theta)?;
        let rope = match at.inner("rope_scaling")? {
            Some(rope) => rope,
            None => match at.inner("rope_parameters")? {
                Some(rope) => rope,
                None => return Ok(()),
            },
        };
        self.rope_theta = rope.positive("rope_theta", self.rope_theta)?;
        for key in ["rope_type", "type"] {
            if let Some(kind) = rope.get(key)
                && kind != "default"
                && kind != "mrope"
            {
                return Err(rope.bad(key, kind.to_string(), "\"default\" or \"mrope\"".into()));
            }
        }
        let section = rope.sizes("mrope_section", &self.mrope_section, 0..=1 << 12)?;
        self.mrope_section = section.as_slice().try_into().map_err(|_| {
            rope.bad("mrope_section", format!("{} numbers", section.len()), "3 numbers".into())
        })?;
        Ok(())
    }

    fn check(&self, at: &Fields) -> Result<(), ConfigError> {
        if !self.hidden_size.is_multiple_of(2 * self.heads) {
            return Err(at.bad(
                "num_attention_heads",
                self.heads.to_string(),
                format!("a number that divides hidden_size {} into heads of even width", self.hidden_size),
            ));
        }
        if !self.heads.is_multiple_of(self.kv_heads) {
            let expected = format!("a divisor of num_attention_heads {}", self.heads);
            return Err(at.bad("num_key_value_heads", self.kv_heads.to_string(), expected));
        }
        let turned: usize = self.mrope_section.iter().sum();
        if turned != self.head_dim() / 2 {
            return Err(at.bad(
                "mrope_section",
                format!("{:?}, which sums to {turned}", self.mrope_section),
                format!("a sum of {}, half the head width", self.head_dim() / 2),
            ));
        }
        Ok(())
    }
}

/// transformers computes such layers with a band mask; nothing published in this family uses it.
fn refuse_sliding_window(at: &Fields) -> Result<(), ConfigError> {
    let layers = at.size("num_hidden_layers", 80, 1..=1024)?;
    let from = at.size("max_window_layers", 80, 0..=1 << 20)?;
    if at.flag("use_sliding_window")? && !at.is_null("sliding_window") && from < layers {
        let expected = "false (sliding-window attention is not supported)".into();
        return Err(at.bad("use_sliding_window", "true".into(), expected));
    }
    Ok(())
}
