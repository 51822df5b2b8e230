//! Log-probabilities in burn's own operations.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Bool, Int, Tensor, TensorData};

use super::ChosenLogProbs;
use crate::widen::{assert_wide, widen};

/// Rows whose logits exist at one time, when burn's tape does not keep them.
pub(super) const ROWS: usize = 128;

/// [`token_log_probs`](fn@crate::token_log_probs) in burn's own operations.
///
/// 16-bit floats are multiplied as `f32`: a logit of 20 rounded to bf16 would be off by up to 0.06. With a gradient tape
/// the logits of all chunks stay alive until the backward pass, which is why there is a backward pass of ours.
pub fn plain(
    hidden: Tensor<2>,
    head: Tensor<2>,
    targets: &[u32],
    temperature: f32,
    forbidden: &[u32],
) -> ChosenLogProbs {
    let (hidden, head) = (widen(hidden), widen(head));
    let (device, vocabulary) = (hidden.device(), head.dims()[0]);
    if targets.is_empty() {
        let none = Tensor::zeros([0], (&device, hidden.dtype()));
        return ChosenLogProbs { log_probs: none.clone(), entropy: none };
    }
    let mut flags = vec![false; vocabulary];
    forbidden.iter().for_each(|&id| flags[id as usize] = true);
    let mask = Tensor::<2, Bool>::from_data(TensorData::new(flags, [1, vocabulary]), &device);
    let chunks = targets.chunks(ROWS).enumerate().map(|(i, ids)| {
        let logits = hidden.clone().narrow(0, i * ROWS, ids.len()).matmul(head.clone().transpose());
        let z = logits.div_scalar(temperature);
        let z = z.mask_fill(mask.clone().expand([ids.len(), vocabulary]), f32::NEG_INFINITY);
        chosen(z, ids)
    });
    let (log_probs, entropy) = chunks.unzip();
    ChosenLogProbs { log_probs: Tensor::cat(log_probs, 0), entropy: Tensor::cat(entropy, 0) }
}

/// Log-probabilities of the targets and entropies, from the logits of some rows.
fn chosen(z: Tensor<2>, targets: &[u32]) -> (Tensor<1>, Tensor<1>) {
    assert_wide(&z);
    let count = targets.len();
    let ids: Vec<i64> = targets.iter().copied().map(i64::from).collect();
    let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, [count, 1]), &z.device());
    let log_p = log_softmax(z, 1);
    let entropy = (log_p.clone().exp() * log_p.clone().clamp_min(-1e30)).sum_dim(1).neg();
    (log_p.gather(1, ids).reshape([count]), entropy.reshape([count]))
}
