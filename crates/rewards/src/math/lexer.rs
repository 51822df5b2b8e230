//! LaTeX (and plain text) to tokens.

use super::limits;
use crate::UnparsedKind;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    /// Digits with at most one point, thousands commas removed.
    Number(String),
    /// One letter.
    Letter(char),
    /// A command without its backslash.
    Command(String),
    /// The content of `\text{…}` or an accent, already a name.
    Name(String),
    /// A sign of one character.
    Sign(char),
    /// `\{` and `\}`.
    SetOpen,
    SetClose,
    /// `\\`
    RowEnd,
    /// `\%` or `%`
    Percent,
    /// `^\circ` and its spellings.
    Degree,
}

/// Splits normalised LaTeX into tokens; blanks are dropped, unknown characters are an error.
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, UnparsedKind> {
    let mut lexer = Lexer { text, at: 0, tokens: Vec::new() };
    while lexer.at < text.len() {
        lexer.step()?;
        if lexer.tokens.len() > limits::MAX_TOKENS {
            return Err(UnparsedKind::TooLarge);
        }
    }
    Ok(lexer.tokens)
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    tokens: Vec<Token>,
}

/// Commands that only move or dress things.
const IGNORED: [&str; 16] = [
    "quad",
    "qquad",
    "negmedspace",
    "negthickspace",
    "displaystyle",
    "limits",
    "nolimits",
    "big",
    "Big",
    "bigg",
    "Bigg",
    "bigl",
    "bigr",
    "left",
    "right",
    "middle",
];

/// Commands whose braces hold a name.
const NAMED: [&str; 18] = [
    "text",
    "textnormal",
    "textbf",
    "textit",
    "textrm",
    "mbox",
    "mathrm",
    "mathbf",
    "mathit",
    "mathcal",
    "mathbb",
    "bar",
    "overline",
    "vec",
    "overrightarrow",
    "hat",
    "widehat",
    "tilde",
];

impl Lexer<'_> {
    fn step(&mut self) -> Result<(), UnparsedKind> {
        let rest = &self.text[self.at..];
        let Some(c) = rest.chars().next() else { return Ok(()) };
        match c {
            '\\' => return self.command(),
            '0'..='9' => self.number(rest),
            '.' if rest[1..].starts_with(|d: char| d.is_ascii_digit()) => self.number(rest),
            '%' => self.push(Token::Percent, 1),
            'π' => self.push(Token::Command("pi".to_owned()), c.len_utf8()),
            '^' => self.caret(rest),
            '≤' => self.push(Token::Command("le".to_owned()), c.len_utf8()),
            '≥' => self.push(Token::Command("ge".to_owned()), c.len_utf8()),
            '∞' => self.push(Token::Command("infty".to_owned()), c.len_utf8()),
            '√' => self.push(Token::Command("sqrt".to_owned()), c.len_utf8()),
            _ if c.is_whitespace() => self.at += c.len_utf8(),
            _ if c.is_ascii_alphabetic() => self.push(Token::Letter(c), 1),
            _ if "+-*/()[]{}|,;:=<>!&_~".contains(c) => self.push(Token::Sign(c), 1),
            _ => return Err(UnparsedKind::NotAnExpression),
        }
        Ok(())
    }

    fn push(&mut self, token: Token, length: usize) {
        self.tokens.push(token);
        self.at += length;
    }

    fn number(&mut self, rest: &str) {
        let mut digits = String::new();
        let mut end = 0;
        let bytes = rest.as_bytes();
        let mut point = false;
        while let Some(&byte) = bytes.get(end) {
            match byte {
                b'0'..=b'9' => digits.push(byte as char),
                b'.' if !point && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) => {
                    digits.push('.');
                    point = true;
                }
                _ => break,
            }
            end += 1;
        }
        self.push(Token::Number(digits), end);
        self.exponent();
    }

    /// `1.5E10`, with a capital E directly after the digits.
    fn exponent(&mut self) {
        let rest = &self.text[self.at..];
        let Some(power) = rest.strip_prefix('E') else { return };
        let sign = usize::from(power.starts_with(['+', '-']));
        let digits = power[sign..].bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return;
        }
        let ten = [Token::Sign('*'), Token::Number("10".to_owned()), Token::Sign('^'), Token::Sign('{')];
        self.tokens.extend(ten);
        if power.starts_with('-') {
            self.tokens.push(Token::Sign('-'));
        }
        self.tokens.push(Token::Number(power[sign..sign + digits].to_owned()));
        self.push(Token::Sign('}'), 1 + sign + digits);
    }

    fn caret(&mut self, rest: &str) {
        const DEGREES: [&str; 8] =
            ["^\\circle", "^\\circ", "^\\degree", "^{\\circle}", "^{\\circ}", "^{\\degree}", "^{°}", "^°"];
        match DEGREES.iter().find(|d| rest.starts_with(**d)) {
            Some(degree) => self.push(Token::Degree, degree.len()),
            None => self.push(Token::Sign('^'), 1),
        }
    }

    fn command(&mut self) -> Result<(), UnparsedKind> {
        let rest = &self.text[self.at + 1..];
        let length = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        if length > 0 {
            return self.word(&rest[..length], &rest[length..]);
        }
        match rest.chars().next() {
            Some('{') => self.push(Token::SetOpen, 2),
            Some('}') => self.push(Token::SetClose, 2),
            Some('\\') => self.push(Token::RowEnd, 2),
            Some('%') => self.push(Token::Percent, 2),
            Some('|') => self.push(Token::Sign('|'), 2),

            Some('(' | ')' | ',' | ':' | ';' | '>' | ' ' | '!') => self.at += 2,
            _ => return Err(UnparsedKind::NotAnExpression),
        }
        Ok(())
    }

    fn word(&mut self, word: &str, after: &str) -> Result<(), UnparsedKind> {
        let length = 1 + word.len();
        if IGNORED.contains(&word) {
            self.at += length;
        } else if NAMED.contains(&word) && after.trim_start().starts_with('{') {
            return self.name(word, after);
        } else {
            self.push(Token::Command(word.to_owned()), length);
        }
        Ok(())
    }

    fn name(&mut self, word: &str, after: &str) -> Result<(), UnparsedKind> {
        let skipped = after.len() - after.trim_start().len();
        let inner = &after[skipped..];
        let end = inner.find('}').ok_or(UnparsedKind::NotAnExpression)?;
        let content: String = inner[1..end].split_whitespace().collect();
        if content.contains('{') {
            return Err(UnparsedKind::NotAnExpression);
        }
        let name = match word {
            "mathbb" | "mathcal" | "hat" | "widehat" | "tilde" => format!("{word}{{{content}}}"),
            "bar" | "overline" => format!("bar{{{content}}}"),
            "vec" | "overrightarrow" => format!("vec{{{content}}}"),
            _ => content.replace(['(', ')'], ""),
        };
        self.push(Token::Name(name), 1 + word.len() + skipped + end + 1);
        Ok(())
    }
}
