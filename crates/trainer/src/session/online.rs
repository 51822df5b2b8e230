//! A recipe's `grpo` and `reinforce` sections as settings of online learning.

use super::sources::Sources;
use super::{SessionError, activations};
use crate::online::{
    AdvantageRule, Divisor, KlCorrection, KlTerm, LossSettings, OnlineSettings, Reference, Rhythm, Surrogate,
    Truncated,
};
use recipe::{
    AdvantageEstimator, ClippedRatio, GrpoSettings, ImportanceLevel, JudgeTolerance, KlEstimator,
    LossAggregation, RatioBand, Recipe, ReinforceSettings, ScaleRewards, Whiten,
};
use rewards::{BoxedJudge, Finite, JudgeMode, MayeReward, MayeRules, Unfinished};
use rl_algos::advantage::{Grpo, Normalise, ReinforcePp, Whitening};
use rl_algos::kl::Estimator;
use rl_algos::surrogate::{SapoTemperatures, Vespo, VespoShape};
use rl_algos::{Aggregation, AlgoError, ClipBand, Fraction, Positive, SamplingParams};
use rollout::SamplerSettings;
use vlm_processor::SpecialIds;

/// `anneal grpo`.
pub fn grpo(
    recipe: &Recipe,
    grpo: &GrpoSettings,
    special: &SpecialIds,
) -> Result<OnlineSettings, SessionError> {
    let plan = grpo.plan(&recipe.optimiser);
    let rows = recipe.optimiser.per_device_train_batch_size.get();
    let rhythm = Rhythm {
        completions: plan.completions_per_prompt,
        prompts: plan.prompts / plan.steps.max(1),
        updates: plan.steps,
        passes: grpo.num_iterations.get(),
        micro: rows,
    };
    if rhythm.prompts * plan.steps != plan.prompts {
        return Err(SessionError::Rhythm { prompts: plan.prompts, updates: plan.steps });
    }
    let (surrogate, divisor) = surrogate(&grpo.surrogate, grpo.sampling.max_completion_length.get())?;
    let share = grpo.top_entropy_quantile.get();
    let kl = (grpo.kl.beta.get() > 0.0).then(|| KlTerm {
        beta: grpo.kl.beta.get(),
        estimator: estimator(grpo.kl.kl_estimator),
        correction: if grpo.kl.use_bias_correction_kl {
            KlCorrection::ImportanceWeighted
        } else {
            KlCorrection::Plain
        },
        limit: None,
    });
    let loss = LossSettings {
        surrogate,
        divisor,
        kl,
        truncated: if grpo.mask_truncated_completions { Truncated::Mask } else { Truncated::Keep },
        top_entropy: if share < 1.0 { Some(Fraction::new(share)?) } else { None },
        entropy_bonus: grpo.entropy_coef.get(),
    };
    let (sampling, sampler) = sampling(&grpo.sampling, rhythm.completions, special)?;
    Ok(OnlineSettings {
        rhythm,
        fresh_rounds: grpo.dynamic_sampling_rounds,
        sampling,
        sampler,
        reference: reference(grpo.kl.reference),
        advantage: advantage(&grpo.advantage),
        loss,
        activations: activations(recipe),
    })
}

/// `anneal reinforce`: one completion a prompt, KL in the reward, whitened returns.
pub fn reinforce(
    recipe: &Recipe,
    reinforce: &ReinforceSettings,
    special: &SpecialIds,
) -> Result<OnlineSettings, SessionError> {
    let rows = recipe.optimiser.rows_per_step();
    let rhythm = Rhythm {
        completions: 1,
        prompts: rows,
        updates: reinforce.steps_per_generation(&recipe.optimiser),
        passes: reinforce.num_iterations.get(),
        micro: recipe.optimiser.per_device_train_batch_size.get(),
    };
    let form = match reinforce.whiten {
        Whiten::ZeroMean => ReinforcePp::MAYE,
        Whiten::ReaddMean => ReinforcePp::MAYE_PUBLISHED,
        Whiten::Centre => ReinforcePp { whitening: Whitening::CentreOnly, ..ReinforcePp::MAYE },
    };
    let kl = (reinforce.kl_loss_coeff.get() > 0.0).then(|| KlTerm {
        beta: reinforce.kl_loss_coeff.get(),
        estimator: estimator(reinforce.kl_estimator),
        correction: KlCorrection::Plain,
        limit: Some(10.0),
    });
    let average = match reinforce.loss_agg {
        LossAggregation::SequenceMean => Aggregation::SequenceMeanTokenMeanAll,
        LossAggregation::TokenMean => Aggregation::TokenMean,
    };
    let (sampling, sampler) = sampling(&reinforce.sampling, 1, special)?;
    Ok(OnlineSettings {
        rhythm,
        fresh_rounds: 0,
        sampling,
        sampler,
        reference: reference(reinforce.reference),
        advantage: AdvantageRule::ReinforcePp {
            returns: form.with_gamma(Fraction::new(reinforce.gamma.get())?),
            kl: reinforce.kl_reward_coeff.get(),
        },
        loss: LossSettings {
            surrogate: Surrogate::Clip(band(&reinforce.band)?),
            divisor: Divisor::Update(average),
            kl,
            truncated: Truncated::Keep,
            top_entropy: None,
            entropy_bonus: 0.0,
        },
        activations: activations(recipe),
    })
}

/// Rows of an epoch that are answered.
pub fn rows(recipe: &Recipe, sources: &Sources, rhythm: Rhythm) -> Result<u64, SessionError> {
    let (rows, batch) = (sources.rows(), (rhythm.prompts * rhythm.updates) as u64);
    match &recipe.method {
        recipe::Method::Reinforce(reinforce) if reinforce.dataloader_drop_last => match rows / batch {
            0 => Err(SessionError::NoGeneration { rows, batch }),
            generations => Ok(generations * batch),
        },
        _ => Ok(rows),
    }
}

fn sampling(
    asked: &recipe::SamplingSettings,
    completions: usize,
    special: &SpecialIds,
) -> Result<(SamplingParams, SamplerSettings), SessionError> {
    if asked.repetition_penalty.get() != 1.0 {
        return Err(SessionError::RepetitionPenalty { found: asked.repetition_penalty.get() });
    }
    let params = SamplingParams::default()
        .with_temperature(asked.temperature.get())?
        .with_top_p(asked.top_p.get())?
        .with_max_new_tokens(asked.max_completion_length.get())?
        .with_num_generations(completions)?;
    let top_k = asked.top_k as usize;
    let params = if top_k > 0 { params.with_top_k(top_k) } else { params };
    // Masked in sampler and scorer alike.
    let forbidden = if asked.mask_vision_tokens { special.never_written(&special.eos) } else { Vec::new() };
    Ok((params, SamplerSettings { stop: special.eos.clone(), forbidden, ..SamplerSettings::default() }))
}

fn advantage(asked: &AdvantageEstimator) -> AdvantageRule {
    match asked {
        AdvantageEstimator::Grpo(scale) => AdvantageRule::Grpo(match scale.scale_rewards {
            ScaleRewards::Group => Grpo::TRL,
            ScaleRewards::Batch => Grpo::TRL_BATCH,
            ScaleRewards::None => Grpo::DR_GRPO,
        }),
        AdvantageEstimator::Rloo => AdvantageRule::Rloo,
        AdvantageEstimator::Opo => AdvantageRule::Opo,
        AdvantageEstimator::Maxrl => AdvantageRule::MaxRl,
        AdvantageEstimator::Gpg => AdvantageRule::Gpg,
        AdvantageEstimator::PassAtK => AdvantageRule::PassAtK(Normalise::No),
        AdvantageEstimator::Gdpo => AdvantageRule::Gdpo,
        AdvantageEstimator::Remax => AdvantageRule::Remax,
        AdvantageEstimator::ReinforcePpBaseline => AdvantageRule::ReinforcePpBaseline,
    }
}

fn surrogate(asked: &recipe::Surrogate, longest: usize) -> Result<(Surrogate, Divisor), SessionError> {
    use recipe::Surrogate as Named;
    let update = Divisor::Update;
    Ok(match asked {
        Named::Dapo(clip) => (clipped(clip)?, update(Aggregation::TokenMean)),
        Named::Grpo(clip) => (clipped(clip)?, update(Aggregation::SequenceMeanTokenMeanAll)),
        Named::Bnpo(clip) => (clipped(clip)?, Divisor::MicroBatch(Aggregation::TokenMean)),
        Named::DrGrpo(clip) => {
            (clipped(clip)?, update(Aggregation::Constant(Positive::new(longest as f64)?)))
        }
        Named::Cispo(capped) => {
            (Surrogate::Cispo(Positive::new(capped.epsilon_high.get())?), update(Aggregation::TokenMean))
        }
        Named::Sapo(gated) => {
            let positive = Positive::new(gated.sapo_temperature_pos.get())?;
            let negative = Positive::new(gated.sapo_temperature_neg.get())?;
            let temperatures = SapoTemperatures { positive, negative };
            (Surrogate::Sapo(temperatures), update(Aggregation::SequenceMeanTokenMeanAll))
        }
        Named::Luspo(ratio) => {
            (Surrogate::Sequence(band(ratio)?), update(Aggregation::SequenceMeanTokenSumAll))
        }
        Named::Vespo(window) => {
            let shape = |k: recipe::Positive, lambda: recipe::Positive| -> Result<VespoShape, AlgoError> {
                Ok(VespoShape { k: Positive::new(k.get())?, lambda: Positive::new(lambda.get())? })
            };
            let positive = shape(window.vespo_k_pos, window.vespo_lambda_pos)?;
            let negative = shape(window.vespo_k_neg, window.vespo_lambda_neg)?;
            (Surrogate::Vespo(Vespo { positive, negative }), update(Aggregation::TokenMean))
        }
        Named::Gmpo(log_band) => {
            let (low, high) = log_band.widths();
            (Surrogate::Gmpo(ClipBand::new(low, high)?), update(Aggregation::SequenceMeanTokenMeanAll))
        }
    })
}

fn clipped(clip: &ClippedRatio) -> Result<Surrogate, SessionError> {
    let band = band(&clip.band)?;
    Ok(match (clip.importance_sampling_level, clip.delta) {
        (ImportanceLevel::Sequence, _) => Surrogate::Sequence(band),
        (ImportanceLevel::Token, Some(delta)) => Surrogate::Capped(band, Positive::new(delta.get())?),
        (ImportanceLevel::Token, None) => Surrogate::Clip(band),
    })
}

fn band(asked: &RatioBand) -> Result<ClipBand, AlgoError> {
    let (low, high) = asked.widths();
    ClipBand::new(low, high)
}

fn reference(asked: recipe::Reference) -> Reference {
    match asked {
        recipe::Reference::AdapterCopy => Reference::Start,
        recipe::Reference::Base => Reference::Base,
    }
}

fn estimator(asked: KlEstimator) -> Estimator {
    match asked {
        KlEstimator::K1 => Estimator::K1,
        KlEstimator::K2 => Estimator::K2,
        KlEstimator::K3 => Estimator::K3,
        KlEstimator::Abs => Estimator::Abs,
    }
}

/// MAYE's reward under the recipe's penalties.
pub fn maye_reward(asked: &ReinforceSettings) -> MayeReward {
    let penalty = Finite::new(asked.reward_penalty).unwrap_or_default();
    let min_tokens = asked.min_response_length as usize;
    let unfinished = if asked.penalise_no_eos { Unfinished::Penalised } else { Unfinished::Judged };
    let judge = BoxedJudge::new(match asked.judge_mode {
        JudgeTolerance::Tolerant => JudgeMode::Tolerant,
        JudgeTolerance::Strict => JudgeMode::Strict,
    });
    let format_weight = Finite::new(asked.format_weight).unwrap_or_default();
    MayeReward::new(MayeRules { judge, format_weight, penalty, unfinished, min_tokens })
}
