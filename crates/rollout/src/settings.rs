//! What a sampler needs to know beside the parameters of a call.

use rl_algos::SamplingParams;
use vlm_model::generate::{Capacity, SamplingSettings, SettingsError};
use vlm_model::{Continuation, Scoring};

/// Settings of a run: they belong to the model and the machine, and stay the same from call to call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SamplerSettings {
    /// How much may run at once; does not change what is written.
    pub capacity: Capacity,
    /// Ids at which a completion ends.
    pub stop: Vec<u32>,
    /// Ids that are never written: placeholders of visuals, padding.
    pub forbidden: Vec<u32>,
}

impl SamplerSettings {
    /// How to score completions sampled with `params` so that the numbers are those they were sampled with: the
    /// same temperature (1 for greedy ones), the same forbidden ids, the same positions.
    pub fn scoring(&self, params: &SamplingParams) -> Result<Scoring<'_>, SettingsError> {
        let temperature = self.sampling(params)?.log_prob_temperature();
        Ok(Scoring { temperature, forbidden: &self.forbidden, continuation: Continuation::Generated })
    }

    /// The engine's form of both.
    pub(crate) fn sampling(&self, params: &SamplingParams) -> Result<SamplingSettings, SettingsError> {
        SamplingSettings::greedy(params.max_new_tokens(), self.stop.clone())
            .forbid(self.forbidden.clone())
            .top_k(params.top_k().unwrap_or(0))
            .temperature(narrow(params.temperature()))?
            .top_p(narrow(params.top_p()))
    }
}

/// To f32, where a positive number stays one: a temperature too small to sample with is refused, not taken for the
/// zero that means greedy.
fn narrow(value: f64) -> f32 {
    if value > 0.0 { (value as f32).max(f32::MIN_POSITIVE) } else { value as f32 }
}
