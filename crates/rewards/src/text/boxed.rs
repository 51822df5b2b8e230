//! `\boxed{…}` with balanced braces.

/// Content of the last `\boxed{…}` or `\fbox{…}` whose braces balance; `\boxed 5` gives the next token.
///
/// ```
/// assert_eq!(rewards::last_boxed(r"first \boxed{3}, so \boxed{\frac{1}{2}}"), Some(r"\frac{1}{2}"));
/// assert_eq!(rewards::last_boxed(r"unbalanced \boxed{3"), None);
/// ```
pub fn last_boxed(text: &str) -> Option<&str> {
    let start = [r"\boxed", r"\fbox"].iter().filter_map(|c| text.rfind(c).map(|i| i + c.len())).max()?;
    let rest = &text[start..];
    if rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let rest = rest.trim_start();
    if rest.starts_with('{') {
        return balanced(rest).map(|end| &rest[1..end]);
    }
    let token = rest.split([' ', '\n', '\t', '$', ',']).next().unwrap_or("").trim_end_matches('.');
    (!token.is_empty()).then_some(token)
}

/// The text without one `\boxed{…}` around all of it.
///
/// ```
/// assert_eq!(rewards::strip_box(r" \boxed{7} "), "7");
/// assert_eq!(rewards::strip_box("7"), "7");
/// ```
pub fn strip_box(text: &str) -> &str {
    let text = text.trim();
    let Some(rest) = text.strip_prefix(r"\boxed") else { return text };
    match balanced(rest) {
        Some(end) if end + 1 == rest.len() => rest[1..end].trim(),
        _ => text,
    }
}

/// Position of the brace that closes the one `text` begins with. A backslash before a brace makes it a sign, not a
/// delimiter.
pub(crate) fn balanced(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    if bytes.first() != Some(&b'{') {
        return None;
    }
    let (mut depth, mut at) = (0usize, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    None
}
