//! Writes the journal of a small invented run, then continues it after step 5:
//! `cargo run -p journal --example write_run -- RUN`.

use std::error::Error;
use std::ops::RangeInclusive;

use journal::{
    EvalLog, EvalRecord, MetricLine, MetricsLog, RolloutLog, RolloutRecord, Start, Stop, TensorBoard,
};

fn main() -> Result<(), Box<dyn Error>> {
    let run = std::env::args().nth(1).ok_or("which folder is the run's?")?;
    steps(&run, Start::Fresh, 1..=8, 2.0)?;
    steps(&run, Start::After(5), 6..=10, 1.0)
}

/// Logs some steps, with a loss that falls from `loss`.
fn steps(run: &str, start: Start, steps: RangeInclusive<u64>, loss: f64) -> Result<(), Box<dyn Error>> {
    let last = *steps.end();
    let mut metrics = MetricsLog::open(run, start)?;
    let mut rollouts = RolloutLog::open(run, start)?;
    let mut evals = EvalLog::open(run, start)?;
    let mut board = TensorBoard::create(run, start)?;
    for step in steps {
        let line = MetricLine::new(step)
            .with_epoch(step as f64 / 4.0)
            .with("loss", loss / step as f64)
            .with("reward", step as f64 / 16.0)
            .with("kl", if step < 3 { f64::NAN } else { 0.125 });
        metrics.append(&line)?;
        board.append(&line)?;
        rollouts.append(&completion(step))?;
    }
    let line = MetricLine::new(last).with("eval_accuracy", 0.75);
    metrics.append(&line)?;
    board.append(&line)?;
    evals.append(&EvalRecord {
        step: last,
        stage: "sft".into(),
        name: "held out".into(),
        metrics: [("accuracy".to_owned(), 0.75)].into(),
        ..EvalRecord::default()
    })?;
    board.flush()?;
    Ok(())
}

fn completion(step: u64) -> RolloutRecord {
    RolloutRecord {
        step,
        group: 0,
        sample_id: format!("sample-{step}"),
        prompt: "Is the cat left of the dog?".into(),
        images: vec!["images/cat.png".into()],
        ground_truth: Some("yes".into()),
        completion: "yes".into(),
        tokens: 2,
        stop: Stop::Stop,
        rewards: [("exact_match".to_owned(), Some(1.0))].into(),
        reward: Some(1.0),
        advantage: Some(0.5),
        kl: None,
        entropy: None,
    }
}
