//! Chat templates: the folder's own Jinja source, rendered in a sandbox with hard limits.

mod builtin;
mod generation_tag;
mod python_text;
mod sandbox;
mod source;

pub(crate) use source::template_source;

use std::path::{Path, PathBuf};

use minijinja::value::Serde;
use minijinja::{Environment, ErrorKind, Value};

use crate::message::Message;
use crate::template::sandbox::{CappedText, RefusedByTemplate};
use crate::text_error::{ProcessorError, TemplateError};
use crate::text_limits::{MAX_RENDERED_BYTES, MAX_TEMPLATE_BYTES, MAX_TEMPLATE_FUEL};
use crate::tokenizer::TokenNames;

/// Whether the rendered text ends with the opening of an assistant turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GenerationPrompt {
    /// Open an assistant turn for the model to write.
    Append,
    /// End after the last message.
    Omit,
}

/// Whether visuals are announced by number (`Picture 1: `).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VisionIds {
    /// No announcement, as published models are used by default.
    #[default]
    Plain,
    /// `add_vision_id` of the published templates.
    Numbered,
}

/// A compiled chat template.
pub struct ChatTemplate {
    engine: Environment<'static>,
    origin: Origin,
    special: Vec<(&'static str, String)>,
}

/// Where a template came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file of the model folder.
    File(PathBuf),
    /// The folder has none: the family's published form is used.
    BuiltIn,
}

const NAME: &str = "chat";

impl ChatTemplate {
    /// The template of a folder. First found wins, in the order of transformers:
    /// `chat_template` in `processor_config.json`, `chat_template.json`, `chat_template.jinja`,
    /// `chat_template` in `tokenizer_config.json`. A folder without any gets the form that the
    /// families were published with.
    pub(crate) fn from_dir(dir: &Path, names: &TokenNames) -> Result<Self, ProcessorError> {
        let (origin, text) = match source::find(dir)? {
            Some((path, text)) => (Origin::File(path), text),
            None => (Origin::BuiltIn, builtin::PUBLISHED_FORM.to_owned()),
        };
        let failed = |source| match &origin {
            Origin::File(path) => ProcessorError::Template { path: path.clone(), source },
            Origin::BuiltIn => ProcessorError::Template { path: dir.to_owned(), source },
        };
        let mut template = Self::compile(&text).map_err(failed)?;
        template.origin = origin;
        template.special = vec![("eos_token", names.eos.clone()), ("pad_token", names.pad.clone())];
        template.special.extend(names.bos.clone().map(|bos| ("bos_token", bos)));
        Ok(template)
    }

    /// Compiles Jinja source.
    pub fn compile(source: &str) -> Result<Self, TemplateError> {
        if source.len() > MAX_TEMPLATE_BYTES {
            return Err(TemplateError::SourceTooLong { found: source.len(), limit: MAX_TEMPLATE_BYTES });
        }
        let mut engine = sandbox::environment();
        engine.add_template_owned(NAME, generation_tag::rewrite(source)).map_err(|e| explain(&e))?;
        Ok(Self { engine, origin: Origin::BuiltIn, special: Vec::new() })
    }

    /// Another source in place of this one, with the same special tokens.
    pub(crate) fn replaced(&self, source: &str, origin: Origin) -> Result<Self, TemplateError> {
        Ok(Self { origin, special: self.special.clone(), ..Self::compile(source)? })
    }

    /// Where the source came from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The conversation as one text, placeholders included.
    pub fn render(
        &self,
        messages: &[Message],
        prompt: GenerationPrompt,
        ids: VisionIds,
    ) -> Result<String, TemplateError> {
        let mut variables: Vec<(&str, Value)> =
            self.special.iter().map(|(name, text)| (*name, Value::from(text.as_str()))).collect();
        variables.push(("messages", Value::from(Serde(messages))));
        variables.push(("add_generation_prompt", Value::from(prompt == GenerationPrompt::Append)));
        variables.push(("tools", Value::from(())));
        variables.push(("documents", Value::from(())));
        if ids == VisionIds::Numbered {
            variables.push(("add_vision_id", Value::from(true)));
        }
        let mut output = CappedText::new(MAX_RENDERED_BYTES);
        let template = self.engine.get_template(NAME).map_err(|e| explain(&e))?;
        let context = Value::from_pairs(variables);
        let rendered = template.render_captured_to(context, &mut output);
        if output.overflowed() {
            return Err(TemplateError::OutputTooLong { limit: MAX_RENDERED_BYTES });
        }
        rendered.map_err(|e| explain(&e))?;
        output.into_text()
    }
}

/// The typed form of an engine error.
fn explain(error: &minijinja::Error) -> TemplateError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if let Some(refused) = current.downcast_ref::<RefusedByTemplate>() {
            return TemplateError::Refused(refused.0.clone());
        }
        let fuel =
            current.downcast_ref::<minijinja::Error>().is_some_and(|e| e.kind() == ErrorKind::OutOfFuel);
        if fuel {
            return TemplateError::OutOfFuel { limit: MAX_TEMPLATE_FUEL };
        }
        cause = current.source();
    }
    let line = error.line().unwrap_or(0);
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    match error.kind() {
        ErrorKind::SyntaxError => TemplateError::Syntax { line, reason: detail },
        kind => TemplateError::Render { line, reason: format!("{kind}: {detail}") },
    }
}
