//! Which of several boxes count, and what is in them.

use super::limits;

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

/// The content of the boxes, or the whole text when there is none. Stops once the content is too long to be an answer.
pub(crate) fn contents(text: &str, wanted: Boxes) -> String {
    let mut found: Vec<&str> = Vec::new();
    let (mut limit, mut next_box, mut length) = (text.len(), None, 0);
    let mut commands = Commands::new(text);
    while let Some((start, open)) = commands.next_before(limit) {
        let Some(end) = closing(&text[..limit], open) else {
            if found.is_empty() {
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
            length += content.len() + 1;
        }
        if length > limits::MAX_EXPRESSION {
            break;
        }
        (limit, next_box) = (start, Some(start));
    }
    if found.is_empty() {
        return text.to_owned();
    }
    found.reverse();
    found.join(",")
}

/// The box commands of a text from right to left; each stretch of text is searched once.
struct Commands<'t> {
    text: &'t str,
    boxed: Option<usize>,
    fbox: Option<usize>,
}

impl<'t> Commands<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, boxed: text.rfind("\\boxed"), fbox: text.rfind("\\fbox") }
    }

    /// Start of the last command before `limit`, and the position of what follows it.
    fn next_before(&mut self, limit: usize) -> Option<(usize, usize)> {
        let text = self.text;
        let earlier = |at: Option<usize>, command: &str| match at {
            Some(at) if at + command.len() > limit => {
                text[..limit.min(at + command.len() - 1)].rfind(command)
            }
            known => known,
        };
        self.boxed = earlier(self.boxed, "\\boxed");
        self.fbox = earlier(self.fbox, "\\fbox");
        let (start, length) = self.boxed.map(|at| (at, 6)).max(self.fbox.map(|at| (at, 5)))?;
        let rest = &text[start + length..limit];
        let open = start + length + (rest.len() - rest.trim_start().len());
        (open < limit).then_some((start, open))
    }
}

fn closing(text: &str, open: usize) -> Option<usize> {
    if text.as_bytes().get(open) != Some(&b'{') {
        return None;
    }
    let mut depth = 0usize;
    for (at, byte) in text.as_bytes()[open..].iter().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(open + at),
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
