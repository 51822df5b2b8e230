//! The preference losses a recipe can name.

use burn::tensor::Tensor;
use rl_algos::preference::{self, Alphapo, Divergence, PairScores, PreferenceBatch, Simpo, Smoothing};
use rl_algos::{Fraction, Positive};

/// One loss of a pair; each is a function of [`rl_algos::preference`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PreferenceLoss {
    /// DPO; with smoothing, conservative DPO.
    Sigmoid(Fraction),
    /// DPO on averaged log-probabilities.
    SigmoidNorm,
    /// DPO that expects a share of flipped labels.
    Robust(Smoothing),
    /// DPO under another divergence.
    Divergence(Divergence),
    /// max(0, 1 − βh).
    Hinge,
    /// (h̄ − 1/2β)² on averages: TRL's IPO.
    Ipo,
    /// (h − 1/2β)²: the original IPO.
    IpoSum,
    /// EXO on pairs.
    Exo(Smoothing),
    /// NCA on pairs.
    Nca,
    /// BCO on pairs.
    Bco,
    /// SPPO, hard labels.
    Sppo,
    /// AOT on pairs.
    Aot(Fraction),
    /// AOT on each side alone.
    AotUnpaired(Fraction),
    /// APO, towards zero.
    ApoZero,
    /// APO, downwards.
    ApoDown,
    /// DiscoPOP with temperature τ.
    DiscoPop(Positive),
    /// KTO on pairs, whose two sides are each other's baseline.
    KtoPair,
    /// CPO.
    Cpo(Fraction),
    /// CPO with a hinge.
    CpoHinge,
    /// CPO's IPO.
    CpoIpo,
    /// SimPO; its β is the recipe's.
    SimPo(Simpo),
    /// AlphaPO; its β is the recipe's.
    AlphaPo(Alphapo),
    /// ORPO's odds ratio.
    OddsRatio,
    /// −log p of the chosen completion, averaged over its tokens.
    Sft,
}

impl PreferenceLoss {
    /// Whether the loss looks at a reference at all.
    pub fn needs_reference(self) -> bool {
        !matches!(
            self,
            Self::Cpo(_)
                | Self::CpoHinge
                | Self::CpoIpo
                | Self::SimPo(_)
                | Self::AlphaPo(_)
                | Self::OddsRatio
                | Self::Sft
        )
    }

    /// Whether what a pair gives does not depend on the other pairs of a micro-batch.
    pub fn looks_at_one_pair(self) -> bool {
        !matches!(self, Self::Aot(_) | Self::AotUnpaired(_) | Self::KtoPair)
    }

    /// One number per pair. [`Sft`](Self::Sft) averages over tokens and is added by the method.
    pub fn of(self, pairs: &PreferenceBatch, beta: Positive) -> Option<Tensor<1>> {
        let policy: &PairScores = pairs.policy();
        Some(match self {
            Self::Sigmoid(smoothing) => preference::sigmoid(pairs, beta, smoothing),
            Self::SigmoidNorm => preference::sigmoid_norm(pairs, beta),
            Self::Robust(smoothing) => preference::robust(pairs, beta, smoothing),
            Self::Divergence(divergence) => preference::sigmoid_divergence(pairs, beta, divergence),
            Self::Hinge => preference::hinge(pairs, beta),
            Self::Ipo => preference::ipo(pairs, beta),
            Self::IpoSum => preference::ipo_sum(pairs, beta),
            Self::Exo(smoothing) => preference::exo_pair(pairs, beta, smoothing),
            Self::Nca => preference::nca_pair(pairs, beta),
            Self::Bco => preference::bco_pair(pairs, beta),
            Self::Sppo => preference::sppo_hard(pairs, beta),
            Self::Aot(smoothing) => preference::aot(pairs, beta, smoothing),
            Self::AotUnpaired(smoothing) => preference::aot_unpaired(pairs, beta, smoothing),
            Self::ApoZero => preference::apo_zero(pairs, beta),
            Self::ApoDown => preference::apo_down(pairs, beta),
            Self::DiscoPop(tau) => preference::discopop(pairs, beta, tau),
            Self::KtoPair => preference::kto_pair(pairs, beta),
            Self::Cpo(smoothing) => preference::cpo_sigmoid(policy, beta, smoothing),
            Self::CpoHinge => preference::cpo_hinge(policy, beta),
            Self::CpoIpo => preference::cpo_ipo(policy, beta),
            Self::SimPo(config) => preference::simpo(policy, config),
            Self::AlphaPo(config) => preference::alphapo(policy, config),
            Self::OddsRatio => preference::odds_ratio(policy, beta),
            Self::Sft => return None,
        })
    }
}
