//! What counts as right.

use serde::{Deserialize, Serialize};

/// The right answer of a question, in the form its judge needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerKey {
    /// Whether the statement holds.
    Truth(bool),
    /// One of several options.
    Choice(ChoiceKey),
    /// One text: a number, an expression, a solution with a box, a phrase.
    Text(String),
    /// The answers of several annotators.
    Answers(Vec<String>),
    /// Boxes as left, top, right, bottom.
    Boxes(Vec<[f64; 4]>),
}

/// The right option among several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChoiceKey {
    /// Its letter.
    pub letter: char,
    /// The texts of the options in the order of their letters; empty texts keep their letter.
    pub options: Vec<String>,
}

impl ChoiceKey {
    /// A key, or `None` when the letter (in either case) is none of the options' or there are fewer than two.
    ///
    /// ```
    /// use eval::judge::ChoiceKey;
    /// let key = ChoiceKey::new('b', vec!["left".into(), "right".into()]).unwrap();
    /// assert_eq!((key.letter, key.text()), ('B', "right"));
    /// assert_eq!(ChoiceKey::new('C', key.options), None);
    /// ```
    pub fn new(letter: char, options: Vec<String>) -> Option<Self> {
        let letter = letter.to_ascii_uppercase();
        let position =
            option_index(letter).filter(|at| *at < options.len() && (2..=26).contains(&options.len()));
        position.map(|_| Self { letter, options })
    }

    /// The text of the right option.
    pub fn text(&self) -> &str {
        option_index(self.letter).and_then(|at| self.options.get(at)).map_or("", String::as_str)
    }
}

impl AnswerKey {
    /// The key in words, for tables and reports.
    ///
    /// ```
    /// assert_eq!(eval::judge::AnswerKey::Truth(true).to_string(), "true");
    /// ```
    fn words(&self) -> String {
        match self {
            Self::Truth(truth) => truth.to_string(),
            Self::Choice(choice) => format!("{}. {}", choice.letter, choice.text()),
            Self::Text(text) => text.clone(),
            Self::Answers(answers) => answers.join(" | "),
            Self::Boxes(boxes) => format!("{boxes:?}"),
        }
    }
}

impl std::fmt::Display for AnswerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.words())
    }
}

/// The position of an option letter.
fn option_index(letter: char) -> Option<usize> {
    letter.is_ascii_uppercase().then(|| usize::from(letter as u8 - b'A'))
}
