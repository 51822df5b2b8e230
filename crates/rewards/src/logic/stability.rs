//! Do right answers of one group reason alike?

use std::collections::BTreeSet;

use crate::choice::gold_letter;
use crate::reward::with_gold;
use crate::text::tags::reasoning;
use crate::{AnswerParser, Completion, Group, LetterRange, Outcome, RewardError, RewardFn, Sample};

/// Similarity above which a pair earns a bonus.
const THRESHOLD: f64 = 0.3;

/// Mean length, in characters, that earns the full bonus.
const FULL_LENGTH: f64 = 1000.0;

/// Characters below which reasoning does not count.
const MIN_LENGTH: usize = 50;

/// J = |A∩B| / |A∪B| on the sets of lower-case word tokens (runs of letters, digits and underscores); 0 when both are
/// empty.
///
/// ```
/// assert_eq!(rewards::jaccard("a red cup", "A red box"), 0.5);
/// ```
pub fn jaccard(a: &str, b: &str) -> f64 {
    overlap(&words(a), &words(b))
}

fn words(text: &str) -> BTreeSet<String> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    text.to_lowercase().split(|c| !word(c)).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

fn overlap(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let shared = a.intersection(b).count();
    let all = a.len() + b.len() - shared;
    if all == 0 { 0.0 } else { shared as f64 / all as f64 }
}

/// Stability: completions whose letter is right and whose reasoning has at least 50 characters are compared in pairs;
/// a pair with J > 0.3 earns J·min(1, mean length / 1000), and each completion gets the maximum over its pairs.
///
/// ```
/// use rewards::{Group, RewardFn, Sample, Stability};
/// let text = "<think>The person washes a dish under running water and then dries it.</think><answer>A</answer>";
/// let values = Stability::default().judge(&Group::of_texts(Sample::text("?", "A"), [text, text]));
/// assert!(values[0].value().unwrap() > 0.0);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Stability {
    parser: AnswerParser,
}

struct Reasoning {
    words: BTreeSet<String>,
    length: usize,
}

impl Stability {
    /// Stability with letters read by one rule, of the gold answer too.
    ///
    /// ```
    /// use rewards::{AnswerParser, RewardFn, Stability};
    /// assert_eq!(Stability::new(AnswerParser::PublishedStability).name(), "stability");
    /// ```
    pub const fn new(parser: AnswerParser) -> Self {
        Self { parser }
    }

    fn letter(&self, text: &str) -> Option<char> {
        self.parser.read(text, LetterRange::A_TO_H).letter()
    }

    fn qualifying(&self, completion: &Completion, gold: char) -> Option<Reasoning> {
        let text = reasoning(&completion.text).filter(|_| self.letter(&completion.text) == Some(gold))?;
        let length = text.chars().count();
        (length >= MIN_LENGTH).then(|| Reasoning { words: words(text), length })
    }
}

fn bonus(a: &Reasoning, b: &Reasoning) -> f64 {
    let similarity = overlap(&a.words, &b.words);
    let mean = (a.length + b.length) as f64 / 2.0;
    if similarity > THRESHOLD { similarity * (mean / FULL_LENGTH).min(1.0) } else { 0.0 }
}

impl RewardFn for Stability {
    fn name(&self) -> &str {
        "stability"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        with_gold(
            group,
            |sample| gold_letter(sample, self.parser, LetterRange::A_TO_H),
            |gold| {
                let all: Vec<_> = group.completions().iter().map(|c| self.qualifying(c, gold)).collect();
                let best = |i: usize, own: &Reasoning| {
                    let others = all
                        .iter()
                        .enumerate()
                        .filter(|(j, _)| *j != i)
                        .filter_map(|(_, other)| other.as_ref());
                    others.map(|other| bonus(own, other)).fold(0.0, f64::max)
                };
                let score =
                    |(i, own): (usize, &Option<Reasoning>)| own.as_ref().map_or(0.0, |own| best(i, own));
                all.iter().enumerate().map(|pair| Outcome::from_f64(score(pair))).collect()
            },
        )
    }

    fn accepts(&self, sample: &Sample) -> Result<(), RewardError> {
        gold_letter(sample, self.parser, LetterRange::A_TO_H).map(drop)
    }
}
