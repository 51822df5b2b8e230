//! Sampler corrections as the golden parameters spell them.

use rl_algos::correction::{
    Correction, Divergence, Level, Outside, Rejection, SamplerGap, Unit, WeightBounds, geometric_gate,
};
use rl_algos::{Grid, Mask};
use serde_json::Value;

use crate::case::Case;

pub fn gap(case: &Case<'_>, mask: &Mask) -> SamplerGap {
    SamplerGap::new(&case.grid("old_logp"), &case.grid("sampler_logp"), mask).unwrap()
}

/// TRL's weights and, for the sequence modes, one weight per row.
pub fn trl(case: &Case<'_>, mask: &Mask) -> (Grid<f64>, Vec<f64>) {
    let mode = case.text("is_mode");
    let level = match mode.split('_').next().unwrap() {
        "token" => Level::Token,
        "sequence" => Level::SequenceSum,
        "geometric" => Level::SequenceMean,
        other => panic!("level {other} is unknown"),
    };
    let outside = if mode.ends_with("mask") { Outside::Zero } else { Outside::Truncate };
    let bounds = WeightBounds::new(case.params["is_min"].as_f64(), case.params["is_max"].as_f64()).unwrap();
    let weights_bt = Correction { level, outside, bounds }.weights(&gap(case, mask));
    let reported = match level {
        Level::Token => weights_bt.cells().to_vec(),
        _ => weights_bt.rows().map(|row| row.iter().copied().fold(0.0, f64::max)).collect(),
    };
    (weights_bt, reported)
}

pub fn verl(case: &Case<'_>, mask: &Mask) -> Grid<f64> {
    let level = if case.text("rollout_is") == "token" { Level::Token } else { Level::SequenceSum };
    let (outside, bounds) = match &case.params["rollout_is_threshold"] {
        Value::String(text) => (Outside::Zero, band(text)),
        number => (Outside::Truncate, WeightBounds::new(None, number.as_f64()).unwrap()),
    };
    let correction = Correction { level, outside, bounds };
    let weights_bt = correction.weights_within(&gap(case, mask), 20.0);
    match case.params["batch_normalize"].as_bool() {
        Some(true) => correction.normalise(&weights_bt, mask).unwrap(),
        _ => weights_bt,
    }
}

pub fn openrlhf(case: &Case<'_>, mask: &Mask) -> Grid<f64> {
    let bounds = WeightBounds::new(Some(case.number("is_low")), Some(case.number("is_high"))).unwrap();
    let token = |outside| Correction { level: Level::Token, outside, bounds }.weights(&gap(case, mask));
    match (case.text("is_level"), case.text("is_mode")) {
        ("token", "clip") => token(Outside::Truncate),
        ("token", "mask") => token(Outside::Zero),
        ("seq", "mask") => geometric_gate(&gap(case, mask), bounds),
        other => panic!("mode {other:?} is unknown"),
    }
}

pub fn rejected(case: &Case<'_>, mask: &Mask) -> Mask {
    let rule = case.text("rollout_rs");
    let unit = match rule.rsplit_once('_').unwrap().0 {
        "token" => Unit::Token,
        "seq_sum" => Unit::RowSum,
        "seq_mean" => Unit::RowMean,
        "seq_max" => Unit::RowMax,
        other => panic!("unit {other} is unknown"),
    };
    let threshold = &case.params["rollout_rs_threshold"];
    let divergence = match &rule[rule.len() - 2..] {
        "k1" => Divergence::K1(match threshold {
            Value::String(text) => band(text),
            number => {
                let u = number.as_f64().unwrap();
                WeightBounds::new(Some(1.0 / u), Some(u)).unwrap()
            }
        }),
        "k2" => Divergence::K2(threshold.as_f64().unwrap()),
        "k3" => Divergence::K3(threshold.as_f64().unwrap()),
        other => panic!("statistic {other} is unknown"),
    };
    Rejection { divergence, unit }.apply(&gap(case, mask))
}

fn band(text: &str) -> WeightBounds {
    let (low, high) = text.split_once('_').expect("lo_hi");
    WeightBounds::new(low.parse().ok(), high.parse().ok()).unwrap()
}
