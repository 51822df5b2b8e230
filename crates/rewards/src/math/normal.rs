//! LaTeX as models write it, brought to one spelling before it is parsed.

use super::boxes::{self, Boxes};
use super::limits;
use super::units;

/// Brings an answer to one spelling; `None` when it is too long to be one.
pub(crate) fn normalise(text: &str, wanted: Boxes) -> Option<String> {
    let content = boxes::contents(text, wanted);
    if content.len() > limits::MAX_EXPRESSION {
        return None;
    }
    let respelled = respell(&dressed_down(&content));
    let mut text = respelled.replace(['\n', '\t'], " ");
    if !text.contains("matrix") {
        text = single_slashes(&text);
    }
    let text = units::strip(&text);
    let text = if text.starts_with('.') { format!("0{text}") } else { text };
    Some(text.trim().to_owned())
}

/// Removes what only changes the look: `\left`, `\right`, `\!`, dollar signs, quotes, empty text.
fn dressed_down(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match removable(rest, out.ends_with('\\')) {
            Some(length) => rest = &rest[length..],
            None => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    out
}

/// Length of a removable thing at the start of the text.
fn removable(rest: &str, escaped: bool) -> Option<usize> {
    let first = rest.as_bytes()[0];
    if first == b'$' || (!escaped && (first == b'"' || first == b'\'')) {
        return Some(1);
    }
    let command = rest.strip_prefix('\\')?;
    for word in ["left", "right", "mleft", "mright"] {
        if let Some(after) = command.strip_prefix(word) {
            return (!after.starts_with(|c: char| c.is_ascii_alphabetic())).then_some(word.len() + 1);
        }
    }
    if let Some(after) = command.strip_prefix('!') {
        return Some(rest.len() - after.trim_start().len());
    }
    if let Some(after) = command.strip_prefix("text").map(str::trim_start) {
        let inner = after.strip_prefix('{')?.trim_start();
        return inner.strip_prefix('}').map(|after| rest.len() - after.len());
    }
    ["$", "displaystyle", "mathrm{th}"]
        .iter()
        .find(|word| command.starts_with(**word))
        .map(|word| word.len() + 1)
}

/// Spellings that are replaced wherever they stand, longest first.
const SPELLINGS: [(&str, &str); 22] = [
    ("\\mathrm", "\\text"),
    ("\\mathit", "\\text"),
    ("\\mathbf", "\\text"),
    ("\\textnormal", "\\text"),
    ("\\textbf", "\\text"),
    ("\\textit", "\\text"),
    ("\\textrm", "\\text"),
    ("\\dfrac", "\\frac"),
    ("\\tfrac", "\\frac"),
    ("\\cfrac", "\\frac"),
    ("\\text{percentage}", "%"),
    ("\\text{percent}", "%"),
    ("\\text{pct}", "%"),
    ("\\infty", "\\infty"),
    ("infinity", "\\infty"),
    ("\\inf", "\\inf"),
    ("inf", "\\infty"),
    ("~=", "\\approx"),
    (" sqrt", "\\sqrt"),
    (",\\ldots", " "),
    ("\\ldots", " "),
    ("{.", "{0."),
];

fn respell(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some((from, to)) = SPELLINGS.iter().find(|(from, _)| rest.starts_with(from)) {
            out.push_str(to);
            rest = &rest[from.len()..];
        } else if let Some((to, after)) = separator(rest, &out).or_else(|| percent(rest, &out)) {
            out.push_str(to);
            rest = after;
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

/// `{,}` inside a number, `and`, `or`, and a backslash before a blank.
fn separator<'t>(rest: &'t str, before: &str) -> Option<(&'static str, &'t str)> {
    let bare = rest.trim_start();
    if let Some(after) = bare.strip_prefix('{').map(str::trim_start).and_then(|r| r.strip_prefix(',')) {
        return after.trim_start().strip_prefix('}').map(|after| (",", after.trim_start()));
    }
    if let Some(after) = rest.strip_prefix('\\').and_then(|r| r.strip_prefix(|c: char| c.is_whitespace()))
        && !before.ends_with('\\')
    {
        return Some((" ", after));
    }
    let comma = rest.strip_prefix(',').unwrap_or(rest);
    let bare = comma.trim_start();
    if let Some(inner) = bare.strip_prefix("\\text{").map(str::trim_start) {
        let after = inner.strip_prefix("and").or_else(|| inner.strip_prefix("or"))?;
        return after.trim_start().strip_prefix('}').map(|after| (",", after));
    }
    if comma.len() == rest.len()
        && before.ends_with(|c: char| c.is_ascii_alphabetic())
        && bare.len() == comma.len()
    {
        return None;
    }
    let after = bare.strip_prefix("and").or_else(|| bare.strip_prefix("or"))?;
    (!after.starts_with(|c: char| c.is_ascii_alphabetic())).then_some((",", after))
}

fn percent<'t>(rest: &'t str, before: &str) -> Option<(&'static str, &'t str)> {
    let bare = rest.trim_start();
    let joined = bare.len() == rest.len() && before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let after = ["percentage", "percent", "pct"].iter().find_map(|word| bare.strip_prefix(word))?;
    let runs_on = after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    (!joined && !runs_on).then_some(("\\%", after))
}

/// `\\frac` as `\frac`: doubled backslashes before a letter.
fn single_slashes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\\' && chars.peek() == Some(&'\\') {
            let mut ahead = chars.clone();
            ahead.next();
            if ahead.peek().is_some_and(char::is_ascii_alphabetic) {
                continue;
            }
            chars.next();
            out.push('\\');
        }
        out.push(c);
    }
    out
}
