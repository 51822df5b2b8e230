//! How to sample.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Sampling parameters that can be sampled with. Names are TRL's and vLLM's.
///
/// ```
/// use rl_algos::SamplingParams;
/// let params = SamplingParams::default().with_temperature(0.7)?.with_num_generations(4)?.with_seed(7);
/// assert_eq!((params.temperature(), params.num_generations()), (0.7, 4));
/// assert!(params.with_top_p(0.0).is_err());
/// # Ok::<(), rl_algos::SamplingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct SamplingParams(Raw);

/// The same numbers before they are checked.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Raw {
    temperature: f64,
    top_p: f64,
    top_k: usize,
    max_new_tokens: usize,
    num_generations: usize,
    seed: u64,
}

impl Default for Raw {
    fn default() -> Self {
        Self { temperature: 1.0, top_p: 1.0, top_k: 0, max_new_tokens: 512, num_generations: 8, seed: 0 }
    }
}

/// Which sampling parameter cannot be used.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{name}: found {found}, expected {expected}")]
pub struct SamplingError {
    name: &'static str,
    found: String,
    expected: &'static str,
}

impl Default for SamplingParams {
    /// Temperature 1, no truncation of the distribution, 512 tokens, 8 completions per prompt, seed 0.
    fn default() -> Self {
        Self(Raw::default())
    }
}

impl SamplingParams {
    /// 0 is greedy; 1 samples from the model's own distribution.
    pub fn with_temperature(self, temperature: f64) -> Result<Self, SamplingError> {
        Raw { temperature, ..self.0 }.try_into()
    }

    /// Samples from the smallest set of tokens with this probability; 1 switches it off.
    pub fn with_top_p(self, top_p: f64) -> Result<Self, SamplingError> {
        Raw { top_p, ..self.0 }.try_into()
    }

    /// Samples from the k most likely tokens; 0 switches it off.
    pub const fn with_top_k(self, top_k: usize) -> Self {
        Self(Raw { top_k, ..self.0 })
    }

    /// The longest completion, end token included.
    pub fn with_max_new_tokens(self, max_new_tokens: usize) -> Result<Self, SamplingError> {
        Raw { max_new_tokens, ..self.0 }.try_into()
    }

    /// Completions per prompt.
    pub fn with_num_generations(self, num_generations: usize) -> Result<Self, SamplingError> {
        Raw { num_generations, ..self.0 }.try_into()
    }

    /// The seed of all draws.
    pub const fn with_seed(self, seed: u64) -> Self {
        Self(Raw { seed, ..self.0 })
    }

    /// The temperature.
    pub const fn temperature(&self) -> f64 {
        self.0.temperature
    }

    /// The nucleus probability.
    pub const fn top_p(&self) -> f64 {
        self.0.top_p
    }

    /// The number of candidates, if limited.
    pub const fn top_k(&self) -> Option<usize> {
        if self.0.top_k == 0 { None } else { Some(self.0.top_k) }
    }

    /// The longest completion.
    pub const fn max_new_tokens(&self) -> usize {
        self.0.max_new_tokens
    }

    /// Completions per prompt.
    pub const fn num_generations(&self) -> usize {
        self.0.num_generations
    }

    /// The seed.
    pub const fn seed(&self) -> u64 {
        self.0.seed
    }
}

impl TryFrom<Raw> for SamplingParams {
    type Error = SamplingError;

    fn try_from(raw: Raw) -> Result<Self, SamplingError> {
        let check = |holds: bool, name, found: &dyn ToString, expected| {
            if holds { Ok(()) } else { Err(SamplingError { name, found: found.to_string(), expected }) }
        };
        let hot = raw.temperature.is_finite() && raw.temperature >= 0.0;
        check(hot, "temperature", &raw.temperature, "a finite number from 0 (greedy)")?;
        check(raw.top_p > 0.0 && raw.top_p <= 1.0, "top_p", &raw.top_p, "a number above 0 and at most 1")?;
        check(raw.max_new_tokens > 0, "max_new_tokens", &raw.max_new_tokens, "at least 1")?;
        check(raw.num_generations > 0, "num_generations", &raw.num_generations, "at least 1")?;
        Ok(Self(raw))
    }
}

impl From<SamplingParams> for Raw {
    fn from(params: SamplingParams) -> Self {
        params.0
    }
}
