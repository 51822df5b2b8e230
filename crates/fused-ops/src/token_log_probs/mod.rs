//! Log-probabilities of chosen tokens without a `[rows, vocabulary]` tensor.

mod backward;
mod forward;
mod in_chunks;
mod plain;
mod tiles;

use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use crate::bridge::{self, Operation};
use crate::composed;
use crate::linear::View;

pub use plain::plain;

/// What [`token_log_probs`] returns; both parts carry gradients.
#[derive(Clone, Debug)]
pub struct ChosenLogProbs {
    /// `log p(target)` of every row, `[rows]`.
    pub log_probs: Tensor<1>,
    /// Entropy of every row's distribution in nats, `[rows]`.
    pub entropy: Tensor<1>,
}

/// Log-probability of the target of every row, and the entropy of the row's distribution.
///
/// `z = H Eᵀ / T` with forbidden ids at minus infinity, `log p(t) = z_t - log Σ eᶻ`, `entropy = -Σ p log p`. Logits exist
/// for one tile of rows and vocabulary at a time; the backward pass makes them again and uses the closed form
/// `dz = g (1_t - p) - g' p (log p + entropy)`, with `g`, `g'` the gradients of the two outputs. The gradient reaches
/// `hidden`, and `head` where it is tracked.
///
/// A row whose target is forbidden has log-probability minus infinity, which carries no gradient.
///
/// # Shapes
/// - `hidden`: `[rows, width]`, `head`: `[vocabulary, width]`, `targets`: `rows` ids
///
/// # Panics
/// When the sizes do not match, an id is not in the vocabulary, or `temperature` is not positive.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
///
/// let device = Device::flex();
/// let hidden = Tensor::<2>::from_data([[1.0, 0.0]], &device);
/// let head = Tensor::<2>::from_data([[2.0, 0.0], [2.0, 5.0], [9.0, 9.0]], &device);
/// let chosen = fused_ops::token_log_probs(hidden, head, &[1], 1.0, &[2]);
/// let log_prob = chosen.log_probs.into_scalar::<f32>();
/// assert!((log_prob - 0.5_f32.ln()).abs() < 1e-6);
/// ```
pub fn token_log_probs(
    hidden: Tensor<2>,
    head: Tensor<2>,
    targets: &[u32],
    temperature: f32,
    forbidden: &[u32],
) -> ChosenLogProbs {
    let ([rows, width], [vocabulary, head_width]) = (hidden.dims(), head.dims());
    assert_eq!(width, head_width, "token_log_probs: hidden {:?}, head {:?}", hidden.dims(), head.dims());
    assert_eq!(rows, targets.len(), "token_log_probs: one target for every row");
    assert!(temperature > 0.0, "token_log_probs: temperature {temperature}");
    let known = |id: &u32| (*id as usize) < vocabulary;
    assert!(targets.iter().chain(forbidden).all(known), "token_log_probs: id outside {vocabulary} tokens");
    let operation = TokenLogProbs::new(targets, temperature, forbidden);
    match bridge::run(operation, [hidden.into_dispatch(), head.into_dispatch()]) {
        Ok(both) => split(Tensor::from_dispatch(both)),
        Err([hidden, head]) => {
            in_burns_operations([hidden, head].map(Tensor::from_dispatch), targets, temperature, forbidden)
        }
    }
}

fn in_burns_operations(
    inputs: [Tensor<2>; 2],
    targets: &[u32],
    temperature: f32,
    forbidden: &[u32],
) -> ChosenLogProbs {
    let recorded = if targets.is_empty() {
        Err(inputs)
    } else {
        composed::run(TokenLogProbs::new(targets, temperature, forbidden), inputs)
    };
    match recorded {
        Ok(both) => split(both),
        Err([hidden, head]) => plain(hidden, head, targets, temperature, forbidden),
    }
}

/// `[2, rows]` into its rows.
fn split(both: Tensor<2>) -> ChosenLogProbs {
    if both.dims()[1] == 0 {
        // A view of nothing would be off the tape.
        let none = both.sum_dim(0).squeeze_dim(0);
        return ChosenLogProbs { log_probs: none.clone(), entropy: none };
    }
    let row = |i| both.clone().narrow(0, i, 1).squeeze_dim(0);
    ChosenLogProbs { log_probs: row(0), entropy: row(1) }
}

#[derive(Clone, Debug)]
struct TokenLogProbs {
    targets: Vec<usize>,
    /// Sorted.
    forbidden: Vec<usize>,
    temperature: f32,
}

impl TokenLogProbs {
    fn new(targets: &[u32], temperature: f32, forbidden: &[u32]) -> Self {
        let mut forbidden: Vec<usize> = forbidden.iter().map(|&id| id as usize).collect();
        forbidden.sort_unstable();
        Self { targets: targets.iter().map(|&id| id as usize).collect(), forbidden, temperature }
    }
}

#[derive(Clone, Debug)]
struct Saved {
    hidden: FlexTensor,
    head: FlexTensor,
    rows: Vec<RowStats>,
}

/// What is known about a row's distribution.
#[derive(Clone, Copy, Debug)]
struct RowStats {
    log_sum: f32,
    entropy: f32,
}

impl Operation<2> for TokenLogProbs {
    type Saved = Saved;

    fn record(&self, [hidden, head]: [FlexTensor; 2], _: [bool; 2]) -> (FlexTensor, Saved) {
        let (output, rows) = forward::run(self, &View::of(hidden.clone()), &View::of(head.clone()));
        (output, Saved { hidden, head, rows })
    }

    fn backward(&self, saved: Saved, output_grad: FlexTensor, wanted: [bool; 2]) -> [Option<FlexTensor>; 2] {
        backward::run(self, saved, output_grad, wanted)
    }
}
