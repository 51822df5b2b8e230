//! How answers are drawn.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How the model is asked: how many answers to each question, how they are drawn, and how they count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvalSampling {
    /// Name in file names and tables, such as `greedy`.
    pub name: String,
    /// Answers to each question.
    pub samples: usize,
    /// A question is solved when one of this many answers is right (pass@k); at most `samples`.
    pub pass_at: usize,
    /// 0 is greedy.
    pub temperature: f64,
    /// Nucleus; 1 keeps everything.
    pub top_p: f64,
    /// The most probable tokens to draw from; none for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_k: Option<usize>,
    /// Tokens after which an answer is cut.
    pub max_new_tokens: usize,
    /// Seed of the draws.
    pub seed: u64,
}

/// A setting that makes no sense.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("sampling {name:?}: {field}: found {found}, expected {expected}")]
pub struct SamplingError {
    /// Name of the setting.
    pub name: String,
    /// Which value.
    pub field: &'static str,
    /// The value.
    pub found: String,
    /// What it should be.
    pub expected: String,
}

impl EvalSampling {
    /// One greedy answer of limited length.
    ///
    /// ```
    /// let greedy = eval::EvalSampling::greedy(256);
    /// assert_eq!((greedy.samples, greedy.temperature, greedy.max_new_tokens), (1, 0.0, 256));
    /// ```
    pub fn greedy(max_new_tokens: usize) -> Self {
        Self {
            name: "greedy".to_owned(),
            samples: 1,
            pass_at: 1,
            temperature: 0.0,
            top_p: 1.0,
            top_k: None,
            max_new_tokens,
            seed: 0,
        }
    }

    /// The three settings of MAYE: pass@1 at temperature 0.01, pass@1 at 0.6, pass@8 at 1.0.
    ///
    /// ```
    /// let [low, medium, high] = eval::EvalSampling::maye();
    /// assert_eq!((low.temperature, low.top_p, medium.temperature, high.pass_at), (0.01, 0.001, 0.6, 8));
    /// ```
    pub fn maye() -> [Self; 3] {
        let setting = |name: &str, samples, temperature, top_p| Self {
            name: name.to_owned(),
            samples,
            pass_at: samples,
            temperature,
            top_p,
            ..Self::greedy(2048)
        };
        [setting("low", 1, 0.01, 0.001), setting("medium", 1, 0.6, 1.0), setting("high", 8, 1.0, 1.0)]
    }

    /// The suffix of MAYE's metric names.
    ///
    /// ```
    /// assert_eq!(eval::EvalSampling::maye()[2].suffix(), "pass@8 Temperature=1.0");
    /// ```
    pub fn suffix(&self) -> String {
        format!("pass@{} Temperature={:?}", self.pass_at, self.temperature)
    }

    /// Whether the values make sense together.
    ///
    /// # Errors
    /// [`SamplingError`] naming the first value that does not.
    pub fn check(&self) -> Result<(), SamplingError> {
        let fail = |field, found: String, expected: &str| {
            Err(SamplingError { name: self.name.clone(), field, found, expected: expected.to_owned() })
        };
        match self {
            s if s.samples == 0 => fail("samples", "0".into(), "at least 1"),
            s if s.pass_at == 0 || s.pass_at > s.samples => {
                fail("pass_at", s.pass_at.to_string(), &format!("1 to {} (samples)", s.samples))
            }
            s if !(s.temperature.is_finite() && s.temperature >= 0.0) => {
                fail("temperature", s.temperature.to_string(), "0 or more")
            }
            s if !(s.top_p > 0.0 && s.top_p <= 1.0) => {
                fail("top_p", s.top_p.to_string(), "above 0 and at most 1")
            }
            s if s.top_k == Some(0) => fail("top_k", "0".into(), "at least 1, or no value for all tokens"),
            s if s.max_new_tokens == 0 => fail("max_new_tokens", "0".into(), "at least 1"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_make_no_sense_are_named() {
        let good = EvalSampling::greedy(8);
        assert_eq!(good.check(), Ok(()));
        let bad = [
            ("samples", EvalSampling { samples: 0, ..good.clone() }),
            ("pass_at", EvalSampling { pass_at: 2, ..good.clone() }),
            ("temperature", EvalSampling { temperature: f64::NAN, ..good.clone() }),
            ("top_p", EvalSampling { top_p: 0.0, ..good.clone() }),
            ("top_k", EvalSampling { top_k: Some(0), ..good.clone() }),
            ("max_new_tokens", EvalSampling { max_new_tokens: 0, ..good }),
        ];
        for (field, setting) in bad {
            assert_eq!(setting.check().unwrap_err().field, field);
        }
    }
}
