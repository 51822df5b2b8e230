//! LaTeX between delimiters: `$…$`, `$$…$$`, `\[…\]`, `\(…\)`, ` […] `, and a bare `\frac{1}{2}`.

use super::boxes::Boxes;
use super::extract::Piece;

/// Which stretches count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Context {
    /// Those with a `\boxed{…}` inside.
    Boxed,
    /// All.
    Any,
}

/// A stretch found at a position.
pub(crate) struct Found<'t> {
    pub(crate) end: usize,
    pub(crate) pieces: Vec<Piece<'t>>,
}

/// Stretches that may be joined in one answer.
const MAX_JOINED: usize = 6;

/// Finds stretches of LaTeX; remembers where each delimiter comes next, so that a text full of opening delimiters is
/// still read in linear time.
pub(crate) struct Environments<'t> {
    text: &'t str,
    next: [Memory; 5],
}

/// The answer to "where is the next one at or after `from`?".
#[derive(Clone, Copy)]
struct Memory {
    from: usize,
    found: Option<usize>,
    valid: bool,
}

const DELIMITERS: [&str; 5] = ["$$", "\\]", "$", "\\)", "]"];
const NEWLINE_FREE: [bool; 5] = [false, false, true, true, true];

/// A search that begins this far before a remembered one is made afresh.
const GAP: usize = 512;

impl<'t> Environments<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, next: [Memory { from: 0, found: None, valid: false }; 5] }
    }

    /// A stretch at `at`, joined with those that follow after a comma, "and" or "or".
    pub(crate) fn joined_at(&mut self, at: usize, context: Context) -> Option<Found<'t>> {
        let (mut end, first) = self.single_at(at, context)?;
        let mut pieces = vec![first];
        while pieces.len() < MAX_JOINED {
            let Some((next_end, piece)) = self.after_separator(end, context) else { break };
            pieces.push(piece);
            end = next_end;
        }
        Some(Found { end, pieces })
    }

    fn after_separator(&mut self, end: usize, context: Context) -> Option<(usize, Piece<'t>)> {
        let rest = self.text[end..].trim_start();
        let bare = rest.strip_prefix(',').unwrap_or(rest);
        let after = bare.strip_prefix("and").or_else(|| bare.strip_prefix("or"));
        let after = after.or_else(|| rest.strip_prefix(','))?.trim_start();
        self.single_at(self.text.len() - after.len(), context)
    }

    fn single_at(&mut self, at: usize, context: Context) -> Option<(usize, Piece<'t>)> {
        let (content, end) = self.delimited(at).or_else(|| self.fraction(at, context))?;
        let boxed =
            content.find("\\boxed{").is_some_and(|b| content[b + 7..].chars().skip(1).any(|c| c == '}'));
        if context == Context::Boxed && !boxed {
            return None;
        }
        let (end, percent) = with_percent(self.text, end);
        Some((end, Piece { text: content, boxes: Boxes::All, percent }))
    }

    fn delimited(&mut self, at: usize) -> Option<(&'t str, usize)> {
        let rest = &self.text[at..];
        let before = at.checked_sub(1).map(|i| self.text.as_bytes()[i]);
        let escaped = before == Some(b'\\');
        match rest.as_bytes().first()? {
            b'$' if escaped => None,
            b'$' if rest.starts_with("$$") => self.until(0, at + 2).or_else(|| self.inline(at, before)),
            b'$' => self.inline(at, before),
            b'\\' if rest.starts_with("\\[") && !escaped => self.until(1, at + 2),
            b'\\' if rest.starts_with("\\(") && !escaped => self.until(3, at + 2),
            b if b.is_ascii_whitespace() && rest[1..].starts_with('[') => self.bracketed(at + 2),
            _ => None,
        }
    }

    fn inline(&mut self, at: usize, before: Option<u8>) -> Option<(&'t str, usize)> {
        if before.is_some_and(|b| b.is_ascii_digit()) { None } else { self.until(2, at + 1) }
    }

    /// The content up to the next unescaped delimiter; it must not be empty.
    fn until(&mut self, kind: usize, start: usize) -> Option<(&'t str, usize)> {
        let mut from = start + self.text[start..].chars().next()?.len_utf8();
        if self.text[start..].starts_with(DELIMITERS[kind]) && kind == 2 {
            return None;
        }
        loop {
            let end = self.find(kind, from)?;
            if self.text.as_bytes()[end - 1] != b'\\' {
                let content = &self.text[start..end];
                let broken = NEWLINE_FREE[kind] && content.contains('\n');
                return (!broken).then_some((content, end + DELIMITERS[kind].len()));
            }
            from = end + 1;
        }
    }

    fn bracketed(&mut self, start: usize) -> Option<(&'t str, usize)> {
        let (content, end) = self.until(4, start)?;
        let blank_after = self.text[end..].chars().next().filter(|c| c.is_whitespace())?;
        (!content.contains('[')).then_some((content, end + blank_after.len_utf8()))
    }

    /// `-\frac{1}{2}` with plain numbers, outside of any delimiters.
    fn fraction(&self, at: usize, context: Context) -> Option<(&'t str, usize)> {
        let rest = &self.text[at..];
        let bare = rest.strip_prefix('-').unwrap_or(rest);
        let upper = bare.strip_prefix("\\frac{").filter(|_| context == Context::Any)?;
        let lower = number(upper)?.strip_prefix("}{")?;
        let after = number(lower)?.strip_prefix('}')?;
        let end = self.text.len() - after.len();
        Some((&self.text[at..end], end))
    }

    fn find(&mut self, kind: usize, from: usize) -> Option<usize> {
        let memory = self.next[kind];
        if memory.valid && from >= memory.from && memory.found.is_none_or(|found| found >= from) {
            return memory.found;
        }
        let delimiter = DELIMITERS[kind];
        if memory.valid && from < memory.from && memory.from - from < GAP {
            let end = floor_boundary(self.text, memory.from + delimiter.len());
            let near = self.text.get(from..end).and_then(|gap| gap.find(delimiter)).map(|at| from + at);
            return near.or(memory.found);
        }
        let found = self.text[from..].find(delimiter).map(|at| from + at);
        self.next[kind] = Memory { from, found, valid: true };
        found
    }
}

fn floor_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0)
}

/// The text after a number such as `-3.5`.
fn number(text: &str) -> Option<&str> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let bare = text.strip_prefix('-').unwrap_or(text);
    let whole = digits(bare);
    let rest = &bare[whole..];
    let fraction = rest.strip_prefix(['.', ',']).map_or(0, digits);
    (whole > 0).then(|| if fraction > 0 { &rest[fraction + 1..] } else { rest })
}

/// Blanks and a percent sign or word after a stretch belong to it.
pub(crate) fn with_percent(text: &str, end: usize) -> (usize, bool) {
    let rest = text[end..].trim_start();
    let at = text.len() - rest.len();
    let sign = ["\\%", "%", "percentage", "Percentage", "percent", "Percent", "pct", "Pct"];
    match sign.iter().find(|sign| rest.starts_with(**sign)) {
        Some(sign) => (at + sign.len(), true),
        None => (at, false),
    }
}
