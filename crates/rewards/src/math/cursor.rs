//! A position in a list of tokens, with the bracket partners known in advance and the nesting counted.

use super::lexer::Token;
use super::limits;
use crate::UnparsedKind;

/// What the sign of a degree means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Degrees {
    /// It is dropped: `30^\circ` is 30.
    #[default]
    Drop,
    /// It is a factor π/180.
    Convert,
}

pub(crate) type Parsed<T> = Result<T, UnparsedKind>;

pub(crate) struct Cursor {
    tokens: Vec<Token>,
    partners: Vec<Option<usize>>,
    at: usize,
    depth: usize,
    /// How many `|…|` are open: inside one, a bar closes and does not open.
    pub(crate) open_bars: usize,
    pub(crate) degrees: Degrees,
}

impl Cursor {
    pub(crate) fn new(tokens: Vec<Token>, degrees: Degrees) -> Self {
        let partners = partners(&tokens);
        Self { tokens, partners, at: 0, depth: 0, open_bars: 0, degrees }
    }

    pub(crate) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    pub(crate) fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += usize::from(token.is_some());
        token
    }

    pub(crate) fn advance(&mut self) {
        self.at += 1;
    }

    pub(crate) fn is_sign(&self, sign: char) -> bool {
        self.peek() == Some(&Token::Sign(sign))
    }

    pub(crate) fn is_command(&self, name: &str) -> bool {
        matches!(self.peek(), Some(Token::Command(word)) if word == name)
    }

    /// Moves past the sign if it is next.
    pub(crate) fn take_sign(&mut self, sign: char) -> bool {
        let found = self.is_sign(sign);
        self.at += usize::from(found);
        found
    }

    /// Moves past the command if it is next.
    pub(crate) fn take_command(&mut self, name: &str) -> bool {
        let found = self.is_command(name);
        self.at += usize::from(found);
        found
    }

    pub(crate) fn expect_sign(&mut self, sign: char) -> Parsed<()> {
        if self.take_sign(sign) { Ok(()) } else { Err(UnparsedKind::NotAnExpression) }
    }

    pub(crate) fn at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// The tokens between the bracket at the cursor and its partner, and the token after the partner.
    pub(crate) fn bracketed(&self) -> Option<(&[Token], Option<&Token>)> {
        let end = self.partners.get(self.at).copied().flatten()?;
        Some((&self.tokens[self.at + 1..end], self.tokens.get(end + 1)))
    }

    /// Replaces the token at the cursor, for a command that takes one digit of a number.
    pub(crate) fn replace(&mut self, token: Token) {
        if let Some(slot) = self.tokens.get_mut(self.at) {
            *slot = token;
        }
    }

    /// Runs `inner` one level deeper.
    pub(crate) fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= limits::MAX_DEPTH {
            return Err(UnparsedKind::TooLarge);
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }
}

/// Round and square brackets may close each other, as in `[3, 5)`; braces close only braces.
fn partners(tokens: &[Token]) -> Vec<Option<usize>> {
    let kind = |token: &Token| match token {
        Token::Sign('(' | '[') => Some((0, true)),
        Token::Sign(')' | ']') => Some((0, false)),
        Token::Sign('{') => Some((1, true)),
        Token::Sign('}') => Some((1, false)),
        Token::SetOpen => Some((2, true)),
        Token::SetClose => Some((2, false)),
        _ => None,
    };
    let mut partners = vec![None; tokens.len()];
    let mut open: Vec<(usize, u8)> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match kind(token) {
            Some((class, true)) => open.push((at, class)),
            Some((class, false)) if open.last().is_some_and(|&(_, c)| c == class) => {
                let start = open.pop().map(|(start, _)| start);
                start.into_iter().for_each(|start| partners[start] = Some(at));
            }
            _ => {}
        }
    }
    partners
}
