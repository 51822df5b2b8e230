//! Pixels and text to the inputs of Qwen2-VL and Qwen2.5-VL.
//!
//! [`Processor`] reads a model folder once; [`RowReader`] reads rows; [`Processor::prepare`] makes a
//! [`Prompt`] out of each. [`TextProcessor`] is the part that needs no pixels.

mod color;
mod contained_path;
mod decode;
mod dispatch;
mod family;
mod grid;
mod jpeg;
mod kernel;
mod labels;
mod limits;
mod message;
mod model_file;
mod patches;
mod picture_source;
mod pixel_error;
mod placeholders;
mod positions;
mod processor;
mod prompt;
mod regular_file;
mod resize;
mod row;
mod row_error;
mod row_reader;
mod settings_file;
mod smart_resize;
mod template;
mod text_error;
pub mod text_limits;
mod text_processor;
mod tokenizer;
mod tokenizer_file;
mod video;
mod vision_settings;

pub use contained_path::contained_path;
pub use decode::{decode_image, load_image};
pub use family::Family;
pub use grid::{Grid, Patches};
pub use labels::SpanEnd;
pub use limits::{HARD_MAX_PIXELS, ImageLimits};
pub use message::{Content, Message, Part, Role};
pub use picture_source::{EncodedPicture, Folder, PictureFault, PictureSource};
pub use pixel_error::{ImageError, SizeError, VideoError};
pub use positions::{Positions, TimeScale, VisualLayout, rope_positions};
pub use processor::Processor;
pub use prompt::{Prompt, Token, Visual, VisualKind};
pub use regular_file::open_regular;
pub use row::{DEFAULT_FPS, Row, VideoSource};
pub use row_error::{PathProblem, RowError, RowProblem};
pub use row_reader::{LineError, RowReader};
pub use smart_resize::{MAX_ASPECT, smart_resize};
pub use template::{ChatTemplate, GenerationPrompt, Origin, VisionIds};
pub use text_error::{ProcessorError, TemplateError};
pub use text_processor::{LabelledPrompt, RowVisuals, SpecialIds, TextProcessor};
pub use tokenizer::{SpecialTokens, Tokenizer};
pub use video::{FrameSampling, VideoPatches, sample_frames};
pub use vision_settings::{MAX_MIN_PIXELS, PixelBudget, SettingsError, VideoBudget, VisionSettings};
