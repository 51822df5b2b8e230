//! Pixels and text to the inputs of Qwen2-VL and Qwen2.5-VL.

mod color;
mod decode;
mod dispatch;
mod grid;
mod jpeg_end;
mod kernel;
mod limits;
mod patches;
mod pixel_error;
mod prompt;
mod resize;
mod settings_file;
mod smart_resize;
mod video;
mod vision_settings;

pub use decode::{decode_image, load_image};
pub use grid::{Grid, Patches};
pub use limits::{HARD_MAX_PIXELS, ImageLimits};
pub use pixel_error::{ImageError, SizeError, VideoError};
pub use prompt::{Prompt, Token, Visual, VisualKind};
pub use smart_resize::{MAX_ASPECT, smart_resize};
pub use video::{FrameSampling, VideoPatches, sample_frames};
pub use vision_settings::{MAX_MIN_PIXELS, PixelBudget, SettingsError, VideoBudget, VisionSettings};
