//! Tokens that are chosen where the logits are, so that the host need not wait for each.

use super::settings::{SamplingSettings, Temperature};
use burn::tensor::{DType, Device, Int, Tensor, TensorData};

/// Columns that are summed together; their sums are added one after the other, then those of one block.
const BLOCK: usize = 512;

/// What is added to the logit of a forbidden token. Not every device keeps infinities.
const NEVER: f32 = -1e30;

/// Which token follows, computed with tensors.
pub(super) struct Chooser {
    temperature: Temperature,
    /// 0 or [`NEVER`] for each token, `[1, vocabulary]`.
    forbidden: Option<Tensor<2>>,
}

impl Chooser {
    /// The chooser of these settings, unless tokens must be ranked or remembered for them.
    pub(super) fn of(settings: &SamplingSettings, vocabulary: usize, device: &Device) -> Option<Self> {
        if settings.top_k.is_some_and(|k| k < vocabulary) || settings.top_p < 1.0 || settings.penalises() {
            return None;
        }
        let mut added = vec![0.0; vocabulary];
        for id in &settings.forbidden {
            if let Some(added) = added.get_mut(*id as usize) {
                *added = NEVER;
            }
        }
        let forbidden = || Tensor::from_data(TensorData::new(added, [1, vocabulary]), (device, DType::F32));
        let forbidden = (!settings.forbidden.is_empty()).then(forbidden);
        Some(Self { temperature: settings.temperature, forbidden })
    }

    /// A token for each row of `logits`, `[n, vocabulary]`, and its log-probability at the temperature. Greedy decoding
    /// takes the largest logit; else the token is the first at which the cumulative distribution exceeds the row's draw.
    pub(super) fn choose(&self, logits: Tensor<2>, draws: &[f64]) -> (Tensor<1, Int>, Tensor<1>) {
        let logits = match &self.forbidden {
            Some(forbidden) => logits + forbidden.clone(),
            None => logits,
        };
        let shifted = (logits.clone() - logits.max_dim(1)).div_scalar(self.temperature.divisor());
        let weights = shifted.clone().exp();
        let log_sum = weights.clone().sum_dim(1).log();
        let tokens = match self.temperature {
            Temperature::Greedy => shifted.clone().argmax(1),
            Temperature::Of(_) => passed(weights, draws),
        };
        let log_probs = shifted.gather(1, tokens.clone()) - log_sum;
        (tokens.squeeze_dim(1), log_probs.squeeze_dim(1))
    }
}

/// The first column of each row at which the cumulative sum of `weights` exceeds the row's share of the whole, `[n, 1]`.
///
/// Only the block in which that happens is summed number by number. Sums of the same numbers may differ by a rounding: where
/// they leave no such column in the block, it is the last one there with a positive weight.
fn passed(weights: Tensor<2>, draws: &[f64]) -> Tensor<2, Int> {
    let ([n, columns], device) = (weights.dims(), weights.device());
    let blocks = columns.div_ceil(BLOCK);
    let filling = Tensor::zeros([n, blocks * BLOCK - columns], (&device, DType::F32));
    let weights = Tensor::cat(vec![weights, filling], 1);
    let sums = weights.clone().reshape([n, blocks, BLOCK]).sum_dim(2).reshape([n, blocks]);
    let through = Tensor::cat(vec![Tensor::zeros([n, 1], (&device, DType::F32)), sums.cumsum(1)], 1);
    let whole = through.clone().narrow(1, blocks, 1);
    // The largest number below 1: a draw that is rounded to 1 would lie behind every column.
    let below_one = 1.0 - f32::EPSILON / 2.0;
    let draws: Vec<f32> = draws.iter().map(|draw| (*draw as f32).min(below_one)).collect();
    let share = whole * Tensor::from_data(TensorData::new(draws, [n, 1]), (&device, DType::F32));
    let up_to_share = |sums: Tensor<2>| {
        let shape = sums.dims();
        sums.lower_equal(share.clone().expand(shape)).int().sum_dim(1)
    };
    let block = up_to_share(through.clone().narrow(1, 1, blocks)).clamp_max(blocks as i64 - 1);
    let first = Tensor::<1, Int>::arange(0..n as i64, &device).mul_scalar(blocks as i64);
    let inside = weights.reshape([n * blocks, BLOCK]).select(0, first + block.clone().reshape([n]));
    let place = Tensor::<1, Int>::arange(0..BLOCK as i64, &device).reshape([1, BLOCK]);
    let last = (inside.clone().greater_elem(0.0).int() * place).max_dim(1);
    let column = up_to_share(inside.cumsum(1) + through.gather(1, block.clone()));
    block.mul_scalar(BLOCK as i64) + column.min_pair(last)
}

#[cfg(test)]
mod tests {
    use super::super::choose::choose;
    use super::*;

    /// Rows longer than a block, and with an end in the middle of one.
    const VOCABULARY: usize = 1300;
    const ROWS: usize = 64;

    fn logits() -> Vec<f32> {
        (0..ROWS * VOCABULARY).map(|i| ((i * 7919) % 2003) as f32 / 250.0).collect()
    }

    /// Compares with the choice on the host.
    fn check(settings: &SamplingSettings) {
        let device = Device::flex();
        let draws: Vec<f64> = (0..ROWS).map(|row| (row as f64 + 0.5) / ROWS as f64).collect();
        let rows = Tensor::from_data(TensorData::new(logits(), [ROWS, VOCABULARY]), &device);
        let chooser = Chooser::of(settings, VOCABULARY, &device).expect("nothing is ranked");
        let (tokens, log_probs) = chooser.choose(rows, &draws);
        let tokens: Vec<i64> = tokens.into_data().iter::<i64>().collect();
        let log_probs: Vec<f32> = log_probs.into_data().iter::<f32>().collect();
        for (row, logits) in logits().chunks_exact_mut(VOCABULARY).enumerate() {
            let expected = choose(logits, settings, &[], draws[row]);
            assert_eq!(tokens[row], i64::from(expected.token), "row {row} of {settings:?}");
            assert!((log_probs[row] - expected.logprob).abs() < 1e-5, "row {row} of {settings:?}");
        }
    }

    #[test]
    fn tokens_and_log_probabilities_are_those_of_the_host() {
        let greedy = SamplingSettings::greedy(1, vec![]);
        check(&greedy);
        check(&greedy.clone().forbid(vec![3, 700, 9999]));
        for temperature in [0.3, 1.0, 2.0] {
            let settings = greedy.clone().temperature(temperature).unwrap();
            check(&settings);
            check(&settings.forbid((0..900).collect()));
        }
    }

    #[test]
    fn a_draw_beside_one_takes_the_last_token_that_is_possible() {
        let settings = SamplingSettings::greedy(1, vec![]).temperature(1.0).unwrap().forbid(vec![2]);
        let device = Device::flex();
        let chooser = Chooser::of(&settings, 3, &device).expect("nothing is ranked");
        let rows = Tensor::from_data([[0.0, 0.0, 0.0]], &device);
        let (token, log_prob) = chooser.choose(rows, &[1.0 - f64::EPSILON]);
        assert_eq!(token.into_data().iter::<i64>().collect::<Vec<_>>(), [1]);
        assert!((log_prob.into_scalar::<f32>() + 2f32.ln()).abs() < 1e-6);
    }

    /// Sums of 700 equal weights are rounded at every step: whichever the draw, a token that is possible is chosen, the one
    /// that stands there or its neighbour.
    #[test]
    fn rounded_sums_choose_no_token_that_is_impossible() {
        let device = Device::flex();
        let possible = |column: usize| column.is_multiple_of(2) && !(512..1100).contains(&column);
        let weights: Vec<f32> =
            (0..VOCABULARY).map(|column| if possible(column) { 0.1 } else { 0.0 }).collect();
        let columns: Vec<usize> = (0..VOCABULARY).filter(|column| possible(*column)).collect();
        let draws: Vec<f64> = (0..columns.len()).map(|i| i as f64 / columns.len() as f64).collect();
        let rows = Tensor::<2>::from_data(TensorData::new(weights, [1, VOCABULARY]), &device);
        let chosen = passed(rows.repeat_dim(0, draws.len()), &draws).into_data();
        for (i, token) in chosen.iter::<i64>().enumerate() {
            let found = columns.iter().position(|column| *column as i64 == token).expect("possible");
            assert!(found.abs_diff(i) <= 1, "draw {i} chose the {found}th");
        }
    }

    #[test]
    fn what_is_ranked_or_remembered_is_left_to_the_host() {
        let settings = || SamplingSettings::greedy(1, vec![]).temperature(1.0).unwrap();
        let of = |settings: SamplingSettings| Chooser::of(&settings, 10, &Device::flex());
        assert!(of(settings().top_k(10)).is_some());
        assert!(of(settings().top_k(9)).is_none());
        assert!(of(settings().top_p(0.9).unwrap()).is_none());
        assert!(of(settings().repetition_penalty(1.1).unwrap()).is_none());
    }
}
