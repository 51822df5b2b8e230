//! Clips: which frames are kept, and what becomes of them.

use image::RgbImage;

use crate::grid::Patches;
use crate::patches::cut;
use crate::pixel_error::{ImageError, VideoError};
use crate::smart_resize::smart_resize;
use crate::vision_settings::VisionSettings;

/// How frames are chosen from a clip that has more than the model is to see.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameSampling {
    /// Frames wanted per second.
    pub fps: f64,
    /// At least this many, where the clip has them.
    pub min_frames: usize,
    /// At most this many.
    pub max_frames: usize,
    /// The number kept is a multiple of this: the frames of one patch.
    pub temporal_patch_size: usize,
}

impl Default for FrameSampling {
    /// The published values: 2 frames a second, 4 to 768 of them, in pairs.
    fn default() -> Self {
        Self { fps: 2.0, min_frames: 4, max_frames: 768, temporal_patch_size: 2 }
    }
}

/// Indices of the frames to keep of a clip of `total` frames at `source_fps`, evenly spread from the first on.
///
/// With T = `temporal_patch_size` and M = ⌊min(`max_frames`, total)/T⌋·T, the number kept is
/// n = ⌊min(max(total/`source_fps`·`fps`, `min_frames`), M, total)/T⌋·T and frame i is ⌊i·total/n⌋. A clip shorter
/// than T is kept whole: [`VisionSettings::video_patches`] repeats its last frame.
///
/// ```
/// use vlm_processor::{FrameSampling, sample_frames};
/// assert_eq!(sample_frames(100, 25.0, &FrameSampling::default()), [0, 12, 25, 37, 50, 62, 75, 87]);
/// ```
pub fn sample_frames(total: usize, source_fps: f64, sampling: &FrameSampling) -> Vec<usize> {
    let multiple = sampling.temporal_patch_size.max(1);
    let most = (sampling.max_frames.min(total) / multiple) * multiple;
    let wanted = (total as f64 / source_fps * sampling.fps).max(sampling.min_frames as f64);
    let kept = (wanted.min(most as f64) as usize / multiple) * multiple;
    if kept == 0 {
        return (0..total.min(multiple)).collect();
    }
    let step = total as f64 / kept as f64;
    // The published code holds the positions in f32 before it cuts them off. Its own count may exceed `kept` by one
    // through rounding; the index it then adds lies behind the last frame, so it is left out here.
    (0..kept).map(|i| ((i as f64 * step) as f32 as usize).min(total - 1)).collect()
}

/// A clip as the vision tower reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoPatches {
    /// Its patches.
    pub patches: Patches,
    /// Seconds that pass from one temporal patch to the next, T / fps: the time step of Qwen2.5-VL's positions.
    pub seconds_per_grid: f64,
}

impl VisionSettings {
    /// A still image as patches: a clip of one frame, repeated, under the image's own pixel budget.
    pub fn image_patches(&self, image: &RgbImage) -> Result<Patches, ImageError> {
        let (height, width) = (image.height() as usize, image.width() as usize);
        let size = smart_resize(height, width, self.factor(), self.image.min_pixels, self.image.max_pixels)?;
        Ok(cut(std::slice::from_ref(image), size, self.layout(), self.normalise()))
    }

    /// Frames of one size as patches; `fps` is the rate of the frames given. All are resized alike, and the last
    /// is repeated where their number is no multiple of the temporal patch.
    pub fn video_patches(&self, frames: &[RgbImage], fps: f64) -> Result<VideoPatches, VideoError> {
        if !(fps.is_finite() && fps > 0.0) {
            return Err(VideoError::Rate { fps });
        }
        let first = frames.first().ok_or(VideoError::Empty)?;
        let expected = first.dimensions();
        if let Some(index) = frames.iter().position(|frame| frame.dimensions() != expected) {
            return Err(VideoError::FrameSize { index, found: frames[index].dimensions(), expected });
        }
        let budget = self.video.per_frame(frames.len(), self.factor());
        let (height, width) = (expected.1 as usize, expected.0 as usize);
        let size = smart_resize(height, width, self.factor(), budget.min_pixels, budget.max_pixels)?;
        Ok(VideoPatches {
            patches: cut(frames, size, self.layout(), self.normalise()),
            seconds_per_grid: self.temporal_patch_size as f64 / fps,
        })
    }
}
