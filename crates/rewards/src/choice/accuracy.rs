//! 1 for the right option letter.

use super::{AnswerParser, LetterRange, Reading, strict};
use crate::reward::with_gold;
use crate::{Group, Outcome, RewardError, RewardFn, Role, Sample, UnparsedKind};

/// Choice accuracy: r = 1 if the letter read from the completion is the gold letter, else 0.
///
/// ```
/// use rewards::{ChoiceAccuracy, Group, RewardFn, Sample};
/// let group = Group::of_texts(Sample::text("Which?", "C"), ["The answer is C.", "<answer>B</answer>"]);
/// let values: Vec<_> = ChoiceAccuracy::default().judge(&group).iter().map(|o| o.value()).collect();
/// assert_eq!(values, [Some(1.0), Some(0.0)]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ChoiceAccuracy {
    parser: AnswerParser,
    range: LetterRange,
}

impl Default for ChoiceAccuracy {
    fn default() -> Self {
        Self::new(AnswerParser::Choice, LetterRange::A_TO_H)
    }
}

impl ChoiceAccuracy {
    /// Accuracy under one parsing rule.
    ///
    /// ```
    /// use rewards::{AnswerParser, ChoiceAccuracy, LetterRange, Outcome};
    /// let strict = ChoiceAccuracy::new(AnswerParser::Strict, LetterRange::A_TO_E);
    /// assert_eq!(strict.score("<answer>b</answer>", 'B').value(), Some(1.0));
    /// assert!(matches!(strict.score("B", 'B'), Outcome::Unparsed(_)));
    /// ```
    pub const fn new(parser: AnswerParser, range: LetterRange) -> Self {
        Self { parser, range }
    }

    /// Judges one text against a gold letter of either case.
    ///
    /// ```
    /// assert_eq!(rewards::ChoiceAccuracy::default().score("B.", 'b').value(), Some(1.0));
    /// ```
    pub fn score(&self, text: &str, gold: char) -> Outcome {
        match self.parser.read(text, self.range) {
            Reading::Letter(letter) => Outcome::from(letter == gold.to_ascii_uppercase()),
            Reading::Text(_) | Reading::None => Outcome::Unparsed(UnparsedKind::NoLetter),
        }
    }
}

/// The gold letter: the whole gold answer but for brackets, else what `parser` reads in it.
pub(crate) fn gold_letter(
    sample: &Sample,
    parser: AnswerParser,
    range: LetterRange,
) -> Result<char, RewardError> {
    let text = sample.gold_text()?;
    let sole = strict::is_letter(text.trim().trim_matches(['(', ')', '.']));
    let letter = sole.or_else(|| parser.read(text, range).letter());
    letter.ok_or_else(|| RewardError::bad_gold(text, UnparsedKind::NoLetter))
}

impl RewardFn for ChoiceAccuracy {
    fn name(&self) -> &str {
        "choice_accuracy"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        with_gold(
            group,
            |sample| gold_letter(sample, self.parser, self.range),
            |gold| group.completions().iter().map(|c| self.score(&c.text, gold)).collect(),
        )
    }

    fn accepts(&self, sample: &Sample) -> Result<(), RewardError> {
        gold_letter(sample, self.parser, self.range).map(drop)
    }

    fn role(&self) -> Role {
        Role::Correctness
    }
}
