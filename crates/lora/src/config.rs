//! What to attach.

use crate::{LoraError, Targets, Vision};

/// Larger ranks are refused: no adapter has them, and a hostile file must not take memory with one.
pub const MAX_RANK: usize = 1024;

/// How the adapter's share is scaled and applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Variant {
    /// s = α/r.
    #[default]
    Lora,
    /// s = α/√r: the size of the update does not shrink with the rank.
    RsLora,
    /// s = α/r, and a trained magnitude for each output.
    Dora,
    /// s = α/√r, and a trained magnitude for each output.
    RsDora,
}

impl Variant {
    /// Whether lengths of the rows are trained.
    pub fn has_magnitude(self) -> bool {
        matches!(self, Self::Dora | Self::RsDora)
    }

    /// s for a rank r and an α.
    pub fn scale(self, alpha: f64, rank: usize) -> f64 {
        match self {
            Self::Lora | Self::Dora => alpha / rank as f64,
            Self::RsLora | Self::RsDora => alpha / (rank as f64).sqrt(),
        }
    }
}

/// Which maps get which adapter.
#[derive(Clone, Debug, PartialEq)]
pub struct LoraConfig {
    /// Rank of the two factors.
    pub r: usize,
    /// α.
    pub alpha: f64,
    /// Probability that an input of the adapter is dropped in training.
    pub dropout: f64,
    /// Scaling.
    pub variant: Variant,
    /// The maps.
    pub targets: Targets,
    /// Whether maps of the vision tower may be among them.
    pub vision: Vision,
    /// Ranks of modules whose names end in a match of a pattern, where they differ from `r`; the first match counts.
    pub rank_pattern: Vec<(String, usize)>,
    /// The same for α.
    pub alpha_pattern: Vec<(String, f64)>,
    /// Modules of which a full copy is trained.
    pub modules_to_save: Vec<String>,
    /// Start of the random numbers.
    pub seed: u64,
}

impl Default for LoraConfig {
    fn default() -> Self {
        Self {
            r: 8,
            alpha: 8.0,
            dropout: 0.0,
            variant: Variant::Lora,
            targets: Targets::AllLinear,
            vision: Vision::Excluded,
            rank_pattern: Vec::new(),
            alpha_pattern: Vec::new(),
            modules_to_save: Vec::new(),
            seed: 0,
        }
    }
}

impl LoraConfig {
    /// Refuses numbers that make no adapter.
    pub(crate) fn check(&self) -> Result<(), LoraError> {
        for rank in self.rank_pattern.iter().map(|(_, rank)| rank).chain([&self.r]) {
            if !(1..=MAX_RANK).contains(rank) {
                return Err(LoraError::Rank { found: *rank });
            }
        }
        for alpha in self.alpha_pattern.iter().map(|(_, alpha)| alpha).chain([&self.alpha]) {
            if !(alpha.is_finite() && *alpha > 0.0) {
                return Err(LoraError::Alpha { found: *alpha });
            }
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return Err(LoraError::Dropout { found: self.dropout });
        }
        Ok(())
    }
}
