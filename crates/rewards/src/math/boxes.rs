//! Which of several boxes count, and what is in them.

/// Which boxes of a text belong to its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Boxes {
    /// All of them, joined by commas.
    All,
    /// The last one, with those before it that stand close enough to be one list with it.
    Last,
}

/// Bytes between two boxes that always belong together.
const CLOSE: usize = 10;

/// Bytes between two boxes that belong together when a comma, `and` or `or` stands there.
const NEAR: usize = 70;

/// The content of the boxes, or the whole text when there is none.
pub(crate) fn contents(text: &str, wanted: Boxes) -> String {
    let mut found: Vec<&str> = Vec::new();
    let (mut limit, mut next_box) = (text.len(), None);
    while let Some((start, open)) = last_command(&text[..limit]) {
        let Some(end) = closing(&text[..limit], open) else {
            if found.is_empty() && open < limit {
                found.push(&text[open..]);
            }
            break;
        };
        let content = text[open + 1..end].trim();
        if let (Boxes::Last, Some(next)) = (wanted, next_box) {
            let previous = found.last().copied().unwrap_or("");
            if !belongs(&text[end + 1..next], content, previous) {
                break;
            }
        }
        if found.last() != Some(&content) {
            found.push(content);
        }
        (limit, next_box) = (start, Some(start));
    }
    if found.is_empty() {
        return text.to_owned();
    }
    found.reverse();
    found.join(",")
}

/// Start of the last `\boxed` or `\fbox`, and the position of what follows it.
fn last_command(text: &str) -> Option<(usize, usize)> {
    let position = |command: &str| text.rfind(command).map(|at| (at, at + command.len()));
    let (start, end) = position("\\boxed").max(position("\\fbox"))?;
    let rest = &text[end..];
    let open = end + (rest.len() - rest.trim_start().len());
    (open < text.len()).then_some((start, open))
}

fn closing(text: &str, open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in text.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            _ if at == open => return None,
            b'}' if depth == 1 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn belongs(between: &str, content: &str, next: &str) -> bool {
    let word = |word: &str| crate::text::scan::contains_words(between, word);
    let listed = between.contains([',', ';']) || word("and") || word("or");
    between.len() < CLOSE || (content != next && between.len() < NEAR && listed)
}
