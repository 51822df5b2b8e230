//! From one row of logits to a token and its log-probability.

use super::settings::{SamplingSettings, Temperature};
use super::truncate;
use fused_ops::RowSoftmax;
use std::cell::RefCell;

/// A chosen token and log p of it under the model at the sampling temperature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Choice {
    pub token: u32,
    pub logprob: f32,
}

thread_local! {
    /// Buffers as long as the vocabulary, kept by each thread.
    static SOFTMAX: RefCell<RowSoftmax> = RefCell::default();
}

/// Chooses a token from `logits`, in which forbidden ids are put to −∞.
///
/// The log-probability is that of the model's distribution at the sampling temperature, over all ids that are
/// not forbidden; repetition penalty, top-k and top-p shape which token is drawn (in transformers' order) but
/// not the number reported. `draw` is uniform in [0, 1) and unused by greedy decoding; `seen` lists the ids of
/// prompt and completion so far.
pub(super) fn choose(logits: &mut [f32], settings: &SamplingSettings, seen: &[u32], draw: f64) -> Choice {
    for id in &settings.forbidden {
        if let Some(logit) = logits.get_mut(*id as usize) {
            *logit = f32::NEG_INFINITY;
        }
    }
    if settings.penalises() {
        return choose_penalised(logits, settings, seen, draw);
    }
    match settings.temperature {
        Temperature::Greedy => {
            let (max, log_sum) = fused_ops::log_sum_exp(logits, 1.0);
            Choice { token: first(logits, max), logprob: 0.0 - log_sum }
        }
        Temperature::Of(temperature) => SOFTMAX.with_borrow_mut(|softmax| {
            softmax.fill(logits, temperature);
            let token = sample(logits, softmax, settings, draw);
            Choice { token, logprob: softmax.log_prob(logits[token as usize]) }
        }),
    }
}

/// [`choose`] where the distribution that is drawn from is not the one that is reported.
fn choose_penalised(logits: &mut [f32], settings: &SamplingSettings, seen: &[u32], draw: f64) -> Choice {
    let temperature = settings.temperature.divisor();
    let (max, log_sum) = fused_ops::log_sum_exp(logits, temperature);
    let mut penalised = logits.to_vec();
    penalise(&mut penalised, seen, settings.repetition_penalty);
    let token = match settings.temperature {
        Temperature::Greedy => first(&penalised, penalised.iter().copied().fold(f32::NEG_INFINITY, f32::max)),
        Temperature::Of(temperature) => SOFTMAX.with_borrow_mut(|softmax| {
            softmax.fill(&penalised, temperature);
            sample(&penalised, softmax, settings, draw)
        }),
    };
    Choice { token, logprob: (logits[token as usize] - max) / temperature - log_sum }
}

/// Divides positive and multiplies negative logits of seen ids, once each.
fn penalise(logits: &mut [f32], seen: &[u32], penalty: f32) {
    let mut ids = seen.to_vec();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        if let Some(logit) = logits.get_mut(id as usize) {
            *logit = if *logit < 0.0 { *logit * penalty } else { *logit / penalty };
        }
    }
}

/// The first id whose logit is `max`; 0 when there is none, as among NaN.
fn first(logits: &[f32], max: f32) -> u32 {
    /// Compared without a branch, so that the compiler vectorises.
    const BLOCK: usize = 64;
    let holds = |block: &[f32]| block.iter().fold(false, |found, logit| found | (*logit == max));
    let block = logits.chunks(BLOCK).position(holds).unwrap_or(0);
    let inside = logits.iter().skip(block * BLOCK).position(|logit| *logit == max);
    inside.map_or(0, |inside| (block * BLOCK + inside) as u32)
}

/// The id at which the cumulative distribution over what top-k and top-p leave passes `draw`.
fn sample(logits: &[f32], softmax: &RowSoftmax, settings: &SamplingSettings, draw: f64) -> u32 {
    if settings.top_k.is_none_or(|k| k >= logits.len()) && settings.top_p >= 1.0 {
        return softmax.quantile(draw) as u32;
    }
    let mut ids = truncate::top_k(logits, settings.top_k.unwrap_or(logits.len()));
    if settings.top_p < 1.0 {
        truncate::top_p(&mut ids, logits, softmax.weights(), settings.top_p);
    }
    truncate::draw(&ids, softmax.weights(), draw)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampled(temperature: f32) -> SamplingSettings {
        SamplingSettings::greedy(1, vec![]).temperature(temperature).unwrap()
    }

    fn frequencies(logits: &[f32], settings: &SamplingSettings, seen: &[u32]) -> Vec<f64> {
        let n = 20_000;
        let mut counts = vec![0.0; logits.len()];
        for i in 0..n {
            let draw = (f64::from(i) + 0.5) / f64::from(n);
            counts[choose(&mut logits.to_vec(), settings, seen, draw).token as usize] += 1.0 / f64::from(n);
        }
        counts
    }

    #[test]
    fn frequencies_follow_the_softmax_at_the_temperature() {
        let logits = [1.0f32, -0.5, 2.0, 0.0];
        for temperature in [0.5f32, 1.0, 2.0] {
            let weights: Vec<f64> = logits.iter().map(|l| f64::from(l / temperature).exp()).collect();
            let total: f64 = weights.iter().sum();
            for (seen, weight) in frequencies(&logits, &sampled(temperature), &[]).iter().zip(weights) {
                assert!((seen - weight / total).abs() < 2e-4);
            }
        }
    }

    #[test]
    fn greedy_takes_the_first_of_equal_maxima_and_reports_its_log_probability() {
        let settings = SamplingSettings::greedy(1, vec![]);
        let choice = choose(&mut [0.0, 2.0, 2.0, 1.0], &settings, &[], 0.9);
        assert_eq!(choice.token, 1);
        let sum = 1.0 + 2.0 * 2f64.exp() + 1f64.exp();
        assert!((f64::from(choice.logprob) - (2.0 - sum.ln())).abs() < 1e-6);
    }

    #[test]
    fn forbidden_ids_are_neither_chosen_nor_counted() {
        let settings = SamplingSettings::greedy(1, vec![]).forbid(vec![1, 99]);
        let choice = choose(&mut [0.0, 9.0, 0.0], &settings, &[], 0.0);
        assert_eq!((choice.token, (choice.logprob + 2f32.ln()).abs() < 1e-6), (0, true));
    }

    #[test]
    fn top_k_and_top_p_cut_the_tail_as_transformers_does() {
        let logits = [3.0f32, 2.0, 1.0, 1.0, 0.0];
        assert_eq!(frequencies(&logits, &sampled(1.0).top_k(3), &[])[4], 0.0);
        assert!(frequencies(&logits, &sampled(1.0).top_k(3), &[])[3] > 0.0, "ties with the k-th stay");
        let narrow = frequencies(&logits, &sampled(1.0).top_p(1e-6).unwrap(), &[]);
        assert_eq!(narrow, [1.0, 0.0, 0.0, 0.0, 0.0].map(|x: f64| if x > 0.0 { narrow[0] } else { 0.0 }));
        // Probabilities 0.5, 0.3, 0.2: a nucleus of 0.8 keeps the first two only (the tail 0.2 is not above 0.2).
        let probabilities = [0.5f32, 0.3, 0.2].map(f32::ln);
        let kept = frequencies(&probabilities, &sampled(1.0).top_p(0.79).unwrap(), &[]);
        assert!(kept[2] == 0.0 && (kept[0] - 0.625).abs() < 1e-3);
    }

    #[test]
    fn the_repetition_penalty_moves_the_choice_but_not_the_reported_number() {
        let settings = SamplingSettings::greedy(1, vec![]).repetition_penalty(2.0).unwrap();
        let choice = choose(&mut [1.0, 1.5, -1.0], &settings, &[1, 1, 2], 0.0);
        assert_eq!(choice.token, 0);
        let sum = 1f64.exp() + 1.5f64.exp() + (-1f64).exp();
        assert!((f64::from(choice.logprob) - (1.0 - sum.ln())).abs() < 1e-6);
    }

    #[test]
    fn extreme_logits_stay_finite() {
        for settings in [SamplingSettings::greedy(1, vec![]), sampled(0.01).top_p(0.9).unwrap().top_k(2)] {
            let choice = choose(&mut [-1e30, 1e4, f32::NEG_INFINITY], &settings, &[], 0.999_999);
            assert_eq!(choice.token, 1);
            assert!(choice.logprob.abs() < 1e-6);
        }
    }
}
