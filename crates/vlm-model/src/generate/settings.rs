//! How tokens are chosen.

/// Greedy, or sampling at a temperature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Temperature {
    /// The most likely token, always; log-probabilities are those at temperature 1.
    Greedy,
    /// Logits divided by this number, which is positive.
    Of(f32),
}

impl Temperature {
    /// What logits are divided by.
    pub fn divisor(self) -> f32 {
        match self {
            Self::Greedy => 1.0,
            Self::Of(temperature) => temperature,
        }
    }
}

/// Logits divided by less than this could leave the range of an f32.
pub const MIN_TEMPERATURE: f32 = 1e-5;

/// A setting that makes no sense.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{name}: found {found}, expected {expected}")]
pub struct SettingsError {
    name: &'static str,
    found: String,
    expected: &'static str,
}

/// Checked settings of a generation.
#[derive(Clone, Debug, PartialEq)]
pub struct SamplingSettings {
    pub(super) temperature: Temperature,
    pub(super) top_k: Option<usize>,
    pub(super) top_p: f32,
    pub(super) repetition_penalty: f32,
    pub(super) max_new_tokens: usize,
    pub(super) stop: Vec<u32>,
    pub(super) forbidden: Vec<u32>,
}

impl SamplingSettings {
    /// Greedy decoding of at most `max_new_tokens` tokens that ends at any of the `stop` ids.
    pub fn greedy(max_new_tokens: usize, stop: Vec<u32>) -> Self {
        Self {
            temperature: Temperature::Greedy,
            top_k: None,
            top_p: 1.0,
            repetition_penalty: 1.0,
            max_new_tokens,
            stop,
            forbidden: Vec::new(),
        }
    }

    /// Whether nothing is left to chance.
    pub fn is_greedy(&self) -> bool {
        self.temperature == Temperature::Greedy
    }

    /// Samples at `temperature`; zero means greedy.
    pub fn temperature(mut self, temperature: f32) -> Result<Self, SettingsError> {
        let valid = temperature == 0.0 || (temperature.is_finite() && temperature >= MIN_TEMPERATURE);
        check("temperature", temperature, valid, "0 (greedy) or a number from 0.00001 up")?;
        self.temperature =
            if temperature == 0.0 { Temperature::Greedy } else { Temperature::Of(temperature) };
        Ok(self)
    }

    /// Samples among the `k` most likely tokens; zero means all.
    pub fn top_k(mut self, k: usize) -> Self {
        self.top_k = (k > 0).then_some(k);
        self
    }

    /// Samples among the most likely tokens that together reach probability `p`.
    pub fn top_p(mut self, p: f32) -> Result<Self, SettingsError> {
        check("top_p", p, p > 0.0 && p <= 1.0, "a number above 0 and up to 1")?;
        self.top_p = p;
        Ok(self)
    }

    /// Divides positive and multiplies negative logits of tokens already seen by `penalty`.
    pub fn repetition_penalty(mut self, penalty: f32) -> Result<Self, SettingsError> {
        let valid = penalty.is_finite() && penalty > 0.0;
        check("repetition_penalty", penalty, valid, "a positive number (1 is none)")?;
        self.repetition_penalty = penalty;
        Ok(self)
    }

    /// Gives these ids probability zero, in choices and in log-probabilities.
    pub fn forbid(mut self, ids: Vec<u32>) -> Self {
        self.forbidden = ids;
        self
    }

    /// Whether tokens that were seen change what is chosen.
    pub(super) fn penalises(&self) -> bool {
        self.repetition_penalty != 1.0
    }

    /// What logits are divided by before the softmax of the reported log-probabilities.
    pub fn log_prob_temperature(&self) -> f32 {
        self.temperature.divisor()
    }
}

fn check(name: &'static str, found: f32, valid: bool, expected: &'static str) -> Result<(), SettingsError> {
    if valid { Ok(()) } else { Err(SettingsError { name, found: found.to_string(), expected }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_refused_by_name() {
        let settings = || SamplingSettings::greedy(4, vec![]);
        for temperature in [-1.0, 1e-42, f32::NAN, f32::INFINITY] {
            assert!(settings().temperature(temperature).unwrap_err().to_string().contains("temperature"));
        }
        for p in [0.0, -0.1, 1.1, f32::NAN] {
            assert!(settings().top_p(p).unwrap_err().to_string().contains("top_p"));
        }
        for penalty in [0.0, -1.0, f32::NAN] {
            assert!(settings().repetition_penalty(penalty).is_err());
        }
        assert_eq!(settings().temperature(0.0).unwrap().temperature, Temperature::Greedy);
    }
}
