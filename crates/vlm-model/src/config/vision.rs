//! The vision tower's part of `config.json`.

use super::fields::{ConfigError, Fields};
use vlm_processor::Family;

/// What differs between the two towers.
#[derive(Clone, Debug, PartialEq)]
pub enum VisionKind {
    /// Qwen2-VL: every block attends to the whole frame; MLP `fc2(quick_gelu(fc1 x))`.
    Full,
    /// Qwen2.5-VL: blocks attend within windows, except the listed ones; gated MLP.
    Windowed {
        /// Side of a window in pixels.
        window_size: usize,
        /// Blocks that attend to the whole frame.
        full_blocks: Vec<usize>,
    },
}

/// Sizes of the vision tower.
#[derive(Clone, Debug, PartialEq)]
pub struct VisionConfig {
    /// Number of blocks.
    pub depth: usize,
    /// Width of the tower's residual stream.
    pub hidden_size: usize,
    /// Width inside a block's MLP.
    pub intermediate_size: usize,
    /// Attention heads.
    pub heads: usize,
    /// Colour channels.
    pub in_channels: usize,
    /// Side of a patch in pixels.
    pub patch_size: usize,
    /// Frames in a patch.
    pub temporal_patch_size: usize,
    /// Side of the square of patches that becomes one feature.
    pub merge_size: usize,
    /// Width of the features: the decoder's hidden size.
    pub out_hidden_size: usize,
    /// Windowed or full attention.
    pub kind: VisionKind,
}

impl VisionConfig {
    /// Numbers in one flattened patch: columns of `pixel_values`.
    pub fn patch_values(&self) -> usize {
        self.in_channels * self.temporal_patch_size * self.patch_size * self.patch_size
    }

    /// Width of one attention head.
    pub fn head_dim(&self) -> usize {
        self.hidden_size / self.heads
    }

    /// Reads `vision_config`; absent fields take transformers' defaults.
    pub(super) fn read(root: &Fields, family: Family) -> Result<Self, ConfigError> {
        let Some(at) = root.inner("vision_config")? else {
            return Err(root.bad("vision_config", "nothing".into(), "an object".into()));
        };
        let channels = at.size("in_channels", at.size("in_chans", 3, 1..=64)?, 1..=64)?;
        let width = 1..=1usize << 16;
        let act = |expected: &str| match at.get("hidden_act") {
            Some(found) if found != expected => {
                Err(at.bad("hidden_act", found.to_string(), format!("{expected:?}")))
            }
            _ => Ok(()),
        };
        let (hidden_size, intermediate_size, out_hidden_size, kind) = match family {
            Family::Qwen2_5Vl => {
                act("silu")?;
                let hidden = at.size("hidden_size", 3584, width.clone())?;
                let inner = at.size("intermediate_size", 3420, 1..=1 << 20)?;
                (hidden, inner, at.size("out_hidden_size", 3584, width)?, windowed(&at)?)
            }
            Family::Qwen2Vl => {
                act("quick_gelu")?;
                let hidden = at.size("embed_dim", 1280, width.clone())?;
                let inner = hidden * at.size("mlp_ratio", 4, 1..=64)?;
                (hidden, inner, at.size("hidden_size", 3584, width)?, VisionKind::Full)
            }
        };
        let config = Self {
            depth: at.size("depth", 32, 1..=1024)?,
            hidden_size,
            intermediate_size,
            heads: at.size("num_heads", 16, 1..=1024)?,
            in_channels: channels,
            patch_size: at.size("patch_size", 14, 1..=256)?,
            temporal_patch_size: at.size("temporal_patch_size", 2, 1..=64)?,
            merge_size: at.size("spatial_merge_size", 2, 1..=16)?,
            out_hidden_size,
            kind,
        };
        config.check(&at)?;
        Ok(config)
    }

    fn check(&self, at: &Fields) -> Result<(), ConfigError> {
        if !self.hidden_size.is_multiple_of(4 * self.heads) {
            return Err(at.bad(
                "num_heads",
                self.heads.to_string(),
                format!("a number that divides the width {} into heads of a multiple of 4", self.hidden_size),
            ));
        }
        if let VisionKind::Windowed { window_size, .. } = &self.kind
            && *window_size < self.patch_size * self.merge_size
        {
            let expected = format!("at least one merged patch, {}", self.patch_size * self.merge_size);
            return Err(at.bad("window_size", window_size.to_string(), expected));
        }
        Ok(())
    }
}

fn windowed(at: &Fields) -> Result<VisionKind, ConfigError> {
    Ok(VisionKind::Windowed {
        window_size: at.size("window_size", 112, 1..=1 << 16)?,
        full_blocks: at.sizes("fullatt_block_indexes", &[7, 15, 23, 31], 0..=1023)?,
    })
}
