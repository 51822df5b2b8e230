//! Rows to prompts, from the files of a row to the model's inputs.

use std::path::Path;

use image::RgbImage;
use rayon::prelude::*;

use crate::decode::decode_image;
use crate::grid::Patches;
use crate::labels::SpanEnd;
use crate::limits::ImageLimits;
use crate::picture_source::{Folder, PictureSource};
use crate::pixel_error::ImageError;
use crate::prompt::Prompt;
use crate::row::{Row, VideoSource};
use crate::row_error::{RowError, RowProblem};
use crate::template::VisionIds;
use crate::text_error::ProcessorError;
use crate::text_limits::{MAX_CLIP_PIXELS, MAX_FRAMES, MAX_PROMPT_TOKENS};
use crate::text_processor::{LabelledPrompt, RowVisuals, SpecialIds, TextProcessor};
use crate::tokenizer::SpecialTokens;
use crate::video::VideoPatches;
use crate::vision_settings::VisionSettings;

/// Frames that are decoded side by side.
const FRAMES_AT_ONCE: usize = 16;

/// A model folder's whole preprocessing. It is read once and shared between threads.
///
/// ```
/// use std::path::Path;
/// use vlm_processor::{Processor, Row};
///
/// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data-fixtures/models/text-qwen2_5_vl-nested");
/// let processor = Processor::from_dir(Path::new(folder))?;
/// let row: Row = serde_json::from_str(r#"{"id": "1", "messages": [{"role": "user", "content": "Hi"}]}"#)?;
/// let prompt = processor.prepare(&row, Path::new("."))?;
/// assert_eq!(prompt.positions.len(), prompt.ids.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Processor {
    text: TextProcessor,
    vision: VisionSettings,
    limits: ImageLimits,
}

impl Processor {
    /// Reads the tokenizer, chat template, configuration and image settings of a model folder.
    pub fn from_dir(model_dir: &Path) -> Result<Self, ProcessorError> {
        let text = TextProcessor::from_dir(model_dir)?;
        let vision = VisionSettings::from_dir(model_dir)?;
        check_patches(model_dir, &text, &vision)?;
        Ok(Self { text, vision, limits: ImageLimits::default() })
    }

    /// The same processor with other caps on image files.
    #[must_use]
    pub fn with_limits(mut self, limits: ImageLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The same processor with other limits for images, where they are given.
    #[must_use]
    pub fn with_pixels(mut self, min: Option<usize>, max: Option<usize>) -> Self {
        let budget = &mut self.vision.image;
        budget.min_pixels = min.unwrap_or(budget.min_pixels);
        budget.max_pixels = max.unwrap_or(budget.max_pixels);
        self
    }

    /// The same processor, announcing visuals as `ids` says.
    #[must_use]
    pub fn with_vision_ids(mut self, ids: VisionIds) -> Self {
        self.text = self.text.with_vision_ids(ids);
        self
    }

    /// The same processor with the chat template of a file of Jinja source in place of the folder's.
    pub fn with_template(mut self, path: &Path) -> Result<Self, ProcessorError> {
        self.text = self.text.with_template(path)?;
        Ok(self)
    }

    /// The part that needs no pixels.
    pub fn text(&self) -> &TextProcessor {
        &self.text
    }

    /// The image and video settings.
    pub fn vision(&self) -> &VisionSettings {
        &self.vision
    }

    /// Ids of the special tokens.
    pub fn special(&self) -> &SpecialIds {
        self.text.special()
    }

    /// The prompt of a row, ending in an open assistant turn. File names in the row are relative to
    /// `root`, the folder of the row's file.
    pub fn prepare(&self, row: &Row, root: &Path) -> Result<Prompt, RowError> {
        self.prepare_from(row, &Folder(root))
    }

    /// The same for a row whose pictures come from `pictures`.
    pub fn prepare_from(&self, row: &Row, pictures: &dyn PictureSource) -> Result<Prompt, RowError> {
        self.text.assemble(row, self.load_from(row, pictures)?)
    }

    /// The conversation of a row for supervised training, with the assistant's turns as label spans.
    pub fn prepare_labelled(&self, row: &Row, root: &Path, end: SpanEnd) -> Result<LabelledPrompt, RowError> {
        self.prepare_labelled_from(row, &Folder(root), end)
    }

    /// The same for a row whose pictures come from `pictures`.
    pub fn prepare_labelled_from(
        &self,
        row: &Row,
        pictures: &dyn PictureSource,
        end: SpanEnd,
    ) -> Result<LabelledPrompt, RowError> {
        self.text.assemble_labelled(row, self.load_from(row, pictures)?, end)
    }

    /// The completion that a row brings for scoring, see [`TextProcessor::prepare_completion`].
    pub fn prepare_completion(&self, row: &Row) -> Result<Option<Vec<u32>>, RowError> {
        self.text.prepare_completion(row)
    }

    /// Token ids of `text`.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, RowProblem> {
        self.text.tokenizer().encode(text)
    }

    /// The text of `ids`.
    pub fn decode(&self, ids: &[u32], special: SpecialTokens) -> Result<String, RowProblem> {
        self.text.decode(ids, special)
    }

    /// Reads the row's files and cuts them into patches.
    pub fn load(&self, row: &Row, root: &Path) -> Result<RowVisuals, RowError> {
        self.load_from(row, &Folder(root))
    }

    /// Reads the row's pictures from `pictures` and cuts them into patches.
    pub fn load_from(&self, row: &Row, pictures: &dyn PictureSource) -> Result<RowVisuals, RowError> {
        row.check_counts()?;
        let fps = row.checked_fps()?;
        let mut visuals = RowVisuals::default();
        let mut tokens = 0;
        for (index, name) in row.images.iter().enumerate() {
            let field = || format!("images[{index}]");
            let patches = self.open(pictures, name, &field).and_then(|image| {
                self.vision
                    .image_patches(&image)
                    .map_err(|source| RowProblem::Image { field: field(), source })
            });
            let patches = patches.map_err(|problem| row.error(problem))?;
            self.count(&mut tokens, &patches).map_err(|problem| row.error(problem))?;
            visuals.push_image(patches);
        }
        for (index, source) in row.videos.iter().enumerate() {
            let video = self.video(pictures, index, source, fps).map_err(|problem| row.error(problem))?;
            self.count(&mut tokens, &video.patches).map_err(|problem| row.error(problem))?;
            visuals.push_video(video.patches, video.seconds_per_grid);
        }
        Ok(visuals)
    }

    /// Ends a row that names ever more files before their patches fill the memory.
    fn count(&self, tokens: &mut usize, patches: &Patches) -> Result<(), RowProblem> {
        *tokens += patches.grid.tokens(self.vision.merge_size);
        let limit = MAX_PROMPT_TOKENS;
        if *tokens > limit { Err(RowProblem::PromptTooLong { found: *tokens, limit }) } else { Ok(()) }
    }

    fn open(
        &self,
        pictures: &dyn PictureSource,
        name: &str,
        field: &dyn Fn() -> String,
    ) -> Result<RgbImage, RowProblem> {
        let picture = pictures.read(name, &self.limits).map_err(|fault| fault.in_field(field()))?;
        decode_image(&picture.bytes, &self.limits).map_err(|source| {
            let source = ImageError::At { path: picture.place, source: Box::new(source) };
            RowProblem::Image { field: field(), source }
        })
    }

    fn video(
        &self,
        pictures: &dyn PictureSource,
        index: usize,
        source: &VideoSource,
        fps: f64,
    ) -> Result<VideoPatches, RowProblem> {
        let field = format!("videos[{index}]");
        let names = match source {
            VideoSource::Frames(names) => names,
            VideoSource::Clip(name) => return Err(RowProblem::Clip { field, name: name.clone() }),
        };
        let frames = self.frames(pictures, &field, names)?;
        self.vision.video_patches(&frames, fps).map_err(|source| RowProblem::Video { field, source })
    }

    fn frames(
        &self,
        pictures: &dyn PictureSource,
        field: &str,
        names: &[String],
    ) -> Result<Vec<RgbImage>, RowProblem> {
        if names.len() > MAX_FRAMES {
            return Err(RowProblem::TooManyFrames {
                field: field.to_owned(),
                found: names.len(),
                limit: MAX_FRAMES,
            });
        }
        let mut frames: Vec<RgbImage> = Vec::new();
        let mut pixels = 0_u64;
        for (chunk, names) in names.chunks(FRAMES_AT_ONCE).enumerate() {
            let open = |(at, name): (usize, &String)| {
                let place = || format!("{field}[{}]", chunk * FRAMES_AT_ONCE + at);
                self.open(pictures, name, &place)
            };
            let opened: Vec<_> = names.par_iter().enumerate().map(open).collect();
            for frame in opened {
                let frame = frame?;
                pixels += u64::from(frame.width()) * u64::from(frame.height());
                frames.push(frame);
            }
            if pixels > MAX_CLIP_PIXELS {
                return Err(RowProblem::ClipPixels { field: field.to_owned(), limit: MAX_CLIP_PIXELS });
            }
        }
        Ok(frames)
    }
}

/// The tower of config.json reads what the settings of the image processor cut: they must agree.
fn check_patches(dir: &Path, text: &TextProcessor, vision: &VisionSettings) -> Result<(), ProcessorError> {
    let tower = text.patch_sizes();
    let pairs = [
        ("spatial_merge_size", tower.merge, "merge_size", vision.merge_size),
        ("patch_size", tower.patch, "patch_size", vision.patch_size),
        ("temporal_patch_size", tower.temporal, "temporal_patch_size", vision.temporal_patch_size),
    ];
    match pairs.into_iter().find(|(_, found, _, expected)| found != expected) {
        None => Ok(()),
        Some((field, found, key, expected)) => Err(ProcessorError::Field {
            path: dir.join("config.json"),
            field: format!("vision_config.{field}"),
            found: found.to_string(),
            expected: format!("{expected}, the {key} of the image processor's settings"),
        }),
    }
}
