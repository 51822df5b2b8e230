//! Preference optimisation.

use super::overlong::Overlong;
use super::preference::PreferenceLoss;
use super::reference::Reference;
use super::weighted::{Weighted, WeightedKeys};
use crate::error::RecipeError;
use crate::kind::Kind;
use crate::section::{Entries, Key, Reader, Section, alternatives, settings};
use crate::setting::{Count, Fraction, NonNegative, Positive, Smoothing};

settings! {
    /// Preference optimisation.
    pub struct DpoSettings {
        /// The losses, added up.
        part losses: PreferenceLosses;
        /// How strongly the policy is held to the reference; scale of the margin where there is none.
        key beta: Positive = |_| Positive::constant(0.1);
        /// Share of labels that are taken to be wrong.
        key label_smoothing: Smoothing = |_| Smoothing::constant(0.0);
        /// The divergence that holds the policy to the reference.
        part divergence: Divergence;
        /// Weight of tokens beyond the length that both answers share: LD-DPO. Null weighs all alike.
        key ld_alpha: Option<Fraction> = |_| None;
        /// Temperature of `discopop`.
        key discopop_tau: Positive = |_| Positive::constant(0.05);
        /// Weight of the chosen answer's cross-entropy in the `cpo` losses.
        key cpo_alpha: NonNegative = |_| NonNegative::constant(1.0);
        /// Margin that `simpo` and `alphapo` want between the scores, after `beta` has scaled them.
        key simpo_gamma: NonNegative = |_| NonNegative::constant(0.5);
        /// How strongly `alphapo` bends rewards. TRL's `alpha`.
        key alphapo_alpha: Positive = |_| Positive::constant(0.25);
        /// What the policy is compared with.
        part reference: Reference;
        /// Longest prompt and answer in tokens, images included; a longer pair is a bad row. TRL: 1024, which cuts images in two.
        key max_length: Option<Count> = |_| None;
        /// What happens to a pair that is longer than `max_length`. TRL cuts rows anywhere.
        key overlong: Overlong = |_| Overlong::Refuse;
    }
}

/// The losses of a run with their weights.
#[derive(Debug, Clone, PartialEq)]
pub struct PreferenceLosses(pub Vec<Weighted<PreferenceLoss>>);

const LOSSES: WeightedKeys = WeightedKeys { items: "loss_type", weights: "loss_weights" };

impl Section for PreferenceLosses {
    fn keys(_: Kind, keys: &mut Vec<Key>) {
        let doc = "The loss of a pair, or several that add up.";
        LOSSES.keys(keys, doc, Some(vec![PreferenceLoss::Sigmoid]));
    }

    fn read(reader: &Reader<'_>) -> Result<Self, RecipeError> {
        LOSSES.read(reader, Some(vec![PreferenceLoss::Sigmoid])).map(Self)
    }

    fn write(&self, out: &mut Entries) {
        LOSSES.write(&self.0, out);
    }
}

alternatives! {
    /// The divergence that holds the policy to the reference: f-DPO, arXiv 2309.16240.
    pub enum Divergence by f_divergence_type = |_| "reverse_kl"; {
        /// DPO's own.
        ReverseKl = "reverse_kl",
        /// The other way round.
        ForwardKl = "forward_kl",
        /// Jensen–Shannon.
        JensenShannon = "js_divergence",
        /// Between the two.
        Alpha(AlphaDivergence) = "alpha_divergence",
    }
}

settings! {
    /// The α-divergence.
    pub struct AlphaDivergence {
        /// α of the α-divergence.
        key f_alpha_divergence_coef: Fraction = |_| Fraction::constant(0.5);
    }
}

impl DpoSettings {
    /// Whether any of the losses compares with a reference.
    pub fn needs_reference(&self) -> bool {
        self.losses.0.iter().any(|loss| loss.item.needs_reference())
    }

    pub(crate) fn check(&self, reader: &Reader<'_>) -> Result<(), RecipeError> {
        self.check_smoothing(reader)?;
        self.check_divergence(reader)?;
        let any = |uses: fn(PreferenceLoss) -> bool| self.losses.0.iter().any(|loss| uses(loss.item));
        let is_simpo = |loss| matches!(loss, PreferenceLoss::Simpo | PreferenceLoss::Alphapo);
        let keys = [
            ("label_smoothing", self.label_smoothing.get() == 0.0, any(PreferenceLoss::smooths)),
            ("cpo_alpha", self.cpo_alpha.get() == 1.0, any(PreferenceLoss::adds_likelihood)),
            ("simpo_gamma", self.simpo_gamma.get() == 0.5, any(is_simpo)),
            ("alphapo_alpha", self.alphapo_alpha.get() == 0.25, any(|loss| loss == PreferenceLoss::Alphapo)),
            ("discopop_tau", self.discopop_tau.get() == 0.05, any(|loss| loss == PreferenceLoss::Discopop)),
            ("ld_alpha", self.ld_alpha.is_none(), self.needs_reference()),
        ];
        match keys.into_iter().find(|(_, at_default, used)| !at_default && !used) {
            Some((key, ..)) => Err(reader.conflict(
                key,
                "a `loss_type` that uses it",
                format!("remove `{key}`, or choose another `loss_type`"),
            )),
            None => Ok(()),
        }
    }

    fn check_smoothing(&self, reader: &Reader<'_>) -> Result<(), RecipeError> {
        let exo = self.losses.0.iter().any(|loss| loss.item == PreferenceLoss::ExoPair);
        if exo && self.label_smoothing.get() == 0.0 {
            let fix = "set `label_smoothing: 0.001`, as its paper does";
            return Err(reader.conflict("loss_type", "`label_smoothing` above 0 beside `exo_pair`", fix));
        }
        Ok(())
    }

    fn check_divergence(&self, reader: &Reader<'_>) -> Result<(), RecipeError> {
        if self.divergence == Divergence::ReverseKl {
            return Ok(());
        }
        if self.label_smoothing.get() > 0.0 {
            let fix = "remove `label_smoothing` or `f_divergence_type`";
            return Err(reader.conflict(
                "label_smoothing",
                "0 beside another divergence than `reverse_kl`",
                fix,
            ));
        }
        if self.losses.0.iter().all(|loss| loss.item == PreferenceLoss::Sigmoid) {
            return Ok(());
        }
        let fix = "set `loss_type: sigmoid`, or remove `f_divergence_type`";
        Err(reader.conflict("f_divergence_type", "`loss_type: sigmoid` beside it", fix))
    }
}
