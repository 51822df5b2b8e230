//! Blocks between tags such as `<think>…</think>`.

use super::scan::{find_ignore_case, matches_ignore_case};

/// The content of the first `<tag>…</tag>`, untrimmed; tags are matched with their case.
///
/// ```
/// assert_eq!(rewards::first_block("<answer> 3 </answer>", "answer"), Some(" 3 "));
/// assert_eq!(rewards::first_block("<answer> 3", "answer"), None);
/// ```
pub fn first_block<'t>(text: &'t str, tag: &str) -> Option<&'t str> {
    let start = text.find(&format!("<{tag}>"))? + tag.len() + 2;
    let length = text[start..].find(&format!("</{tag}>"))?;
    Some(&text[start..start + length])
}

/// The content of the last closed `<tag>…</tag>`; tags are matched with their case.
///
/// ```
/// assert_eq!(rewards::last_block("<a>1</a><a>2</a>", "a"), Some("2"));
/// ```
pub fn last_block<'t>(text: &'t str, tag: &str) -> Option<&'t str> {
    let close = format!("</{tag}>");
    let end = text.rfind(&close)?;
    let start = text[..end].rfind(&format!("<{tag}>"))? + tag.len() + 2;
    Some(&text[start..end])
}

/// The content of the first closed block, ignoring the case of the tags.
pub(crate) fn first_block_ignore_case<'t>(text: &'t str, tag: &str) -> Option<&'t str> {
    let start = find_ignore_case(text, &format!("<{tag}>"), 0)? + tag.len() + 2;
    let end = find_ignore_case(text, &format!("</{tag}>"), start)?;
    Some(&text[start..end])
}

/// The content of the last block, ignoring the case of the tags; a block never closed runs to the end.
pub(crate) fn last_open_block_ignore_case<'t>(text: &'t str, tag: &str) -> Option<&'t str> {
    let start = matches_ignore_case(text, &format!("<{tag}>")).last()? + tag.len() + 2;
    let end = find_ignore_case(text, &format!("</{tag}>"), start).unwrap_or(text.len());
    Some(&text[start..end])
}

/// The reasoning: the first closed think block, else everything after an unclosed one; tags in any case, trimmed.
pub(crate) fn reasoning(text: &str) -> Option<&str> {
    let start = find_ignore_case(text, "<think>", 0)? + "<think>".len();
    let end = find_ignore_case(text, "</think>", start).unwrap_or(text.len());
    Some(text[start..end].trim()).filter(|think| !think.is_empty())
}
