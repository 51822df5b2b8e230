//! Judging one reply against an answer key. Everything a rule needs stands in [`Judge`] and [`AnswerKey`], so a log of
//! predictions can be scored again without the benchmark it came from.

mod boxes;
mod choice;
mod final_answer;
mod key;
mod stem;
mod truth;
mod verdict;
mod vqa;
mod words;

pub use boxes::{box_overlap, boxes_of};
pub use choice::choice_letter;
pub use final_answer::{final_answer, same_final_answer};
pub use key::{AnswerKey, ChoiceKey};
pub use stem::porter_stem;
pub use truth::truth_value;
pub use verdict::{Judgement, Verdict};
pub use vqa::{Stemming, VqaAnnotators, VqaJudge, VqaReply, few_shot_answer};
pub use words::contains_words;

use rewards::{
    AnswerParser, BoxedJudge, JudgeMode, LetterRange, Outcome, Quantity, first_block, first_count,
    first_decimal, last_boxed, math_equal, same_answer,
};
use serde::{Deserialize, Serialize};

/// The rule by which replies of a benchmark are read and judged.
///
/// ```
/// use eval::judge::{AnswerKey, Judge, Verdict};
/// let judged = Judge::TrueFalse.judge("It is false.", &AnswerKey::Truth(true));
/// assert_eq!((judged.verdict, judged.answer.as_deref()), (Verdict::Wrong, Some("false")));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum Judge {
    /// The first whole word `true` or `false` (VSR).
    TrueFalse,
    /// A letter of a reply that was asked for a letter alone (CV-Bench); see [`choice_letter`].
    Choice,
    /// A letter after reasoning, by one of the parsers of the reward functions (Logic-V).
    Letter {
        /// Which parser.
        #[serde(with = "parser_name")]
        parser: AnswerParser,
    },
    /// Agreement with several annotators (VQAv2, OK-VQA).
    Vqa(VqaJudge),
    /// The last box against a solution (MAYE).
    Boxed {
        /// How far numbers may be apart.
        tolerance: BoxTolerance,
    },
    /// Mathematical equality with whatever answer the reply ends in.
    Math,
    /// The text after "final answer" (CoMT).
    FinalAnswer,
    /// The answer block, compared without algebra (ViRL).
    SameAnswer,
    /// The answer occurs in the reply as whole words, case aside.
    Words,
    /// The first number of the reply is the count.
    Count,
    /// The first quantity of the reply is at most a quarter off.
    Distance,
    /// Overlap of the listed boxes with the gold boxes, paired as well as possible.
    Boxes,
}

/// How far a boxed number may be from the solution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BoxTolerance {
    /// One per cent, at most 0.0101.
    #[default]
    Tolerant,
    /// One millionth.
    Strict,
}

impl Judge {
    /// Judges one reply. A key of another kind than the rule needs is [`Verdict::Unparsed`] with no answer: the reply is
    /// not to blame, and [`Judge::fits`] tells beforehand.
    pub fn judge(self, reply: &str, key: &AnswerKey) -> Judgement {
        match (self, key) {
            (Self::TrueFalse, AnswerKey::Truth(gold)) => {
                Judgement::equal(truth_value(reply).map(|found| (found.to_string(), found == *gold)))
            }
            (Self::Choice, AnswerKey::Choice(gold)) => letter(choice_letter(reply, &gold.options), gold),
            (Self::Letter { parser }, AnswerKey::Choice(gold)) => {
                letter(parser.read(reply, gold.range()).letter(), gold)
            }
            (Self::Vqa(rule), AnswerKey::Answers(answers)) => rule.judge(reply, answers),
            (Self::Boxes, AnswerKey::Boxes(gold)) => boxes::judge(reply, gold),
            (rule, AnswerKey::Text(gold)) => rule.judge_text(reply, gold),
            _ => Judgement::unparsed(),
        }
    }

    fn judge_text(self, reply: &str, gold: &str) -> Judgement {
        match self {
            Self::Boxed { tolerance } => {
                let mode = match tolerance {
                    BoxTolerance::Tolerant => JudgeMode::Tolerant,
                    BoxTolerance::Strict => JudgeMode::Strict,
                };
                Judgement::of(&BoxedJudge::new(mode).judge(reply, gold), last_boxed(reply))
            }
            Self::Math => Judgement::of(&math_equal(reply, gold), last_boxed(reply).or(Some(reply.trim()))),
            Self::FinalAnswer => {
                let answer = final_answer(reply);
                Judgement::equal(
                    (!answer.is_empty()).then(|| (answer.to_owned(), same_final_answer(answer, gold))),
                )
            }
            Self::SameAnswer => {
                let answer = first_block(reply, "answer").unwrap_or(reply).trim();
                Judgement::equal((!answer.is_empty()).then(|| (answer.to_owned(), same_answer(answer, gold))))
            }
            Self::Words => {
                let reply = reply.trim();
                Judgement::equal((!reply.is_empty()).then(|| (reply.to_owned(), contains_words(reply, gold))))
            }
            Self::Count => {
                let gold = first_count(gold);
                Judgement::equal(first_count(reply).map(|found| (found.to_string(), Some(found) == gold)))
            }
            Self::Distance => distance(reply, gold),
            _ => Judgement::unparsed(),
        }
    }

    /// Whether the rule can use a key of this kind.
    pub fn fits(self, key: &AnswerKey) -> bool {
        match key {
            AnswerKey::Truth(_) => self == Self::TrueFalse,
            AnswerKey::Choice(_) => matches!(self, Self::Choice | Self::Letter { .. }),
            AnswerKey::Answers(_) => matches!(self, Self::Vqa(_)),
            AnswerKey::Boxes(_) => self == Self::Boxes,
            AnswerKey::Text(_) => !matches!(
                self,
                Self::TrueFalse | Self::Choice | Self::Letter { .. } | Self::Vqa(_) | Self::Boxes
            ),
        }
    }
}

fn letter(found: Option<char>, gold: &ChoiceKey) -> Judgement {
    Judgement::equal(found.map(|found| (found.to_string(), found == gold.letter)))
}

/// The share of the true distance by which an answer may be off, with a hair of slack for sums of decimals.
const NEAR: f64 = 0.25 + 1e-9;

fn distance(reply: &str, gold: &str) -> Judgement {
    let Some(found) = Quantity::parse(reply) else { return Judgement::unparsed() };
    let right = true_distance(gold, found).is_some_and(|gold| (found.value - gold).abs() <= NEAR * gold);
    Judgement::equal(Some((found.value.to_string(), right)))
}

/// The gold distance in the unit of the answer: an answer without a unit means the unit of the gold.
fn true_distance(gold: &str, found: Quantity) -> Option<f64> {
    let quantity = Quantity::parse(gold)?;
    match (found.dimension, quantity.dimension) {
        (None, _) => first_decimal(gold).map(|(value, _)| value),
        (_, None) => Some(quantity.value),
        (one, other) => (one == other).then_some(quantity.value),
    }
}

impl Judgement {
    /// What a reward function said, with the text it read.
    fn of(outcome: &Outcome, answer: Option<&str>) -> Self {
        let answer = answer.map(str::to_owned);
        match outcome.value() {
            Some(value) => Self { verdict: Verdict::graded(value), answer },
            None => Self { verdict: Verdict::Unparsed, answer: None },
        }
    }
}

impl ChoiceKey {
    /// The letters that the options have.
    pub(crate) fn range(&self) -> LetterRange {
        let last = (b'A'..=b'Z').nth(self.options.len().saturating_sub(1)).unwrap_or(b'Z');
        LetterRange::up_to(last as char).unwrap_or(LetterRange::A_TO_H)
    }
}

mod parser_name {
    use rewards::AnswerParser;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub fn serialize<S: Serializer>(parser: &AnswerParser, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(parser.name())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<AnswerParser, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
