//! The losses of preference pairs.

use crate::setting::choices;

choices! {
    /// A loss of a preference pair, by its name in TRL.
    pub enum PreferenceLoss {
        /// DPO; with `label_smoothing` conservative DPO.
        Sigmoid = "sigmoid",
        /// DPO on gains per token.
        SigmoidNorm = "sigmoid_norm",
        /// DPO that is unbiased under a known share of wrong labels.
        Robust = "robust",
        /// A hinge instead of the sigmoid: SLiC.
        Hinge = "hinge",
        /// IPO on gains per token, as TRL has it.
        Ipo = "ipo",
        /// IPO on whole gains, as in its paper's code.
        IpoSum = "ipo_sum",
        /// EXO on pairs; needs `label_smoothing` above 0.
        ExoPair = "exo_pair",
        /// Noise-contrastive alignment.
        NcaPair = "nca_pair",
        /// Binary classifier optimisation.
        BcoPair = "bco_pair",
        /// Self-play with hard win probabilities.
        SppoHard = "sppo_hard",
        /// Distributional alignment of paired gains, sorted over the batch.
        Aot = "aot",
        /// The same for unpaired gains.
        AotUnpaired = "aot_unpaired",
        /// Anchored: up for chosen, down for rejected.
        ApoZero = "apo_zero",
        /// Anchored: down for both, more for rejected.
        ApoDown = "apo_down",
        /// The loss discovered by a language model; `discopop_tau`.
        Discopop = "discopop",
        /// Kahneman–Tversky on pairs.
        KtoPair = "kto_pair",
        /// Cross-entropy of the chosen answer.
        Sft = "sft",
        /// CPO: DPO without a reference, plus `cpo_alpha` times the chosen answer's cross-entropy.
        CpoSigmoid = "cpo_sigmoid",
        /// The same with a hinge.
        CpoHinge = "cpo_hinge",
        /// The same with IPO's square.
        CpoIpo = "cpo_ipo",
        /// SimPO: no reference, gains per token, margin `simpo_gamma`.
        Simpo = "simpo",
        /// SimPO with rewards bent by `alphapo_alpha`.
        Alphapo = "alphapo",
        /// Odds ratio beside the chosen answer's cross-entropy; no reference.
        Orpo = "orpo",
    }
}

impl PreferenceLoss {
    /// Whether it compares with a reference model.
    pub const fn needs_reference(self) -> bool {
        !matches!(
            self,
            Self::Sft
                | Self::CpoSigmoid
                | Self::CpoHinge
                | Self::CpoIpo
                | Self::Simpo
                | Self::Alphapo
                | Self::Orpo
        )
    }

    /// Whether `label_smoothing` is part of it.
    pub(super) const fn smooths(self) -> bool {
        matches!(
            self,
            Self::Sigmoid
                | Self::Robust
                | Self::ExoPair
                | Self::Aot
                | Self::AotUnpaired
                | Self::CpoSigmoid
                | Self::Simpo
                | Self::Alphapo
        )
    }

    /// Whether `cpo_alpha` is part of it.
    pub const fn adds_likelihood(self) -> bool {
        matches!(self, Self::CpoSigmoid | Self::CpoHinge | Self::CpoIpo)
    }
}
