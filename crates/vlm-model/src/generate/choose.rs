//! From one row of logits to a token and its log-probability.

use super::settings::{SamplingSettings, Temperature};
use std::cmp::Ordering;

/// A chosen token and log p of it under the model at the sampling temperature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Choice {
    pub token: u32,
    pub logprob: f32,
}

/// Chooses a token from `logits`, which are used as scratch space.
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
    let divisor = settings.temperature.divisor();
    let (max, log_sum) = fused_ops::log_sum_exp(logits, divisor);
    if settings.repetition_penalty == 1.0 {
        let token = pick(logits, settings, draw);
        return Choice { token, logprob: log_prob(logits[token as usize], divisor, max, log_sum) };
    }
    let mut penalised = logits.to_vec();
    penalise(&mut penalised, seen, settings.repetition_penalty);
    let token = pick(&mut penalised, settings, draw);
    Choice { token, logprob: log_prob(logits[token as usize], divisor, max, log_sum) }
}

fn log_prob(logit: f32, divisor: f32, max: f32, log_sum: f32) -> f32 {
    (logit - max) / divisor - log_sum
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

fn pick(logits: &mut [f32], settings: &SamplingSettings, draw: f64) -> u32 {
    match settings.temperature {
        Temperature::Greedy => greedy(logits),
        Temperature::Of(temperature) => {
            logits.iter_mut().for_each(|logit| *logit /= temperature);
            if let Some(k) = settings.top_k {
                keep_top_k(logits, k);
            }
            if settings.top_p < 1.0 {
                keep_top_p(logits, settings.top_p);
            }
            let token = sample(logits, draw);
            logits.iter_mut().for_each(|logit| *logit *= temperature);
            token
        }
    }
}

/// The first id with the largest logit.
fn greedy(logits: &[f32]) -> u32 {
    let mut best = 0;
    for (id, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = id;
        }
    }
    best as u32
}

/// Removes everything below the k-th largest logit; ties with it stay.
fn keep_top_k(logits: &mut [f32], k: usize) {
    if k >= logits.len() {
        return;
    }
    let mut ordered = logits.to_vec();
    let (_, threshold, _) = ordered.select_nth_unstable_by(k - 1, |a, b| descending(*a, *b));
    let threshold = *threshold;
    logits.iter_mut().filter(|logit| **logit < threshold).for_each(|logit| *logit = f32::NEG_INFINITY);
}

/// Removes the unlikely tail whose probabilities sum to at most 1 − p; the likeliest token always stays.
fn keep_top_p(logits: &mut [f32], p: f32) {
    let (max, log_sum) = fused_ops::log_sum_exp(logits, 1.0);
    let mut ids: Vec<usize> = (0..logits.len()).collect();
    ids.sort_by(|a, b| descending(logits[*b], logits[*a]).then(a.cmp(b)));
    let mut tail = 0.0;
    for id in &ids[..ids.len() - 1] {
        tail += f64::from((logits[*id] - max) - log_sum).exp();
        if tail > f64::from(1.0 - p) {
            break;
        }
        logits[*id] = f32::NEG_INFINITY;
    }
}

/// The id at which the cumulative distribution passes `draw`.
fn sample(logits: &[f32], draw: f64) -> u32 {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weight = |logit: &f32| f64::from((logit - max).exp());
    let total: f64 = logits.iter().map(weight).sum();
    let mut left = draw * total;
    let mut last = greedy(logits);
    for (id, logit) in logits.iter().enumerate() {
        let weight = weight(logit);
        if weight > 0.0 {
            last = id as u32;
            left -= weight;
            if left < 0.0 {
                break;
            }
        }
    }
    last
}

fn descending(a: f32, b: f32) -> Ordering {
    b.total_cmp(&a)
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
