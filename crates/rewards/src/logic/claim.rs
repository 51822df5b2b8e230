//! What a completion claims: a chain of reasoning and the letter it answers with.

use crate::text::tags::first_block;
use crate::{AnswerParser, LetterRange, UnparsedKind};

/// The first think block, trimmed, and the letter of the first answer block.
pub(super) struct Claim<'t> {
    pub(super) reasoning: &'t str,
    pub(super) letter: char,
}

impl<'t> Claim<'t> {
    pub(super) fn read(text: &'t str, parser: AnswerParser) -> Result<Self, UnparsedKind> {
        let block = |tag| first_block(text, tag).map(str::trim).filter(|content| !content.is_empty());
        let reasoning = block("think").ok_or(UnparsedKind::NoReasoning)?;
        let answer = block("answer").ok_or(UnparsedKind::NoAnswer)?;
        let tagged = format!("<answer>{answer}</answer>");
        let letter = parser.read(&tagged, LetterRange::A_TO_H).letter().ok_or(UnparsedKind::NoLetter)?;
        Ok(Self { reasoning, letter })
    }
}
