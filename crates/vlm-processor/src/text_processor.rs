//! Rows to prompts once their visuals are patches: template, tokens, placeholders, positions.

use std::ops::Range;
use std::path::Path;

use crate::family::{Family, PatchSizes, TextConfig};
use crate::grid::Patches;
use crate::labels::{SpanEnd, render_turns, token_spans};
use crate::placeholders::{Expanded, Placeholders, RowLayouts};
use crate::positions::{TimeScale, VisualLayout, rope_positions};
use crate::prompt::{Prompt, Visual, VisualKind};
use crate::row::Row;
use crate::row_error::{RowError, RowProblem};
use crate::template::{ChatTemplate, GenerationPrompt, Origin, VisionIds, template_source};
use crate::text_error::ProcessorError;
use crate::text_limits::{MAX_MESSAGES, MAX_PROMPT_TOKENS};
use crate::tokenizer::{SpecialTokens, Tokenizer};

/// Ids of the tokens with a role of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecialIds {
    /// Any of these ends a completion: the list of `generation_config.json`, or the tokenizer's one.
    pub eos: Vec<u32>,
    /// Fills up batches.
    pub pad: u32,
    /// Stands for one feature of an image.
    pub image: u32,
    /// Stands for one feature of a video.
    pub video: u32,
    /// Written before a visual's placeholders.
    pub vision_start: u32,
    /// Written after a visual's placeholders.
    pub vision_end: u32,
}

impl SpecialIds {
    /// Ids that stand for features or for nothing, which a model must not write: the placeholders, and padding. One
    /// that also ends a completion has to stay possible.
    pub fn never_written(&self, stop: &[u32]) -> Vec<u32> {
        [self.image, self.video, self.pad].into_iter().filter(|id| !stop.contains(id)).collect()
    }
}

/// The visuals of one row, as patches, in the order of the row's two lists.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowVisuals {
    images: Vec<Patches>,
    videos: Vec<(Patches, f64)>,
}

impl RowVisuals {
    /// Adds the row's next image.
    pub fn push_image(&mut self, patches: Patches) {
        self.images.push(patches);
    }

    /// Adds the row's next video; one temporal patch spans `seconds_per_grid` seconds.
    pub fn push_video(&mut self, patches: Patches, seconds_per_grid: f64) {
        self.videos.push((patches, seconds_per_grid));
    }

    fn layouts(&self) -> RowLayouts {
        let layout = |kind, patches: &Patches, seconds_per_grid| VisualLayout {
            kind,
            grid: patches.grid,
            seconds_per_grid,
        };
        RowLayouts {
            images: self.images.iter().map(|p| layout(VisualKind::Image, p, 1.0)).collect(),
            videos: self.videos.iter().map(|(p, seconds)| layout(VisualKind::Video, p, *seconds)).collect(),
        }
    }

    /// Moves the patches into the order in which the tokens refer to them.
    fn into_order(self, order: &[(usize, VisualLayout)]) -> Vec<Visual> {
        let mut images: Vec<Option<Patches>> = self.images.into_iter().map(Some).collect();
        let mut videos: Vec<Option<Patches>> = self.videos.into_iter().map(|(p, _)| Some(p)).collect();
        let take = |(index, layout): &(usize, VisualLayout)| {
            let list = if layout.kind == VisualKind::Image { &mut images } else { &mut videos };
            let patches = list.get_mut(*index).and_then(Option::take)?;
            Some(Visual { kind: layout.kind, patches })
        };
        order.iter().filter_map(take).collect()
    }
}

/// A conversation to learn from: its prompt, and the tokens that are labels.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledPrompt {
    /// The whole conversation, without a generation prompt.
    pub prompt: Prompt,
    /// Token ranges of the assistant's turns, in order; the token at each position in them is a label.
    pub spans: Vec<Range<usize>>,
}

/// Everything of a model folder that turns text into ids and positions.
pub struct TextProcessor {
    family: Family,
    time: TimeScale,
    tokenizer: Tokenizer,
    template: ChatTemplate,
    placeholders: Placeholders,
    special: SpecialIds,
    model_vocab: usize,
    patches: PatchSizes,
    vision_ids: VisionIds,
}

impl TextProcessor {
    /// Reads configuration, tokenizer and chat template of a folder.
    pub fn from_dir(dir: &Path) -> Result<Self, ProcessorError> {
        let config = TextConfig::from_dir(dir)?;
        let tokenizer = Tokenizer::from_dir(dir)?;
        let template = ChatTemplate::from_dir(dir, tokenizer.names())?;
        let special = special_ids(&config, &tokenizer)?;
        check_id(dir, "image_token_id", config.image_token_id, special.image)?;
        check_id(dir, "video_token_id", config.video_token_id, special.video)?;
        let names = tokenizer.names();
        let placeholders = Placeholders {
            image: (special.image, names.image.clone()),
            video: (special.video, names.video.clone()),
            merge_size: config.patches.merge,
        };
        let time = match config.family {
            Family::Qwen2Vl => TimeScale::Patches,
            Family::Qwen2_5Vl => TimeScale::Clock { tokens_per_second: config.tokens_per_second },
        };
        let model_vocab = config.vocab_size;
        let (family, patches, vision_ids) = (config.family, config.patches, VisionIds::default());
        Ok(Self {
            family,
            time,
            tokenizer,
            template,
            placeholders,
            special,
            model_vocab,
            patches,
            vision_ids,
        })
    }

    /// The same processor, announcing visuals as `ids` says.
    #[must_use]
    pub fn with_vision_ids(mut self, ids: VisionIds) -> Self {
        self.vision_ids = ids;
        self
    }

    /// The same processor with the chat template of a file of Jinja source.
    pub fn with_template(mut self, path: &Path) -> Result<Self, ProcessorError> {
        let text = template_source(path)?.ok_or(ProcessorError::Missing {
            path: path.to_owned(),
            help: "give a file with a Jinja template",
        })?;
        let replaced = self.template.replaced(&text, Origin::File(path.to_owned()));
        self.template =
            replaced.map_err(|source| ProcessorError::Template { path: path.to_owned(), source })?;
        Ok(self)
    }

    /// The model family.
    pub fn family(&self) -> Family {
        self.family
    }

    /// Ids of the special tokens.
    pub fn special(&self) -> &SpecialIds {
        &self.special
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The chat template.
    pub fn template(&self) -> &ChatTemplate {
        &self.template
    }

    /// The side of the square of patches that becomes one token.
    pub fn merge_size(&self) -> usize {
        self.placeholders.merge_size
    }

    /// How the vision tower expects pictures to be cut.
    pub(crate) fn patch_sizes(&self) -> PatchSizes {
        self.patches
    }

    /// How the time axis of positions runs.
    pub fn time_scale(&self) -> TimeScale {
        self.time
    }

    /// The row's conversation as text, ending in an open assistant turn.
    pub fn render(&self, row: &Row) -> Result<String, RowError> {
        let fail = |problem| row.error(problem);
        check_messages(row).map_err(fail)?;
        let text = self.template.render(&row.messages, GenerationPrompt::Append, self.vision_ids);
        text.map_err(|e| row.error(e.into()))
    }

    /// The prompt of a row for generation and scoring.
    pub fn assemble(&self, row: &Row, visuals: RowVisuals) -> Result<Prompt, RowError> {
        let text = self.render(row)?;
        let assembled = || -> Result<Prompt, RowProblem> {
            let expanded = self.placeholders.expand(&self.tokenizer.encode(&text)?, &visuals.layouts())?;
            self.finish(expanded, visuals)
        };
        assembled().map_err(|problem| row.error(problem))
    }

    /// The conversation of a row for supervised training. A `completion` in the row is not read: the
    /// assistant's turns are the messages.
    pub fn assemble_labelled(
        &self,
        row: &Row,
        visuals: RowVisuals,
        end: SpanEnd,
    ) -> Result<LabelledPrompt, RowError> {
        let assembled = || -> Result<LabelledPrompt, RowProblem> {
            check_messages(row)?;
            let turns = render_turns(&self.template, &row.messages, self.vision_ids, end)?;
            let encoding = self.tokenizer.encode_with_offsets(&turns.text)?;
            let expanded = self.placeholders.expand(encoding.get_ids(), &visuals.layouts())?;
            let spans = token_spans(&turns.spans, encoding.get_offsets(), &expanded.starts);
            Ok(LabelledPrompt { prompt: self.finish(expanded, visuals)?, spans })
        };
        assembled().map_err(|problem| row.error(problem))
    }

    /// The completion that a row brings for scoring, as ids: `completion` is tokenised as the
    /// continuation of the prompt with no end token added, `completion_ids` are taken as they stand.
    pub fn prepare_completion(&self, row: &Row) -> Result<Option<Vec<u32>>, RowError> {
        match (&row.completion, &row.completion_ids) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(row.error(RowProblem::TwoCompletions)),
            (Some(text), None) => {
                let ids = self.tokenizer.encode_continuation(text).map_err(|problem| row.error(problem))?;
                self.check_completion(row, ids).map(Some)
            }
            (None, Some(ids)) => self.check_completion(row, ids.clone()).map(Some),
        }
    }

    /// The text of `ids`, see [`Tokenizer::decode`].
    pub fn decode(&self, ids: &[u32], special: SpecialTokens) -> Result<String, RowProblem> {
        self.tokenizer.decode(ids, special)
    }

    fn check_completion(&self, row: &Row, ids: Vec<u32>) -> Result<Vec<u32>, RowError> {
        let vocab = self.model_vocab;
        if ids.len() > MAX_PROMPT_TOKENS {
            return Err(row.error(RowProblem::PromptTooLong { found: ids.len(), limit: MAX_PROMPT_TOKENS }));
        }
        match ids.iter().position(|&id| id as usize >= vocab) {
            None => Ok(ids),
            Some(index) => Err(row.error(RowProblem::CompletionId { index, found: ids[index], vocab })),
        }
    }

    fn finish(&self, expanded: Expanded, visuals: RowVisuals) -> Result<Prompt, RowProblem> {
        let (ids, vocab) = (&expanded.ids, self.model_vocab);
        if ids.is_empty() {
            return Err(RowProblem::NoTokens);
        }
        if let Some(index) = ids.iter().position(|&id| id as usize >= vocab) {
            return Err(RowProblem::TokenId { index, found: ids[index], vocab });
        }
        let layouts: Vec<VisualLayout> = expanded.order.iter().map(|(_, layout)| *layout).collect();
        let positions = rope_positions(&expanded.tokens, &layouts, self.merge_size(), self.time);
        Ok(Prompt {
            visuals: visuals.into_order(&expanded.order),
            tokens: expanded.tokens,
            ids: expanded.ids,
            positions: positions.tokens,
            delta: positions.delta,
        })
    }
}

fn check_messages(row: &Row) -> Result<(), RowProblem> {
    match row.messages.len() {
        0 => Err(RowProblem::NoMessages),
        found if found > MAX_MESSAGES => Err(RowProblem::TooManyMessages { found, limit: MAX_MESSAGES }),
        _ => Ok(()),
    }
}

fn special_ids(config: &TextConfig, tokenizer: &Tokenizer) -> Result<SpecialIds, ProcessorError> {
    let names = tokenizer.names();
    let eos = match config.eos.as_slice() {
        [] => vec![tokenizer.required_id(&names.eos)?],
        ids => ids.to_vec(),
    };
    Ok(SpecialIds {
        pad: config.pad.map_or_else(|| tokenizer.required_id(&names.pad), Ok)?,
        eos,
        image: tokenizer.required_id(&names.image)?,
        video: tokenizer.required_id(&names.video)?,
        vision_start: tokenizer.required_id("<|vision_start|>")?,
        vision_end: tokenizer.required_id("<|vision_end|>")?,
    })
}

/// The model looks for the id of config.json, the text gets the id of the tokenizer: they must agree.
fn check_id(dir: &Path, field: &str, config: Option<u32>, tokenizer: u32) -> Result<(), ProcessorError> {
    match config {
        Some(found) if found != tokenizer => Err(ProcessorError::Field {
            path: dir.join("config.json"),
            field: field.to_owned(),
            found: found.to_string(),
            expected: format!("{tokenizer}, the id that tokenizer.json gives this placeholder"),
        }),
        _ => Ok(()),
    }
}
