//! Pairwise ranking: the better half of the candidates should beat the other half by a margin of 1.

use burn::tensor::{Int, Tensor, TensorData};

use crate::error::{AlgoError, same_length};

/// Hinge loss over all pairs of a positive and a negative candidate.
///
/// L = mean over pairs of max(0, 1 + s_neg − s_pos),  s = mean over steps of the logits
///
/// Candidates with a score are sorted by it (ties: lower position first); the first ⌊n/2⌋ are positives, the other
/// scored ones negatives. Fewer than two scored candidates give 0. Lever-Plus v3, `rank_type: pairwise`.
///
/// By hand: means 0, 0.5, 0.5 and the first one best: both pairs give 1.5.
///
/// # Shapes
/// `logits_sk` `[S, K]`, `score_k` of length K (`None`: not scored); the result has one element.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use rl_algos::ranking::pairwise;
/// let logits_sk = Tensor::<2>::from_data([[0.0, 0.5, 0.5, 9.0]], &Device::default());
/// let loss = pairwise(logits_sk, &[Some(0.9), Some(0.2), Some(0.1), None])?;
/// assert_eq!(loss.into_scalar::<f32>(), 1.5);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn pairwise(logits_sk: Tensor<2>, score_k: &[Option<f64>]) -> Result<Tensor<1>, AlgoError> {
    let [steps, candidates] = logits_sk.dims();
    same_length("candidate scores", score_k.len(), candidates)?;
    if steps == 0 {
        return Err(AlgoError::Empty { what: "logits of a ranking" });
    }
    let mean_k: Tensor<1> = logits_sk.mean_dim(0).squeeze_dim(0);
    let mut ranked = (0..candidates).filter(|k| score_k[*k].is_some()).collect::<Vec<_>>();
    ranked.sort_by(|a, b| score_k[*b].unwrap_or(0.0).total_cmp(&score_k[*a].unwrap_or(0.0)));
    let (positive, negative) = ranked.split_at(ranked.len() / 2);
    if positive.is_empty() {
        return Ok((mean_k * 0.0).sum());
    }
    let pick = |rows: &[usize]| {
        let rows = rows.iter().map(|k| *k as i64).collect::<Vec<_>>();
        let count = rows.len();
        mean_k
            .clone()
            .select(0, Tensor::<1, Int>::from_data(TensorData::new(rows, [count]), &mean_k.device()))
    };
    let gap_pn = pick(negative).unsqueeze_dim::<2>(0) - pick(positive).unsqueeze_dim::<2>(1);
    Ok((gap_pn + 1.0).clamp_min(0.0).mean())
}
