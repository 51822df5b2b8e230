//! The loss of some completions: what the update learns from them.

use super::settings::{Divisor, KlCorrection, KlTerm, LossSettings, Truncated};
use super::surrogate::SurrogateLoss;
use burn::tensor::Tensor;
use rl_algos::kl::{Guard, importance_corrected};
use rl_algos::surrogate::{clip_metrics, weigh};
use rl_algos::{
    Advantages, AlgoError, Denominator, DeviceMask, Grid, LogRatio, Mask, PolicyBatch, Positive, Totals,
    aggregate, entropy_bonus, mean_over_rows, top_entropy,
};

/// Scores of some rows of an update, padded to one width.
pub struct Scored {
    /// ℓ, differentiable.
    pub logp_bt: Tensor<2>,
    /// ℓᵒ; the policy itself when absent.
    pub old_bt: Option<Grid<f64>>,
    /// ℓᶠ, where there is a reference.
    pub reference_bt: Option<Grid<f64>>,
    /// Entropies, differentiable.
    pub entropy_bt: Tensor<2>,
    /// A.
    pub advantage_bt: Grid<f64>,
    /// Tokens that count.
    pub mask: Mask,
    /// Rows that the length limit cut.
    pub truncated: Vec<bool>,
}

/// What the whole update counts, and in how many parts it is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Whole {
    /// Rows and tokens that the loss averages over.
    pub totals: Totals,
    /// Micro-batches.
    pub parts: usize,
}

/// A loss with its figures.
pub struct Computed {
    /// To run backward from.
    pub loss: Tensor<1>,
    /// Names and values, averages over the tokens of these rows.
    pub figures: Vec<(&'static str, f64)>,
    /// Names and values of the loss's terms, without their coefficients; those of all parts of an update add up.
    pub terms: Vec<(&'static str, f64)>,
}

impl LossSettings {
    /// The mask that the loss averages over.
    pub fn counted(&self, mask: &Mask, truncated: &[bool]) -> Result<Mask, AlgoError> {
        match self.truncated {
            Truncated::Keep => Ok(mask.clone()),
            Truncated::Mask => mask.without_rows(truncated),
        }
    }

    /// surrogate + β·KL of these rows, as their share of the whole update's loss.
    pub fn compute(&self, rows: Scored, whole: Whole) -> Result<Computed, AlgoError> {
        let device = rows.logp_bt.device();
        let mask = self.counted(&rows.mask, &rows.truncated)?.to_device(&device);
        let old_bt = match &rows.old_bt {
            Some(old_bt) => old_bt.to_tensor(&device, rows.logp_bt.dtype()),
            None => rows.logp_bt.clone().detach(),
        };
        let advantages = Advantages::Tokens(rows.advantage_bt.clone());
        let batch = PolicyBatch::new(rows.logp_bt.clone(), old_bt, &advantages, &mask)?;
        let denominator = self.denominator(&mask, whole);
        let mut figures = Vec::new();
        if let Some(band) = self.surrogate.band() {
            let clip = clip_metrics(&batch, band)?;
            figures.push(("clip_ratio/low_mean", clip.low));
            figures.push(("clip_ratio/high_mean", clip.high));
            figures.push(("clip_ratio/region_mean", clip.region));
            figures.push(("policy/approx_kl", clip.kl));
            figures.push(("policy/half_square", clip.half_square));
            figures.push(("policy/ratio_mean", clip.ratio));
        }
        let mut loss = self.policy_loss(&batch, &rows, &mask, denominator, whole)?;
        let mut terms = vec![("policy_loss", scalar(&loss))];
        if let Ok(coefficient) = Positive::new(self.entropy_bonus) {
            loss = loss + entropy_bonus(rows.entropy_bt.clone(), coefficient, &mask, denominator)?;
        }
        if let (Some(term), Some(reference_bt)) = (self.kl, &rows.reference_bt) {
            let reference_bt = reference_bt.to_tensor(&device, rows.logp_bt.dtype());
            let (kl, mean) = self.kl_loss(term, &rows.logp_bt, reference_bt, &batch, denominator)?;
            figures.push(("kl", mean));
            terms.push(("kl_loss", scalar(&kl)));
            loss = loss + kl * term.beta;
        }
        Ok(Computed { loss, figures, terms })
    }

    fn denominator(&self, mask: &DeviceMask, whole: Whole) -> Denominator {
        match self.divisor {
            Divisor::Update(rule) => Denominator::new(rule, whole.totals),
            Divisor::MicroBatch(rule) => Denominator::new(rule, mask.host().totals()).split(whole.parts),
        }
    }

    fn policy_loss(
        &self,
        batch: &PolicyBatch,
        rows: &Scored,
        mask: &DeviceMask,
        denominator: Denominator,
        whole: Whole,
    ) -> Result<Tensor<1>, AlgoError> {
        let mut loss_bt = match self.surrogate.loss(batch)? {
            SurrogateLoss::Rows(loss_b) => return Ok(mean_over_rows(loss_b, whole.totals.rows)),
            SurrogateLoss::Tokens(loss_bt) => loss_bt,
        };
        if let Some(share) = self.top_entropy {
            let entropy_bt = Grid::from_tensor("entropies", rows.entropy_bt.clone().inner())?;
            loss_bt = weigh(loss_bt, &top_entropy(&entropy_bt, mask.host(), share)?)?;
        }
        aggregate(loss_bt, mask, denominator)
    }

    /// The mean of the corrected estimate, and for the log its mean over the tokens, as TRL logs it.
    fn kl_loss(
        &self,
        term: KlTerm,
        logp_bt: &Tensor<2>,
        reference_bt: Tensor<2>,
        batch: &PolicyBatch,
        denominator: Denominator,
    ) -> Result<(Tensor<1>, f64), AlgoError> {
        let mask = batch.mask();
        let d = LogRatio::new(logp_bt.clone(), reference_bt, mask)?;
        let estimate_bt = term.estimator.estimate(&d, Guard::Overflow);
        let corrected_bt = match term.correction {
            KlCorrection::Plain => estimate_bt,
            KlCorrection::ImportanceWeighted if self.surrogate.is_sequence_level() => {
                importance_corrected(estimate_bt, batch.log_ratio().row_mean().exp())?
            }
            KlCorrection::ImportanceWeighted => importance_corrected(estimate_bt, batch.ratio())?,
        };
        let tokens = mask.host().totals().tokens.max(1) as f64;
        let mean = mask.row_sum(corrected_bt.clone()).inner().sum().into_scalar::<f64>() / tokens;
        let mut loss = aggregate(corrected_bt, mask, denominator)?;
        if let Some(limit) = term.limit {
            loss = loss.clamp(-limit, limit);
        }
        Ok((loss, mean))
    }
}

fn scalar(loss: &Tensor<1>) -> f64 {
    loss.clone().inner().into_scalar::<f64>()
}
