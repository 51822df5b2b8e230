//! What a judge says about one reply.

use serde::{Deserialize, Serialize};

/// The verdict on one reply.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Right.
    Correct,
    /// An answer was read, and it is wrong.
    Wrong,
    /// An answer was read and graded, from 0 to 1.
    Score(f64),
    /// No answer could be read; counts as 0.
    Unparsed,
    /// No answer could be read because the length limit cut the reply; counts as 0.
    Truncated,
}

impl Verdict {
    /// The score: 1 for right, the grade, else 0.
    ///
    /// ```
    /// use eval::judge::Verdict;
    /// assert_eq!((Verdict::Correct.score(), Verdict::Score(0.3).score(), Verdict::Truncated.score()), (1.0, 0.3, 0.0));
    /// ```
    pub fn score(self) -> f64 {
        match self {
            Self::Correct => 1.0,
            Self::Score(score) if score.is_finite() => score.clamp(0.0, 1.0),
            _ => 0.0,
        }
    }

    /// Whether an answer was read.
    ///
    /// ```
    /// use eval::judge::Verdict;
    /// assert!(Verdict::Wrong.is_read() && !Verdict::Unparsed.is_read());
    /// ```
    pub const fn is_read(self) -> bool {
        !matches!(self, Self::Unparsed | Self::Truncated)
    }

    /// Correct for 1, wrong for 0, else the grade.
    pub(crate) fn graded(score: f64) -> Self {
        match score {
            1.0 => Self::Correct,
            0.0 => Self::Wrong,
            score => Self::Score(score),
        }
    }
}

/// A verdict and the answer it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// The answer as it was read from the reply.
    pub answer: Option<String>,
}

impl Judgement {
    /// Nothing could be read.
    pub(crate) const fn unparsed() -> Self {
        Self { verdict: Verdict::Unparsed, answer: None }
    }

    /// An answer and whether it is right, if one was read.
    pub(crate) fn equal(found: Option<(String, bool)>) -> Self {
        match found {
            None => Self::unparsed(),
            Some((answer, right)) => {
                let verdict = if right { Verdict::Correct } else { Verdict::Wrong };
                Self { verdict, answer: Some(answer) }
            }
        }
    }
}
