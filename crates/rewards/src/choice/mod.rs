//! Reading an option letter out of a reply.

mod accuracy;
mod lenient;
mod letters;
mod published;
mod strict;

pub use accuracy::ChoiceAccuracy;
pub(crate) use accuracy::gold_letter;
pub use letters::LetterRange;

use crate::UnknownName;

/// What a parser read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// An option letter, upper case.
    Letter(char),
    /// No letter; the published script went on with this text, upper-cased.
    Text(String),
    /// Nothing.
    None,
}

impl Reading {
    /// The letter, if one was read.
    ///
    /// ```
    /// assert_eq!(rewards::Reading::Letter('B').letter(), Some('B'));
    /// ```
    pub fn letter(&self) -> Option<char> {
        match self {
            Self::Letter(letter) => Some(*letter),
            _ => None,
        }
    }

    fn from_letter(letter: Option<char>) -> Self {
        letter.map_or(Self::None, Self::Letter)
    }
}

/// The rules by which an option letter is read. The last six are the rules of published scripts, faults included;
/// use them only to reproduce a published number.
///
/// ```
/// use rewards::{AnswerParser, LetterRange};
/// let reply = "<think>My answer based on frames.</think>\n<answer> D </answer>";
/// assert_eq!(AnswerParser::Choice.read(reply, LetterRange::A_TO_H).letter(), Some('D'));
/// assert_eq!(AnswerParser::PublishedStability.read(reply, LetterRange::A_TO_H).letter(), Some('B'));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnswerParser {
    /// The last `<answer>` block that holds exactly one letter.
    Strict,
    /// `$\boxed{X}$`, else an answer tag with one letter, else a letter before a dot, else a letter alone.
    #[default]
    Choice,
    /// The content of the last answer tag, else a phrase such as "the answer is B".
    Lenient,
    /// The accuracy reward as published: no boundary after the letter of an answer tag.
    PublishedAccuracy,
    /// The stability reward as published: "answer based" reads as B.
    PublishedStability,
    /// The consistency reward as published: the last capital A–H anywhere in the tag.
    PublishedConsistency,
    /// The single-pass evaluation as published: the first letter A–E anywhere in the tag.
    PublishedSinglePass,
    /// The evaluation of the supervised model as published: C when nothing is found.
    PublishedSft,
    /// The vote of the personas as published.
    PublishedVote,
}

impl AnswerParser {
    /// Every rule, in the order of this documentation.
    pub const ALL: [Self; 9] = [
        Self::Strict,
        Self::Choice,
        Self::Lenient,
        Self::PublishedAccuracy,
        Self::PublishedStability,
        Self::PublishedConsistency,
        Self::PublishedSinglePass,
        Self::PublishedSft,
        Self::PublishedVote,
    ];

    /// The name used in recipes.
    ///
    /// ```
    /// assert_eq!(rewards::AnswerParser::Choice.name(), "choice");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Choice => "choice",
            Self::Lenient => "lenient",
            Self::PublishedAccuracy => "published_accuracy",
            Self::PublishedStability => "published_stability",
            Self::PublishedConsistency => "published_consistency",
            Self::PublishedSinglePass => "published_single_pass",
            Self::PublishedSft => "published_sft",
            Self::PublishedVote => "published_vote",
        }
    }

    /// Reads a letter of `range`.
    ///
    /// ```
    /// use rewards::{AnswerParser, LetterRange, Reading};
    /// let lenient = AnswerParser::Lenient;
    /// assert_eq!(lenient.read("<answer>A or B</answer>", LetterRange::A_TO_E), Reading::None);
    /// assert_eq!(lenient.read("<answer>(c).</answer>", LetterRange::A_TO_E), Reading::Letter('C'));
    /// ```
    pub fn read(self, text: &str, range: LetterRange) -> Reading {
        match self {
            Self::Strict => Reading::from_letter(strict::in_answer_block(text, range)),
            Self::Choice => Reading::from_letter(strict::choice(text, range)),
            Self::Lenient => Reading::from_letter(lenient::read(text, range)),
            Self::PublishedAccuracy => published::accuracy(text, range),
            Self::PublishedStability => published::stability(text, range),
            Self::PublishedConsistency => published::consistency(text, range),
            Self::PublishedSinglePass => Reading::from_letter(published::single_pass(text, range)),
            Self::PublishedSft => Reading::Letter(published::sft(text, range)),
            Self::PublishedVote => Reading::from_letter(published::vote(text, range)),
        }
    }
}

impl std::str::FromStr for AnswerParser {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|parser| parser.name() == name);
        found.ok_or_else(|| UnknownName::new("answer parser", name, &Self::ALL.map(Self::name)))
    }
}
