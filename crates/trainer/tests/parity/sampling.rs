//! What the sampler says of a token is what the trainer says of it.

use crate::recorded::{CHECKPOINTS, adapted, processor, stream};
use crate::update::one;
use rewards::{Finite, Group, Outcome, RewardFn, RewardSet};
use rl_algos::advantage::Grpo;
use rl_algos::{Aggregation, ClipBand, SamplingParams};
use rollout::SamplerSettings;
use trainer::online::{
    AdvantageRule, Divisor, LossSettings, Online, OnlineSettings, Reference, Rhythm, Surrogate, Truncated,
};
use trainer::session::Tasks;
use vlm_model::Activations;

/// Even lengths are better than odd ones: some spread in every group.
struct EvenLength;

impl RewardFn for EvenLength {
    fn name(&self) -> &str {
        "even_length"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        let letters = |text: &str| Finite::new((text.chars().count() % 2) as f64).unwrap();
        group.completions().iter().map(|completion| Outcome::Value(letters(&completion.text))).collect()
    }
}

/// Two prompts of four completions.
pub fn settings(checkpoint: &str, temperature: f64) -> OnlineSettings {
    let special = processor(checkpoint).special().clone();
    let params = SamplingParams::default().with_temperature(temperature).unwrap();
    let params = params.with_max_new_tokens(24).unwrap().with_num_generations(4).unwrap();
    OnlineSettings {
        rhythm: Rhythm { completions: 4, prompts: 2, updates: 1, passes: 1, micro: 4 },
        fresh_rounds: 0,
        sampling: params,
        sampler: SamplerSettings {
            stop: special.eos.clone(),
            forbidden: vec![special.image, special.video],
            ..SamplerSettings::default()
        },
        reference: Reference::Base,
        activations: Activations::Kept,
        advantage: AdvantageRule::Grpo(Grpo::TRL),
        loss: LossSettings {
            surrogate: Surrogate::Clip(ClipBand::PPO),
            divisor: Divisor::Update(Aggregation::TokenMean),
            kl: None,
            truncated: Truncated::Keep,
            top_entropy: None,
            entropy_bonus: 0.0,
        },
    }
}

#[test]
fn fresh_samples_have_the_same_log_probability_in_sampler_and_trainer() {
    for checkpoint in CHECKPOINTS {
        for (adapter, temperature) in [("lora", 1.0), ("lora", 0.7), ("lora-vision", 1.0)] {
            let model = adapted(checkpoint, &format!("adapters/{adapter}"));
            let order = ["count", "angle"].map(ToOwned::to_owned);
            let data = stream(checkpoint, "prompts.jsonl", &order, Tasks);
            let rewards = RewardSet::new().with(EvenLength, 1.0);
            let text = processor(checkpoint);
            let decode = Box::new(move |ids: &[u32]| {
                text.decode(ids, vlm_processor::SpecialTokens::Keep).unwrap_or_default()
            });
            let settings = settings(checkpoint, temperature);
            let mut online = Online::new(settings, data, rewards, decode, &model);
            let update = one(model, &mut online);
            let largest = update.figure("sampling/sampling_logp_difference/max");
            let mean = update.figure("sampling/sampling_logp_difference/mean");
            let what = format!("{checkpoint} {adapter} at {temperature}");
            // Dividing logits by a temperature below 1 multiplies their rounding.
            assert!(
                largest <= 1e-5 / temperature,
                "{what}: the log-probabilities differ by up to {largest:.1e}"
            );
            assert!(mean <= largest, "{what}: {mean}");
            assert!(update.figure("completions/mean_length") >= 2.0, "{what}: nothing was written");
        }
    }
}
