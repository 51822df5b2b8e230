//! A run that never was.

use std::path::{Path, PathBuf};

use image::{Rgb, RgbImage};
use journal::{
    EvalLog, EvalRecord, MetricLine, MetricsLog, RolloutLog, RolloutRecord, Start, Stop, WrongSample,
};

/// Writes a run of `steps` steps into `folder/name`; `shift` tells several runs apart.
pub fn run(folder: &Path, name: &str, steps: u64, shift: f64) -> PathBuf {
    let root = folder.join(name);
    std::fs::create_dir_all(root.join("images")).unwrap();
    RgbImage::from_pixel(300, 200, Rgb([40, 120, 200])).save(root.join("images/scene.png")).unwrap();
    std::fs::write(root.join("config.yaml"), "model_name_or_path: tiny\nbeta: 0.04 # <b>bold</b>\n").unwrap();
    let mut metrics = MetricsLog::open(&root, Start::Fresh).unwrap();
    let mut rollouts = RolloutLog::open(&root, Start::Fresh).unwrap();
    for step in 1..=steps {
        let x = step as f64;
        let line = MetricLine::new(step)
            .with_epoch(x / steps as f64)
            .with("loss", 2.0 / x + shift)
            .with("reward", 1.0 - 1.0 / x)
            .with("rewards/accuracy/mean", 1.0 - 0.5 / x)
            .with("rewards/accuracy/std", 0.1)
            .with("kl", 0.6)
            .with("learning_rate", 1e-6 * x)
            .with("grad_norm", 1.0 + shift)
            .with("tokens_per_second", 1234.5);
        metrics.append(&line).unwrap();
        for sample in 0..4 {
            rollouts.append(&rollout(step, sample)).unwrap();
        }
    }
    let mut evals = EvalLog::open(&root, Start::Fresh).unwrap();
    for (step, stage, accuracy) in [(0, "base", 0.5), (steps, "grpo", 0.875)] {
        evals.append(&evaluation(step, stage, accuracy)).unwrap();
    }
    root
}

fn rollout(step: u64, sample: u64) -> RolloutRecord {
    let right = sample.is_multiple_of(2);
    let value = f64::from(u8::from(right));
    RolloutRecord {
        step,
        group: 0,
        sample_id: format!("row-{step}"),
        prompt: "Is the <red> circle left of the square?".to_owned(),
        images: vec!["images/scene.png".to_owned()],
        ground_truth: Some("yes".to_owned()),
        completion: format!(
            "<think>{}</think><script>alert(1)</script>\u{1b}[31m",
            "x".repeat(sample as usize)
        ),
        tokens: 10 + 7 * sample,
        stop: if sample == 3 { Stop::Length } else { Stop::Stop },
        rewards: [("accuracy".to_owned(), Some(value)), ("format".to_owned(), None)].into(),
        reward: Some(value),
        advantage: Some(value * 2.0 - 1.0),
        kl: None,
        entropy: None,
    }
}

fn evaluation(step: u64, stage: &str, accuracy: f64) -> EvalRecord {
    let wrong = WrongSample {
        prompt: "How many & where?".to_owned(),
        images: vec!["images/scene.png".to_owned(), "images/gone.png".to_owned()],
        completion: "<b>4</b>".to_owned(),
        expected: "3".to_owned(),
    };
    let metrics = [("accuracy".to_owned(), accuracy)].into();
    EvalRecord { step, stage: stage.to_owned(), name: "spatial".to_owned(), metrics, wrong: vec![wrong] }
}
