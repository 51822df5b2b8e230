//! KTO: completions judged one by one, as humans weigh gains and losses.

use burn::tensor::Tensor;
use burn::tensor::activation::sigmoid;
use serde::{Deserialize, Serialize};

use super::{PreferenceBatch, SequenceScores};
use crate::error::{AlgoError, same_length};
use crate::grid::Grid;
use crate::hyper::Positive;

/// What a judge said about one completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// More of this.
    Desirable,
    /// Less of this.
    Undesirable,
}

/// Judged completions, scored by policy and reference.
#[derive(Debug, Clone)]
pub struct JudgedBatch {
    policy: SequenceScores,
    reference: SequenceScores,
    verdicts: Vec<Verdict>,
}

impl JudgedBatch {
    /// One verdict per completion.
    pub fn new(
        policy: SequenceScores,
        reference: SequenceScores,
        verdicts: Vec<Verdict>,
    ) -> Result<Self, AlgoError> {
        same_length("reference completions", reference.len(), policy.len())?;
        same_length("verdicts", verdicts.len(), policy.len())?;
        Ok(Self { policy, reference: reference.detached(), verdicts })
    }

    /// a = S − F, `[P]`.
    pub fn gain(&self) -> Tensor<1> {
        self.policy.sum() - self.reference.sum()
    }

    /// The verdicts.
    pub fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }
}

/// Weights that balance unequal numbers of good and bad examples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct KtoWeights {
    /// w_d.
    pub desirable: Positive,
    /// w_u.
    pub undesirable: Positive,
}

/// z₀: how far the policy has moved in general, measured on prompts with somebody else's completion.
///
/// z₀ = max(0, mean(S′ − F′)), a constant
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use rl_algos::preference::kl_baseline;
/// let [policy_p, reference_p] = [[-1.0, -2.0], [-2.0, -2.0]].map(|s| Tensor::<1>::from_data(s, &Device::default()));
/// assert_eq!(kl_baseline(policy_p, reference_p)?.into_scalar::<f32>(), 0.5);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn kl_baseline(policy_p: Tensor<1>, reference_p: Tensor<1>) -> Result<Tensor<1>, AlgoError> {
    same_length("reference completions", reference_p.dims()[0], policy_p.dims()[0])?;
    if policy_p.dims()[0] == 0 {
        return Err(AlgoError::Empty { what: "mismatched completions" });
    }
    Ok((policy_p - reference_p).detach().mean().clamp_min(0.0))
}

/// Kahneman–Tversky optimisation.
///
/// L = w_d·(1 − σ(β(a − z₀))) where desirable, w_u·(1 − σ(β(z₀ − a))) where not
///
/// | symbol | meaning |
/// |---|---|
/// | z₀ | the reference point, from [`kl_baseline`] |
/// | w_d, w_u | weights of gains and losses |
///
/// Ethayarajh et al., arXiv 2402.01306. Mean over all rows.
///
/// By hand: a = 0.5, z₀ = 0, β = w = 1, desirable → 1 − σ(0.5) = 0.37754.
///
/// # Shapes
/// `[P]`; `baseline` has one element.
///
/// ```
/// # use burn::tensor::{Device, Tensor};
/// # use rl_algos::{AlgoError, Mask, Positive, preference::*};
/// # let device = Device::default();
/// # let mask = Mask::from_lengths(&[1], 1)?.to_device(&device);
/// # let score = |logp: f32| SequenceScores::new(Tensor::from_data([[logp]], &device), &mask);
/// let batch = JudgedBatch::new(score(-1.0)?, score(-1.5)?, vec![Verdict::Desirable])?;
/// let one = Positive::new(1.0)?;
/// let weights = KtoWeights { desirable: one, undesirable: one };
/// let loss = kto(&batch, one, weights, Tensor::from_data([0.0], &device))?.into_scalar::<f32>();
/// assert!((loss - 0.377_54).abs() < 1e-5);
/// # Ok::<(), AlgoError>(())
/// ```
pub fn kto(
    batch: &JudgedBatch,
    beta: Positive,
    weights: KtoWeights,
    baseline: Tensor<1>,
) -> Result<Tensor<1>, AlgoError> {
    let gain_p = batch.gain();
    let constant = |good: f64, bad: f64| {
        let cells =
            batch.verdicts.iter().map(|verdict| if *verdict == Verdict::Desirable { good } else { bad });
        Grid::from_cells(cells.collect(), [batch.verdicts.len(), 1])
    };
    let [sign_p, weight_p] =
        [constant(1.0, -1.0)?, constant(weights.desirable.get(), weights.undesirable.get())?]
            .map(|grid| grid.to_tensor(&gain_p.device(), gain_p.dtype()).squeeze_dim(1));
    Ok((-sigmoid((gain_p - baseline) * sign_p * beta.get()) + 1.0) * weight_p)
}

/// KTO on pairs: each side of the pair is the other side's reference point.
///
/// z_c = max(0, mean a), z_r = max(0, mean b), constants;  L = 1 − σ(β(a − z_r)) and 1 − σ(β(z_c − b))
///
/// The `kto_pair` of early DPO trainers. The whole batch takes part in each loss: micro-batches change the result.
///
/// By hand: a = 0.5, b = −0.5, β = 1: z_c = 0.5, z_r = 0 → 1 − σ(0.5) = 0.37754 and 1 − σ(1) = 0.26894.
///
/// # Shapes
/// `[2P]`, chosen first.
///
/// ```
/// # use burn::tensor::{Device, Tensor};
/// # use rl_algos::{AlgoError, Mask, Positive, preference::*};
/// # let device = Device::default();
/// # let mask = Mask::from_lengths(&[1], 1)?.to_device(&device);
/// # let score = |logp: f32| SequenceScores::new(Tensor::from_data([[logp]], &device), &mask);
/// let policy = PairScores::new(score(-1.0)?, score(-3.0)?)?;
/// let batch = PreferenceBatch::new(policy, PairScores::new(score(-1.5)?, score(-2.5)?)?)?;
/// let losses = kto_pair(&batch, Positive::new(1.0)?).into_data_as::<f32>().try_to_vec::<f32>().unwrap();
/// assert!((losses[0] - 0.377_54).abs() < 1e-5 && (losses[1] - 0.268_94).abs() < 1e-5);
/// # Ok::<(), AlgoError>(())
/// ```
pub fn kto_pair(batch: &PreferenceBatch, beta: Positive) -> Tensor<1> {
    let (chosen_p, rejected_p) = (batch.chosen_gain(), batch.rejected_gain());
    let reference_point = |gain_p: Tensor<1>| gain_p.detach().mean().clamp_min(0.0);
    let up_p = chosen_p.clone() - reference_point(rejected_p.clone());
    let down_p = reference_point(chosen_p) - rejected_p;
    -sigmoid(Tensor::cat(vec![up_p, down_p], 0) * beta.get()) + 1.0
}
