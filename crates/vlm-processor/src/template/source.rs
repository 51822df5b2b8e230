//! Where a model folder keeps its chat template.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::model_file::{JsonFile, read_text};
use crate::text_error::ProcessorError;
use crate::text_limits::MAX_CONFIG_BYTES;

/// The file that decides and the source it holds.
pub(super) fn find(dir: &Path) -> Result<Option<(PathBuf, String)>, ProcessorError> {
    for file in ["processor_config.json", "chat_template.json"] {
        if let Some(found) = in_json(dir, file)? {
            return Ok(Some(found));
        }
    }
    let path = dir.join("chat_template.jinja");
    if let Some(text) = template_source(&path)? {
        return Ok(Some((path, text)));
    }
    in_json(dir, "tokenizer_config.json")
}

/// A file of Jinja source; `None` when there is no such file.
pub(crate) fn template_source(path: &Path) -> Result<Option<String>, ProcessorError> {
    // Python reads text files with universal newlines.
    let universal = |text: String| text.replace("\r\n", "\n").replace('\r', "\n");
    Ok(read_text(path, MAX_CONFIG_BYTES)?.map(universal))
}

/// The field `chat_template`: a source, an object from names to sources, or a list of named sources.
fn in_json(dir: &Path, name: &str) -> Result<Option<(PathBuf, String)>, ProcessorError> {
    const FIELD: &str = "chat_template";
    const EXPECTED: &str = "a template, or named templates of which one is called \"default\"";
    let Some(file) = JsonFile::read(dir, name, MAX_CONFIG_BYTES)? else { return Ok(None) };
    let Some(value) = file.get(FIELD) else { return Ok(None) };
    let text = match value {
        Value::String(text) => Some(text.as_str()),
        Value::Object(named) => named.get("default").and_then(Value::as_str),
        Value::Array(named) => {
            named.iter().find(|t| t["name"] == "default").and_then(|t| t["template"].as_str())
        }
        _ => None,
    };
    match text {
        Some(text) => Ok(Some((file.path.clone(), text.to_owned()))),
        None => Err(file.wrong(FIELD, value, EXPECTED)),
    }
}
