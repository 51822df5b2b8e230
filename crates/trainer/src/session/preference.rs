//! A recipe's `dpo` section as losses with weights.

use super::SessionError;
use crate::methods::PreferenceLoss;
use recipe::{Divergence, DpoSettings};
use rl_algos::preference::{Alphapo, Divergence as Measure, Simpo, Smoothing};
use rl_algos::{Fraction, Positive};

/// The losses of `anneal dpo` with their weights; what a loss adds of the chosen answers' likelihood is a loss of its own.
pub fn losses(dpo: &DpoSettings) -> Result<Vec<(PreferenceLoss, f64)>, SessionError> {
    let mut losses = Vec::new();
    for weighted in &dpo.losses.0 {
        losses.push((loss(weighted.item, dpo)?, weighted.weight));
        let likelihood = match weighted.item {
            recipe::PreferenceLoss::Orpo => 1.0,
            named if named.adds_likelihood() => dpo.cpo_alpha.get(),
            _ => 0.0,
        };
        if likelihood > 0.0 {
            losses.push((PreferenceLoss::Sft, weighted.weight * likelihood));
        }
    }
    Ok(losses)
}

fn loss(named: recipe::PreferenceLoss, dpo: &DpoSettings) -> Result<PreferenceLoss, SessionError> {
    use recipe::PreferenceLoss as Named;
    let lambda = dpo.label_smoothing.get();
    let smoothing = Fraction::new(lambda)?;
    let beta = Positive::new(dpo.beta.get())?;
    let simpo = Simpo { beta, margin: dpo.simpo_gamma.get(), smoothing };
    Ok(match named {
        Named::Sigmoid => match divergence(&dpo.divergence)? {
            Measure::ReverseKl => PreferenceLoss::Sigmoid(smoothing),
            other => PreferenceLoss::Divergence(other),
        },
        Named::SigmoidNorm => PreferenceLoss::SigmoidNorm,
        // Without flipped labels the robust loss is DPO's.
        Named::Robust if lambda == 0.0 => PreferenceLoss::Sigmoid(smoothing),
        Named::Robust => PreferenceLoss::Robust(Smoothing::new(lambda)?),
        Named::Hinge => PreferenceLoss::Hinge,
        Named::Ipo => PreferenceLoss::Ipo,
        Named::IpoSum => PreferenceLoss::IpoSum,
        Named::ExoPair => PreferenceLoss::Exo(Smoothing::new(lambda)?),
        Named::NcaPair => PreferenceLoss::Nca,
        Named::BcoPair => PreferenceLoss::Bco,
        Named::SppoHard => PreferenceLoss::Sppo,
        Named::Aot => PreferenceLoss::Aot(smoothing),
        Named::AotUnpaired => PreferenceLoss::AotUnpaired(smoothing),
        Named::ApoZero => PreferenceLoss::ApoZero,
        Named::ApoDown => PreferenceLoss::ApoDown,
        Named::Discopop => PreferenceLoss::DiscoPop(Positive::new(dpo.discopop_tau.get())?),
        Named::KtoPair => PreferenceLoss::KtoPair,
        Named::Sft => PreferenceLoss::Sft,
        Named::CpoSigmoid => PreferenceLoss::Cpo(smoothing),
        Named::CpoHinge => PreferenceLoss::CpoHinge,
        Named::CpoIpo => PreferenceLoss::CpoIpo,
        Named::Simpo => PreferenceLoss::SimPo(simpo),
        Named::Alphapo => {
            PreferenceLoss::AlphaPo(Alphapo { simpo, alpha: Positive::new(dpo.alphapo_alpha.get())? })
        }
        Named::Orpo => PreferenceLoss::OddsRatio,
    })
}

fn divergence(asked: &Divergence) -> Result<Measure, SessionError> {
    Ok(match asked {
        Divergence::ReverseKl => Measure::ReverseKl,
        Divergence::ForwardKl => Measure::ForwardKl,
        Divergence::JensenShannon => Measure::JensenShannon,
        Divergence::Alpha(alpha) => Measure::Alpha(Fraction::new(alpha.f_alpha_divergence_coef.get())?),
    })
}
