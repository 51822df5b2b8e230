//! Items of a boxed answer.

/// Items that one answer may have.
pub(super) const MAX_ITEMS: usize = 32;

/// Splits at commas outside brackets and writes `±` out as two items; a number with thousands marks is one item.
pub(super) fn items(text: &str) -> Vec<String> {
    if is_grouped_number(text) {
        return vec![text.replace(',', "")];
    }
    let parts = outside_brackets(text, ',').into_iter().map(str::trim).filter(|part| !part.is_empty());
    parts.take(MAX_ITEMS + 1).flat_map(signs).collect()
}

fn signs(item: &str) -> Vec<String> {
    match item.split_once("\\pm") {
        Some((before, after)) => vec![format!("{before}+{after}"), format!("{before}-{after}")],
        None => vec![item.to_owned()],
    }
}

/// `1,234` or `-12,345.6`
fn is_grouped_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or("");
    let rest: Vec<&str> = groups.collect();
    (1..=3).contains(&first.len())
        && digits(first)
        && !rest.is_empty()
        && rest.iter().all(|group| group.len() == 3 && digits(group))
        && digits(fraction)
}

/// The pieces between separators that no bracket encloses.
pub(super) fn outside_brackets(text: &str, separator: char) -> Vec<&str> {
    let (mut pieces, mut start, mut depth) = (Vec::new(), 0, 0usize);
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ if c == separator && depth == 0 => {
                pieces.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    pieces.push(&text[start..]);
    pieces
}
