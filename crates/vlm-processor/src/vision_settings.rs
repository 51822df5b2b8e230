//! What a model folder says about its pixels.

use std::path::Path;

use crate::patches::{Layout, Normalise};
use crate::settings_file::{Section, read_sections};
use crate::video::FrameSampling;

pub use crate::settings_file::SettingsError;

/// Largest minimum a folder may ask for: every picture is enlarged to it, so it decides how much memory even a
/// single pixel takes. 8 Mpx are 200 MB of patches; published minima are below 0.2 Mpx.
pub const MAX_MIN_PIXELS: usize = 1 << 23;

/// Mean and deviation that CLIP was trained with (arXiv 2103.00020): the published defaults.
const CLIP_MEAN: [f32; 3] = [0.481_454_66, 0.457_827_5, 0.408_210_73];
const CLIP_STD: [f32; 3] = [0.268_629_54, 0.261_302_6, 0.275_777_1];

/// How many pixels a picture may keep; see [`crate::smart_resize()`] for what happens when they contradict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelBudget {
    /// Smaller pictures are enlarged to this many.
    pub min_pixels: usize,
    /// Larger pictures are shrunk to this many.
    pub max_pixels: usize,
}

/// How many pixels each frame of a clip may keep, and how many frames a clip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VideoBudget {
    /// Limits of one frame.
    pub frame: PixelBudget,
    /// Tokens the whole clip may take, if the folder sets `cap_pixels_per_frame`: nine tenths of them are shared
    /// evenly among its frames.
    pub max_video_tokens: Option<usize>,
    /// How frames are chosen from a longer clip.
    pub sampling: FrameSampling,
}

impl VideoBudget {
    /// Limits of each of `frames` frames: with n frames, N tokens, factor f and T frames to a patch, the maximum
    /// is max(min(max, ⌊0.9·N·f²⌋·T div n), ⌊1.05·min⌋) where the clip as a whole is capped.
    pub fn per_frame(&self, frames: usize, factor: usize) -> PixelBudget {
        let Some(tokens) = self.max_video_tokens else { return self.frame };
        let total = ((tokens * factor * factor) as f64 * 0.9) as usize;
        let share = total * self.sampling.temporal_patch_size / frames.max(1);
        let floor = (self.frame.min_pixels as f64 * 1.05) as usize;
        PixelBudget { max_pixels: self.frame.max_pixels.min(share).max(floor), ..self.frame }
    }
}

/// Everything that turns pixels into patches, as a model folder states it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct VisionSettings {
    /// Pixels along one side of a patch: 14 as published.
    pub patch_size: usize,
    /// Frames in a patch: 2 as published.
    pub temporal_patch_size: usize,
    /// Patches along one side of a placeholder token: 2 as published.
    pub merge_size: usize,
    /// Mean of each channel, for values in 0..=1.
    pub mean: [f32; 3],
    /// Deviation of each channel, for values in 0..=1.
    pub std: [f32; 3],
    /// What an 8-bit value is multiplied with: 1/255.
    pub rescale_factor: f64,
    /// Limits of a still image.
    pub image: PixelBudget,
    /// Limits of a clip.
    pub video: VideoBudget,
}

impl Default for VisionSettings {
    /// What Qwen2-VL and Qwen2.5-VL were published with.
    fn default() -> Self {
        Self {
            patch_size: 14,
            temporal_patch_size: 2,
            merge_size: 2,
            mean: CLIP_MEAN,
            std: CLIP_STD,
            rescale_factor: 1.0 / 255.0,
            image: PixelBudget { min_pixels: 56 * 56, max_pixels: 1280 * 28 * 28 },
            video: VideoBudget {
                frame: PixelBudget { min_pixels: 128 * 28 * 28, max_pixels: 768 * 28 * 28 },
                max_video_tokens: None,
                sampling: FrameSampling::default(),
            },
        }
    }
}

impl VisionSettings {
    /// Reads the settings of a model folder where the published loader looks for them: for images
    /// `processor_config.json` (its `image_processor`), else `preprocessor_config.json`; for clips
    /// `processor_config.json` (its `video_processor`), else `video_preprocessor_config.json`, else
    /// `preprocessor_config.json`. A key that is absent has its published default; a file that is absent
    /// altogether is an error, as it is there.
    pub fn from_dir(model_dir: &Path) -> Result<Self, SettingsError> {
        let (image, video) = read_sections(model_dir)?;
        let still = Self::from_section(&image)?;
        let clip = Self::from_section(&video)?;
        if let Some(key) = still.difference(&clip) {
            return Err(video.unsupported(key, "the same value for images and for clips"));
        }
        Ok(Self {
            image: budget(&image, still.image)?,
            video: video_budget(&video, still.video, still.temporal_patch_size)?,
            ..still
        })
    }

    /// What images and clips share; the budgets stay at their defaults.
    fn from_section(section: &Section) -> Result<Self, SettingsError> {
        section.refuse_other_pipelines()?;
        let default = Self::default();
        Ok(Self {
            patch_size: section.count("patch_size", default.patch_size, 1..=128)?,
            temporal_patch_size: section.count("temporal_patch_size", default.temporal_patch_size, 1..=16)?,
            merge_size: section.count("merge_size", default.merge_size, 1..=16)?,
            mean: section.channels("image_mean", default.mean, |x| x.is_finite())?,
            std: section.channels("image_std", default.std, |x| x.is_finite() && x > 0.0)?,
            rescale_factor: section.positive("rescale_factor", default.rescale_factor)?,
            ..default
        })
    }

    /// The first key in which images and clips would be cut differently.
    fn difference(&self, clip: &Self) -> Option<&'static str> {
        [
            (self.patch_size != clip.patch_size, "patch_size"),
            (self.temporal_patch_size != clip.temporal_patch_size, "temporal_patch_size"),
            (self.merge_size != clip.merge_size, "merge_size"),
            (self.mean != clip.mean, "image_mean"),
            (self.std != clip.std, "image_std"),
            (self.rescale_factor != clip.rescale_factor, "rescale_factor"),
        ]
        .into_iter()
        .find_map(|(differs, key)| differs.then_some(key))
    }

    /// Pixels along one side of a placeholder token: what both sides of a resized picture are multiples of.
    pub fn factor(&self) -> usize {
        self.patch_size * self.merge_size
    }

    /// Zero sizes, which only a caller can set, are refused with the picture's size where they make a factor of 0.
    pub(crate) fn layout(&self) -> Layout {
        Layout { patch: self.patch_size, temporal: self.temporal_patch_size.max(1), merge: self.merge_size }
    }

    /// Mean and deviation over the rescale factor, in `f32` as the published code computes them.
    pub(crate) fn normalise(&self) -> Normalise {
        let scale = (1.0 / self.rescale_factor) as f32;
        Normalise { mean: self.mean.map(|m| m * scale), std: self.std.map(|s| s * scale) }
    }
}

/// `size` with `shortest_edge` and `longest_edge`, each overridden by the older `min_pixels` and `max_pixels`.
fn budget(section: &Section, default: PixelBudget) -> Result<PixelBudget, SettingsError> {
    let read = |old: &'static str, edge: &'static str, default, limit| match section.given(old) {
        Some(_) => section.count(old, default, 1..=limit),
        None => section.edge(edge, default, 1..=limit),
    };
    Ok(PixelBudget {
        min_pixels: read("min_pixels", "shortest_edge", default.min_pixels, MAX_MIN_PIXELS)?,
        max_pixels: read("max_pixels", "longest_edge", default.max_pixels, u32::MAX as usize)?,
    })
}

fn video_budget(
    section: &Section,
    default: VideoBudget,
    temporal_patch_size: usize,
) -> Result<VideoBudget, SettingsError> {
    let capped = section.flag("cap_pixels_per_frame")?.unwrap_or(false);
    let tokens = section.count("max_video_tokens", 128_000, 1..=1 << 30)?;
    let sampling = default.sampling;
    Ok(VideoBudget {
        frame: budget(section, default.frame)?,
        max_video_tokens: capped.then_some(tokens),
        sampling: FrameSampling {
            fps: section.given("fps").map_or(Ok(sampling.fps), |_| section.positive("fps", sampling.fps))?,
            min_frames: section.count("min_frames", sampling.min_frames, 1..=1 << 20)?,
            max_frames: section.count("max_frames", sampling.max_frames, 1..=1 << 20)?,
            temporal_patch_size,
        },
    })
}
