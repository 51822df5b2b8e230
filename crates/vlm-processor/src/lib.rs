//! Pixels and text to the inputs of Qwen2-VL and Qwen2.5-VL.

mod contained_path;
mod family;
mod grid;
mod labels;
mod message;
mod model_file;
mod placeholders;
mod positions;
mod prompt;
mod row;
mod row_reader;
mod template;
mod text_error;
pub mod text_limits;
mod text_processor;
mod tokenizer;
mod tokenizer_file;

pub use contained_path::contained_path;
pub use family::Family;
pub use grid::{Grid, Patches};
pub use labels::SpanEnd;
pub use message::{Content, Message, Part, Role};
pub use positions::{Positions, TimeScale, VisualLayout, rope_positions};
pub use prompt::{Prompt, Token, Visual, VisualKind};
pub use row::{DEFAULT_FPS, Row, VideoSource};
pub use row_reader::RowReader;
pub use template::{ChatTemplate, GenerationPrompt, Origin, VisionIds};
pub use text_error::{LineError, PathProblem, ProcessorError, RowError, RowProblem, TemplateError};
pub use text_processor::{LabelledPrompt, RowVisuals, SpecialIds, TextProcessor};
pub use tokenizer::{SpecialTokens, Tokenizer};
