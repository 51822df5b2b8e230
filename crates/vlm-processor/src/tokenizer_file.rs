//! Checks of `tokenizer.json` before the dependency sees it: sizes, ids and shapes that make it panic.

use std::collections::HashSet;
use std::path::Path;

use serde_json::Value;

use crate::model_file::JsonFile;
use crate::text_error::ProcessorError;
use crate::text_limits::MAX_VOCAB;

/// Checks the file, removes what must not act on prompts, and returns the added tokens with their ids.
///
/// Truncation and padding are removed because transformers switches both off for every call;
/// `trim_offsets` is switched off so that offsets cover whitespace, which label spans need.
pub(crate) fn check_and_clean(file: &mut JsonFile) -> Result<Vec<(String, u32)>, ProcessorError> {
    check_model(file)?;
    let added = added_tokens(file)?;
    for key in ["truncation", "padding"] {
        file.value[key] = Value::Null;
    }
    if let Some(processor) = file.value.get_mut("post_processor") {
        keep_whitespace_offsets(processor, 0);
    }
    Ok(added)
}

fn check_model(file: &JsonFile) -> Result<(), ProcessorError> {
    let null = Value::Null;
    let kind = file.get("model.type").unwrap_or(&null);
    // Old files leave the type out; their merges say that they are BPE.
    if kind.as_str() != Some("BPE") && !(kind.is_null() && file.get("model.merges").is_some()) {
        return Err(file.wrong("model.type", kind, "\"BPE\", as the Qwen2 family uses"));
    }
    let vocab = file.get("model.vocab").unwrap_or(&null);
    let entries = vocab.as_object().filter(|v| !v.is_empty() && v.len() <= MAX_VOCAB);
    let entries =
        entries.ok_or_else(|| file.wrong("model.vocab", vocab, "an object of 1 to 4194304 tokens"))?;
    let mut seen = HashSet::with_capacity(entries.len());
    for (token, id) in entries {
        let fresh = id.as_u64().filter(|n| *n < MAX_VOCAB as u64).is_some_and(|n| seen.insert(n));
        if !fresh {
            let field = format!("model.vocab[{:?}]", token.chars().take(40).collect::<String>());
            return Err(file.wrong(&field, id, "an id below 4194304 that no other token has"));
        }
    }
    check_merges(file)
}

fn check_merges(file: &JsonFile) -> Result<(), ProcessorError> {
    let Some(merges) = file.get("model.merges") else { return Ok(()) };
    let list = merges.as_array().filter(|m| m.len() <= 2 * MAX_VOCAB);
    let list = list.ok_or_else(|| file.wrong("model.merges", merges, "a list of pairs"))?;
    let pair = |merge: &Value| match merge {
        Value::String(text) => text.contains(' '),
        Value::Array(pair) => pair.len() == 2 && pair.iter().all(Value::is_string),
        _ => false,
    };
    match list.iter().position(|merge| !pair(merge)) {
        None => Ok(()),
        Some(index) => {
            let field = format!("model.merges[{index}]");
            Err(file.wrong(&field, &list[index], "two tokens, as \"a b\" or [\"a\", \"b\"]"))
        }
    }
}

fn added_tokens(file: &JsonFile) -> Result<Vec<(String, u32)>, ProcessorError> {
    let Some(value) = file.get("added_tokens") else { return Ok(Vec::new()) };
    let list = value.as_array().filter(|l| l.len() <= MAX_VOCAB);
    let list = list.ok_or_else(|| file.wrong("added_tokens", value, "a list of tokens"))?;
    let read = |(index, token): (usize, &Value)| {
        let content = token.get("content").and_then(Value::as_str).filter(|text| !text.is_empty());
        let id = token.get("id").and_then(Value::as_u64).filter(|n| *n < MAX_VOCAB as u64);
        match (content, id) {
            (Some(content), Some(id)) => Ok((content.to_owned(), id as u32)),
            _ => {
                let field = format!("added_tokens[{index}]");
                Err(file.wrong(
                    &field,
                    token,
                    "an object with \"content\" (not empty) and \"id\" below 4194304",
                ))
            }
        }
    };
    list.iter().enumerate().map(read).collect()
}

/// The dependency numbers added tokens itself and ignores a declared id that does not follow on.
pub(crate) fn check_added_ids(
    path: &Path,
    declared: &[(String, u32)],
    id_of: impl Fn(&str) -> Option<u32>,
) -> Result<(), ProcessorError> {
    for (content, id) in declared {
        let found = id_of(content);
        if found != Some(*id) {
            let found = found.map_or("none".to_owned(), |n| n.to_string());
            return Err(ProcessorError::Tokenizer {
                path: path.to_owned(),
                reason: format!(
                    "added token {content:?} declares id {id}, but its place in the vocabulary is {found}"
                ),
            });
        }
    }
    Ok(())
}

fn keep_whitespace_offsets(value: &mut Value, depth: usize) {
    const MAX_DEPTH: usize = 64;
    match value {
        Value::Object(fields) if depth < MAX_DEPTH => {
            if let Some(trim) = fields.get_mut("trim_offsets") {
                *trim = Value::Bool(false);
            }
            fields.values_mut().for_each(|v| keep_whitespace_offsets(v, depth + 1));
        }
        Value::Array(items) if depth < MAX_DEPTH => {
            items.iter_mut().for_each(|v| keep_whitespace_offsets(v, depth + 1));
        }
        _ => {}
    }
}
