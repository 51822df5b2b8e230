//! `anneal bench`: what preprocessing, prefill and decoding take on this machine.

use crate::args::{BenchArgs, Task};
use crate::rows;
use command_line::{Outcome, device, machine, with_learned};
use rayon::prelude::*;
use serde::Serialize;
use std::io::Write;
use std::time::Instant;
use vlm_model::generate::{DrawKey, Request, SamplingSettings};
use vlm_model::{Quantization, VlModel};
use vlm_processor::{Processor, Prompt, Row, RowReader};

/// The figures of one run, in the form that the comparison script reads.
#[derive(Serialize)]
struct Report {
    task: &'static str,
    batch: usize,
    /// Rows of one repetition.
    rows: usize,
    /// Tokens of one repetition: read by prefill, written by decode after the first of each row.
    tokens: usize,
    /// Seconds of each repetition.
    seconds: Vec<f64>,
    peak_rss_bytes: Option<u64>,
    /// What was decoded, so that a comparison can tell whether both sides did the same.
    token_ids: Vec<Vec<u32>>,
}

/// Runs the command.
pub fn run(args: &BenchArgs) -> Outcome {
    if args.task.trains() {
        return Ok(writeln!(std::io::stdout(), "{}", super::bench_training::measure(args)?)?);
    }
    let rows: Vec<Row> = RowReader::open(&args.input)?.map(|(_, row)| row).collect::<Result<_, _>>()?;
    if rows.is_empty() {
        return Err(format!("{}: found no rows, expected at least one", args.input.display()).into());
    }
    let rows: Vec<&Row> = rows.iter().cycle().take(args.batch.max(1)).collect();
    let processor = Processor::from_dir(&args.model.model)?;
    let root = rows::root_of(&args.input);
    // As every command does it: the rows of a batch side by side.
    let prepare = || rows.par_iter().map(|row| processor.prepare(row, root)).collect::<Result<Vec<_>, _>>();
    let report = if args.task == Task::Preprocess {
        device::open(&args.model.device)?;
        let (seconds, prompts) = repeat(args.repeat, prepare)?;
        let tokens = prompts.iter().map(|prompt| prompt.tokens.len()).sum();
        report(args, tokens, seconds, Vec::new())
    } else {
        // The number of threads is set with the device, before the first of them works.
        let model = load(args)?;
        measure_model(args, &model, &prepare()?)?
    };
    let text = if args.json { serde_json::to_string(&report)? } else { sentence(&report) };
    Ok(writeln!(std::io::stdout(), "{text}")?)
}

/// The model, its frozen weights packed as they are read if that is asked for.
pub(super) fn load(args: &BenchArgs) -> Result<VlModel, Box<dyn std::error::Error>> {
    if !args.load_in_4bit {
        return command_line::load_model(&args.model);
    }
    let (device, precision) = device::open(&args.model.device)?;
    let nf4 = Quantization::default();
    let model = VlModel::from_dir_quantized(&args.model.model, &device, precision, &nf4)?;
    match &args.model.adapter {
        Some(learned) => with_learned(model, learned),
        None => Ok(model),
    }
}

fn measure_model(
    args: &BenchArgs,
    model: &VlModel,
    prompts: &[Prompt],
) -> Result<Report, Box<dyn std::error::Error>> {
    if args.task == Task::Vision {
        let (seconds, features) = repeat(args.repeat, || encode(model, prompts))?;
        return Ok(report(args, features, seconds, Vec::new()));
    }
    let key = DrawKey { seed: 0, step: 0, prompt: 0, sample: 0, token: 0 };
    let requests: Vec<Request> = prompts.iter().map(|prompt| Request::new(prompt, 1, key)).collect();
    let run = |new_tokens| model.generate(&requests, &SamplingSettings::greedy(new_tokens, Vec::new()));
    if args.task == Task::Prefill {
        let (seconds, first) = repeat(args.repeat, || run(1))?;
        let tokens = prompts.iter().map(|prompt| prompt.tokens.len()).sum();
        return Ok(report(args, tokens, seconds, token_ids(&first)));
    }
    let ([mut first, whole], written) = in_turns(args.repeat, [&|| run(1), &|| run(args.new_tokens)])?;
    first.sort_by(f64::total_cmp);
    let median = first[first.len() / 2];
    let decode = whole.iter().map(|seconds| seconds - median).collect();
    let tokens = args.new_tokens.saturating_sub(1) * prompts.len();
    Ok(report(args, tokens, decode, token_ids(&written)))
}

/// Every picture through the vision tower; how many features came out.
fn encode(model: &VlModel, prompts: &[Prompt]) -> Result<usize, Box<dyn std::error::Error>> {
    let mut features = 0;
    for prompt in prompts {
        features += model.encode(prompt)?.iter().map(|rows| rows.dims()[0]).sum::<usize>();
    }
    model.device().sync()?;
    Ok(features)
}

fn token_ids(completions: &[Vec<vlm_model::generate::Completion>]) -> Vec<Vec<u32>> {
    completions.iter().flatten().map(|completion| completion.token_ids.clone()).collect()
}

/// Runs `work` once uncounted and then `times` times; the seconds of each and the last result.
fn repeat<T, E>(times: usize, work: impl Fn() -> Result<T, E>) -> Result<(Vec<f64>, T), E> {
    let mut last = work()?;
    let mut seconds = Vec::with_capacity(times);
    for _ in 0..times.max(1) {
        let start = Instant::now();
        last = work()?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    Ok((seconds, last))
}

/// Runs two pieces of work in turns, so that both meet the same machine: once uncounted and then `times` times; the seconds
/// of each and the last result of the second.
fn in_turns<T, E>(times: usize, work: [&dyn Fn() -> Result<T, E>; 2]) -> Result<([Vec<f64>; 2], T), E> {
    let (mut seconds, mut last) = ([Vec::new(), Vec::new()], None);
    for turn in 0..=times.max(1) {
        for (work, seconds) in work.iter().zip(&mut seconds) {
            let start = Instant::now();
            last = Some(work()?);
            if turn > 0 {
                seconds.push(start.elapsed().as_secs_f64());
            }
        }
    }
    Ok((seconds, last.expect("both ran twice at least")))
}

fn report(args: &BenchArgs, tokens: usize, seconds: Vec<f64>, token_ids: Vec<Vec<u32>>) -> Report {
    let task = args.task.name();
    let peak_rss_bytes = machine::peak_rss_bytes();
    Report { task, batch: args.batch, rows: args.batch.max(1), tokens, seconds, peak_rss_bytes, token_ids }
}

fn sentence(report: &Report) -> String {
    let mut seconds = report.seconds.clone();
    seconds.sort_by(f64::total_cmp);
    let median = seconds[seconds.len() / 2];
    let memory = report.peak_rss_bytes.map_or(String::new(), |b| format!(", peak memory {} MiB", b >> 20));
    format!(
        "{}: {} rows in {:.4} s (median of {}): {:.1} rows/s, {:.0} tokens/s{memory}",
        report.task,
        report.rows,
        median,
        seconds.len(),
        report.rows as f64 / median,
        report.tokens as f64 / median,
    )
}
