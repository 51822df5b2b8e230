//! The pad tokens of visual notes.

use super::necessity::FeatureProfile;
use crate::text::tags::first_block;

/// A kind of visual note that the penalties know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pad {
    /// Segmentation.
    Sam,
    /// Depth map.
    Depth,
    /// Perception feature.
    Dino,
    /// Edge map.
    Pidinet,
}

impl Pad {
    /// All four, in their usual order.
    pub const ALL: [Self; 4] = [Self::Sam, Self::Depth, Self::Dino, Self::Pidinet];

    /// The token.
    ///
    /// ```
    /// assert_eq!(rewards::Pad::Sam.token(), "<|sam_pad|>");
    /// ```
    pub const fn token(self) -> &'static str {
        match self {
            Self::Sam => "<|sam_pad|>",
            Self::Depth => "<|depth_pad|>",
            Self::Dino => "<|dino_pad|>",
            Self::Pidinet => "<|pidinet_pad|>",
        }
    }

    /// How many make one note.
    ///
    /// ```
    /// assert_eq!(rewards::Pad::Sam.run(), 8);
    /// ```
    pub const fn run(self) -> usize {
        match self {
            Self::Sam => 8,
            Self::Depth | Self::Dino | Self::Pidinet => 4,
        }
    }

    /// What the note is called in a sentence.
    ///
    /// ```
    /// assert_eq!(rewards::Pad::Depth.phrase(), "depth map");
    /// ```
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Sam => "segmentation",
            Self::Depth => "depth map",
            Self::Dino => "perception feature",
            Self::Pidinet => "edge map",
        }
    }

    /// Words of which one must stand before the note.
    pub(super) const fn context(self) -> &'static [&'static str] {
        match self {
            Self::Sam => &["segmentation", "segment", "mask"],
            Self::Depth => &["depth"],
            Self::Dino => &["perception", "feature"],
            Self::Pidinet => &["edge"],
        }
    }
}

/// All pad tokens of the vocabulary with the length of one note.
pub(super) const TOKENS: [(&str, usize); 8] = [
    ("<|sam_pad|>", 8),
    ("<|dino_pad|>", 4),
    ("<|depth_pad|>", 4),
    ("<|sd_pad|>", 4),
    ("<|intern_pad|>", 4),
    ("<|pidinet_pad|>", 4),
    ("<|siglip_pad|>", 4),
    ("<|metaclip_pad|>", 4),
];

/// How many times in a row `token` stands at the start of the text.
pub(super) fn run_length(text: &str, token: &str) -> usize {
    let mut rest = text;
    let mut count = 0;
    while let Some(after) = rest.strip_prefix(token) {
        rest = after;
        count += 1;
    }
    count
}

/// Whether the reasoning uses visual features: with profile `Covt` a run of exactly the required number of equal pads
/// in the think text, with `Ilvr` a closed latent segment with at least one pad anywhere.
///
/// ```
/// use rewards::{FeatureProfile, Pad, uses_features};
/// let text = format!("<think>{}</think>", Pad::Depth.token().repeat(4));
/// assert!(uses_features(&text, FeatureProfile::Covt));
/// ```
pub fn uses_features(text: &str, profile: FeatureProfile) -> bool {
    match profile {
        FeatureProfile::Covt => first_block(text, "think").is_some_and(has_complete_run),
        FeatureProfile::Ilvr => {
            let segments =
                text.split("<|latent_start|>").skip(1).filter_map(|rest| rest.split_once("<|latent_end|>"));
            segments.map(|(inside, _)| inside).any(|inside| inside.contains("<|latent_pad|>"))
        }
    }
}

fn has_complete_run(text: &str) -> bool {
    let mut rest = text;
    while let Some(start) = rest.find("<|") {
        rest = &rest[start..];
        let Some((token, wanted)) = TOKENS.iter().find(|(token, _)| rest.starts_with(token)) else {
            rest = &rest[2..];
            continue;
        };
        let run = run_length(rest, token);
        if run == *wanted {
            return true;
        }
        rest = &rest[run * token.len()..];
    }
    false
}
