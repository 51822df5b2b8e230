//! A run of Reinforce++ that never was, measured after every epoch.

use std::path::{Path, PathBuf};

use eval::EvalSampling;
use eval::dynamics::Published;
use journal::{
    EvalLog, EvalRecord, MetricLine, MetricsLog, RolloutLog, RolloutRecord, Start, Stop, WrongSample,
};

/// Responses of a generation.
const RESPONSES: u64 = 16;
/// Generations of an epoch.
const GENERATIONS: u64 = 4;
/// Updates that learn from a generation.
const UPDATES: u64 = 2;

/// Writes a run of `epochs` epochs into `folder/name`; `seed` tells several runs apart.
pub fn run(folder: &Path, name: &str, epochs: u64, seed: u64) -> PathBuf {
    let root = folder.join(name);
    std::fs::create_dir_all(&root).unwrap();
    let steps = epochs * GENERATIONS * UPDATES;
    let published = Published { max_tokens: 40, temperature: 1.0, kl_reward_coeff: 0.0, updates: UPDATES };
    let mut metrics = MetricsLog::open(&root, Start::Fresh).unwrap();
    let mut rollouts = RolloutLog::open(&root, Start::Fresh).unwrap();
    for step in 1..=steps {
        let learnt = step as f64 / steps as f64;
        let responses: Vec<RolloutRecord> = match (step - 1) % UPDATES {
            0 => (0..RESPONSES).map(|index| response(step, index, learnt, seed)).collect(),
            _ => Vec::new(),
        };
        responses.iter().for_each(|response| rollouts.append(response).unwrap());
        let mut line = MetricLine::new(step).with_epoch(epochs as f64 * learnt);
        for (key, value) in known(learnt, step, seed) {
            line.set(key, value);
        }
        let trainers = line.values.clone();
        for (key, value) in published.figures(step, |key| trainers.get(key).copied(), &responses) {
            line.set(key, value);
        }
        metrics.append(&line).unwrap();
    }
    let mut evals = EvalLog::open(&root, Start::Fresh).unwrap();
    for epoch in 0..=epochs {
        let (step, learnt) = (epoch * GENERATIONS * UPDATES, epoch as f64 / epochs as f64);
        for set in ["Validation", "Test"] {
            evals.append(&measured(set, epoch, step, learnt, seed)).unwrap();
        }
        if epoch > 0 {
            let accuracy = [("acc/Training Set Epoch Accuracy".to_owned(), 0.2 + 0.5 * learnt)].into();
            let record = record("Training", epoch, step, accuracy);
            evals.append(&record).unwrap();
        }
    }
    root
}

/// Between 0 and 1, the same for the same numbers.
fn noise(seed: u64, a: u64, b: u64) -> f64 {
    let mix = |state: u64, value: u64| {
        let state = (state ^ value).wrapping_add(0x9E37_79B9_7F4A_7C15);
        let state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        state ^ (state >> 31)
    };
    (mix(mix(mix(0, seed), a), b) >> 11) as f64 / (1u64 << 53) as f64
}

/// What the trainer logs.
fn known(learnt: f64, step: u64, seed: u64) -> [(&'static str, f64); 8] {
    let shaken = |by: u64| noise(seed, step, by) - 0.5;
    [
        ("loss", 0.4 - 0.3 * learnt + 0.1 * shaken(1)),
        ("policy_loss", 0.4 - 0.3 * learnt + 0.1 * shaken(1)),
        ("kl", 0.02 + 0.1 * learnt),
        ("entropy_of_drawn", 0.3 - 0.1 * learnt + 0.02 * shaken(2)),
        ("entropy", 1.4 - 0.9 * learnt + 0.1 * shaken(3)),
        ("clip_ratio/region_mean", 0.02 + 0.03 * noise(seed, step, 4)),
        ("learning_rate", 5e-6 * (1.0 - learnt)),
        ("grad_norm", 0.8 + 0.4 * shaken(5)),
    ]
}

fn response(step: u64, index: u64, learnt: f64, seed: u64) -> RolloutRecord {
    const WORDS: [&str; 10] = [
        "Wait",
        "re-check",
        "verify",
        "recheck",
        "try again",
        "not yet",
        "rethink",
        "reexamine",
        "think again",
        "check again",
    ];
    let drawn = |by: u64| noise(seed, step * RESPONSES + index, by);
    let right = f64::from(u8::from(drawn(1) < 0.2 + 0.5 * learnt));
    let reflective = drawn(2) < 0.1 + 0.5 * learnt;
    let word = WORDS[(10.0 * drawn(3)) as usize];
    let language = if drawn(4) < 0.02 { -0.05 } else { 0.0 };
    let tokens = (12.0 + 20.0 * learnt + 10.0 * drawn(5)) as u64;
    RolloutRecord {
        step,
        group: index,
        sample_id: format!("toy_{index}"),
        prompt: "What is the area of the rectangle?".to_owned(),
        images: Vec::new(),
        ground_truth: Some(r"\boxed{12}".to_owned()),
        completion: if reflective { format!("{word}: \\boxed{{12}}") } else { r"\boxed{12}".to_owned() },
        tokens,
        stop: if tokens >= 40 { Stop::Length } else { Stop::Stop },
        rewards: [
            ("accuracy".to_owned(), Some(right)),
            ("format".to_owned(), Some(0.0)),
            ("language".to_owned(), Some(language)),
        ]
        .into(),
        reward: Some(right + language),
        advantage: Some(right - 0.5),
        kl: Some(0.01 * learnt),
        entropy: None,
    }
}

fn measured(set: &str, epoch: u64, step: u64, learnt: f64, seed: u64) -> EvalRecord {
    let base = if set == "Test" { 0.2 } else { 0.3 };
    let accuracy = |(at, setting): (usize, EvalSampling)| {
        let shaken = noise(seed, epoch, at as u64) - 0.5;
        let value = base + [0.0, 0.01, 0.2][at] + 0.25 * learnt.sqrt() + 0.06 * shaken;
        (format!("acc/{set} Set Epoch Accuracy {}", setting.suffix()), value)
    };
    let metrics = EvalSampling::maye().into_iter().enumerate().map(accuracy).collect();
    let wrong = WrongSample {
        prompt: "What is the area of the rectangle?".to_owned(),
        completion: r"\boxed{11}".to_owned(),
        expected: r"\boxed{12}".to_owned(),
        ..WrongSample::default()
    };
    EvalRecord { wrong: vec![wrong], ..record(set, epoch, step, metrics) }
}

fn record(set: &str, epoch: u64, step: u64, metrics: std::collections::BTreeMap<String, f64>) -> EvalRecord {
    let (stage, name) = (format!("epoch {epoch}"), format!("{set} set"));
    EvalRecord { step, stage, name, metrics, ..EvalRecord::default() }
}
