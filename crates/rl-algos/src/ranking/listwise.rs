//! Listwise ranking: match a distribution over candidates.

use burn::tensor::Tensor;
use burn::tensor::activation::softmax;

use crate::error::{AlgoError, all_finite, same_length};
use crate::grid::Grid;
use crate::hyper::Positive;

/// Keeps ln m finite where the model gives a candidate nothing.
const TINY: f64 = 1e-10;

/// The divergence from the scores' distribution to the model's, averaged over the steps of a selection.
///
/// p = softmax(score/τ),  m = (1/S) Σₛ softmax(logitsₛ),  L = Σₖ pₖ·(ln pₖ − ln(mₖ + 1e-10))
///
/// | symbol | meaning |
/// |---|---|
/// | k, s | candidate, step of the selection (one candidate is chosen per step) |
/// | τ | temperature of the scores, 0.1 in Lever-Plus v3 |
///
/// ListNet: Cao et al., ICML 2007. Give only the valid candidates of a padded pool.
///
/// By hand: equal scores and equal logits → 0.
///
/// # Shapes
/// `logits_sk` `[S, K]`, `score_k` of length K; the result has one element.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use rl_algos::{Positive, ranking::listwise};
/// let logits_sk = Tensor::<2>::from_data([[2.0, 1.0, 0.0, -1.0], [0.0, -100.0, 1.0, 0.5]], &Device::default());
/// let loss = listwise(logits_sk, &[0.25, 0.20, 0.15, 0.0], Positive::new(0.1)?)?;
/// assert!((loss.into_scalar::<f32>() - 0.197_669).abs() < 1e-5);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn listwise(
    logits_sk: Tensor<2>,
    score_k: &[f64],
    temperature: Positive,
) -> Result<Tensor<1>, AlgoError> {
    let [steps, candidates] = logits_sk.dims();
    same_length("candidate scores", score_k.len(), candidates)?;
    all_finite("candidate scores", score_k)?;
    if steps == 0 || candidates == 0 {
        return Err(AlgoError::Empty { what: "logits of a ranking" });
    }
    let target = Grid::from_cells(super::rce::softmax_of(score_k, temperature.get()), [1, candidates])?;
    let log_target = Grid::from_fn([1, candidates], |_, k| target.row(0)[k].max(f64::MIN_POSITIVE).ln());
    let [target, log_target] = [target, log_target].map(|grid| grid.beside(&logits_sk));
    let model = softmax(logits_sk, 1).mean_dim(0);
    Ok((target * (log_target - (model + TINY).log())).sum())
}
