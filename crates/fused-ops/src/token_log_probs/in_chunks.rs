//! The same on any device: chunks of rows whose logits are made again for the backward pass.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Bool, Device, IndexingUpdateOp, Int, Tensor, TensorData};

use super::TokenLogProbs;
use super::plain::ROWS;
use crate::composed::Composed;
use crate::widen::{assert_wide, narrow, widen};

/// The numbers that went in, as they were: a head of 16-bit floats is widened for a pass, and not kept so.
#[derive(Clone, Debug)]
pub(super) struct Inputs {
    hidden: Tensor<2>,
    head: Tensor<2>,
}

/// Log-probabilities and entropies, `[2, rows]`.
impl Composed<2> for TokenLogProbs {
    type Saved = Inputs;

    fn forward(&self, [hidden, head]: [Tensor<2>; 2]) -> (Tensor<2>, Inputs) {
        let saved = Inputs { hidden: hidden.clone(), head: head.clone() };
        let (hidden, head) = (widen(hidden), widen(head));
        let parts = self.chunks(&hidden, &head).map(|chunk| {
            let log_p = chunk.log_probs(&head);
            let chosen = log_p.clone().gather(1, chunk.targets());
            Tensor::cat(vec![chosen, negative_entropy(&log_p).neg()], 1)
        });
        (Tensor::cat(parts.collect(), 0).transpose(), saved)
    }

    fn backward(&self, saved: Inputs, output_grad: Tensor<2>, wanted: [bool; 2]) -> [Option<Tensor<2>>; 2] {
        let types = [saved.hidden.dtype(), saved.head.dtype()];
        let (hidden, head) = (widen(saved.hidden), widen(saved.head));
        let (mut by_rows, mut of_head) = (Vec::new(), None);
        for chunk in self.chunks(&hidden, &head) {
            let grads = output_grad.clone().narrow(1, chunk.first, chunk.ids.len()).transpose();
            let dz = chunk.logit_grads(chunk.log_probs(&head), grads).div_scalar(self.temperature);
            if wanted[1] {
                let more = dz.clone().transpose().matmul(chunk.hidden.clone());
                of_head = Some(of_head.into_iter().fold(more, |more, sum: Tensor<2>| sum + more));
            }
            if wanted[0] {
                by_rows.push(dz.matmul(head.clone()));
            }
        }
        let of_hidden = wanted[0].then(|| narrow(Tensor::cat(by_rows, 0), types[0]));
        [of_hidden, of_head.map(|grad| narrow(grad, types[1]))]
    }
}

impl TokenLogProbs {
    fn chunks(&self, hidden: &Tensor<2>, head: &Tensor<2>) -> impl Iterator<Item = Chunk<'_>> {
        let vocabulary = head.dims()[0];
        let forbidden =
            (!self.forbidden.is_empty()).then(|| never(&self.forbidden, vocabulary, &hidden.device()));
        self.targets.chunks(ROWS).enumerate().map(move |(i, ids)| Chunk {
            operation: self,
            first: i * ROWS,
            hidden: hidden.clone().narrow(0, i * ROWS, ids.len()),
            ids,
            forbidden: forbidden.clone(),
        })
    }
}

/// Some rows.
struct Chunk<'a> {
    operation: &'a TokenLogProbs,
    first: usize,
    hidden: Tensor<2>,
    ids: &'a [usize],
    /// True where a token is forbidden, `[1, vocabulary]`.
    forbidden: Option<Tensor<2, Bool>>,
}

impl Chunk<'_> {
    /// `[rows, 1]`
    fn targets(&self) -> Tensor<2, Int> {
        indices(self.ids, &self.hidden.device()).unsqueeze_dim(1)
    }

    fn log_probs(&self, head: &Tensor<2>) -> Tensor<2> {
        let z = self.hidden.clone().matmul(head.clone().transpose()).div_scalar(self.operation.temperature);
        assert_wide(&z);
        let z = match &self.forbidden {
            None => z,
            Some(forbidden) => {
                let shape = z.dims();
                z.mask_fill(forbidden.clone().expand(shape), f32::NEG_INFINITY)
            }
        };
        log_softmax(z, 1)
    }

    /// `dz = g (1_t - p) - g' p (log p + entropy)`, with `g` and `g'` the columns of `grads`.
    fn logit_grads(&self, log_p: Tensor<2>, grads: Tensor<2>) -> Tensor<2> {
        let (g, of_entropy) = (grads.clone().narrow(1, 0, 1) * self.possible(&log_p), grads.narrow(1, 1, 1));
        let less_entropy = negative_entropy(&log_p);
        let p = log_p.clone().exp();
        let dz = p * (g.clone() + of_entropy * (log_p.clamp_min(-1e30) - less_entropy));
        dz.neg().scatter(1, self.targets(), g, IndexingUpdateOp::Add)
    }

    /// 0 where a row's target is forbidden, which carries no gradient, and 1 elsewhere, `[rows, 1]`.
    fn possible(&self, like: &Tensor<2>) -> Tensor<2> {
        let possible = |id: &usize| self.operation.forbidden.binary_search(id).is_err();
        let flags: Vec<bool> = self.ids.iter().map(possible).collect();
        let flags = Tensor::<2, Bool>::from_data(TensorData::new(flags, [self.ids.len(), 1]), &like.device());
        Tensor::ones([self.ids.len(), 1], (&like.device(), like.dtype())).mask_fill(flags.bool_not(), 0.0)
    }
}

/// `Σ p log p` of every row, `[rows, 1]`.
fn negative_entropy(log_p: &Tensor<2>) -> Tensor<2> {
    (log_p.clone().exp() * log_p.clone().clamp_min(-1e30)).sum_dim(1)
}

fn never(forbidden: &[usize], vocabulary: usize, device: &Device) -> Tensor<2, Bool> {
    let mut flags = vec![false; vocabulary];
    forbidden.iter().for_each(|id| flags[*id] = true);
    Tensor::from_data(TensorData::new(flags, [1, vocabulary]), device)
}

fn indices(numbers: &[usize], device: &Device) -> Tensor<1, Int> {
    let numbers: Vec<i64> = numbers.iter().map(|number| *number as i64).collect();
    let count = numbers.len();
    Tensor::from_data(TensorData::new(numbers, [count]), device)
}
