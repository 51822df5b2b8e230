//! Which tokens of a conversation the model is trained to write: the assistant's turns.

use std::ops::Range;

use crate::message::{Message, Role};
use crate::row_error::RowProblem;
use crate::template::{ChatTemplate, GenerationPrompt, VisionIds};
use crate::text_limits::MAX_MESSAGES;

/// Where the span of an assistant turn ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SpanEnd {
    /// After everything that the template writes for the turn: `<|im_end|>` and the newline after it,
    /// as TRL labels it.
    #[default]
    WholeTurn,
    /// After `<|im_end|>`: the template's whitespace behind the turn is left out.
    EndToken,
}

/// A rendered conversation and, as byte ranges of its text, the assistant's turns.
#[derive(Debug)]
pub(crate) struct RenderedTurns {
    pub(crate) text: String,
    pub(crate) spans: Vec<Range<usize>>,
}

/// Renders the conversation and finds the assistant's turns.
///
/// A turn is what rendering the messages up to it adds to rendering the messages before it together
/// with a generation prompt. The text itself is never searched, so a user who writes the marks of an
/// assistant turn gains nothing. A template whose earlier text changes with later turns is an error.
pub(crate) fn render_turns(
    template: &ChatTemplate,
    messages: &[Message],
    ids: VisionIds,
    end: SpanEnd,
) -> Result<RenderedTurns, RowProblem> {
    if messages.len() > MAX_MESSAGES {
        return Err(RowProblem::TooManyMessages { found: messages.len(), limit: MAX_MESSAGES });
    }
    let text = template.render(messages, GenerationPrompt::Omit, ids)?;
    let mut spans = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        if message.role != Role::Assistant {
            continue;
        }
        let before = template.render(&messages[..index], GenerationPrompt::Append, ids)?;
        let through = template.render(&messages[..=index], GenerationPrompt::Omit, ids)?;
        if !through.starts_with(&before) || !text.starts_with(&through) {
            return Err(RowProblem::UnstableTemplate { message: index });
        }
        let stop = match end {
            SpanEnd::WholeTurn => through.len(),
            SpanEnd::EndToken => through.trim_end().len().max(before.len()),
        };
        spans.push(before.len()..stop);
    }
    Ok(RenderedTurns { text, spans })
}

/// Token ranges that overlap the byte ranges. `offsets` holds the bytes of every token in order,
/// `starts` where each token begins once placeholders are written out.
pub(crate) fn token_spans(
    spans: &[Range<usize>],
    offsets: &[(usize, usize)],
    starts: &[usize],
) -> Vec<Range<usize>> {
    let overlapping = |span: &Range<usize>| {
        let first = offsets.partition_point(|(_, end)| *end <= span.start);
        let last = first + offsets[first..].partition_point(|(start, _)| *start < span.end);
        starts[first]..starts[last]
    };
    spans.iter().filter(|span| !span.is_empty()).map(overlapping).filter(|range| !range.is_empty()).collect()
}
