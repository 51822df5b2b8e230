//! `anneal eval`: the questions of a benchmark asked and judged, or a log of answers judged again.
#![expect(clippy::print_stdout, reason = "what the command finds is its output")]

use crate::answering::Answering;
use crate::args::{BadRow, EvalArgs, ModelArgs};
use crate::{Outcome, device, plain, progress};
use eval::{
    BadRows, Benchmark, EvalSampling, Existing, Limit, LogReport, Policy, Rescored, Results, RunOptions,
};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use vlm_model::generate::GenerationConfig;
use vlm_processor::Processor;

/// Runs the command.
pub fn run(args: &EvalArgs) -> Outcome {
    if let Some(log) = &args.rescore {
        return rescore(log, args);
    }
    // The command line lets only `--rescore` do without these.
    match (args.asked(), &args.benchmark, &args.data, &args.output) {
        (Some(model), Some(benchmark), Some(data), Some(output)) => {
            let benchmark = eval::benchmark_by_name(benchmark)?;
            ask(args, &Asked { model, benchmark: &*benchmark, data, output })
        }
        _ => Err("expected --model, --benchmark, --data and --output, or --rescore".into()),
    }
}

/// What is asked of whom.
struct Asked<'a> {
    model: ModelArgs,
    benchmark: &'a dyn Benchmark,
    data: &'a Path,
    output: &'a Path,
}

fn ask(args: &EvalArgs, asked: &Asked<'_>) -> Outcome {
    let folder = &asked.model.model;
    let source = datasets::open(asked.data, &args.opening.options()?)?;
    let processor = Processor::from_dir(folder)?.with_pixels(args.min_pixels, args.max_pixels);
    let configured = GenerationConfig::from_dir(folder)?.eos;
    let stop = if configured.is_empty() { processor.special().eos.clone() } else { configured };
    let forbidden = super::placeholders(&processor, &stop);
    let model = device::load_model(&asked.model)?;
    let settings = asked.benchmark.settings();
    for setting in &settings {
        let bar = progress::rows(0, 0);
        let mut answering = Answering {
            model: &model,
            processor: &processor,
            stop: &stop,
            forbidden: &forbidden,
            running: NonZeroUsize::new(args.batch_size).unwrap_or(NonZeroUsize::MIN),
            bar: &bar,
        };
        let several = settings.len() > 1;
        let output = if several { asked.output.join(&setting.name) } else { asked.output.to_owned() };
        let options = options(args, setting, policy(asked, &processor));
        let results = eval::run(asked.benchmark, &*source, &mut answering, &output, &options)?;
        bar.finish_and_clear();
        show(&finished(results, args.baseline.as_deref(), Some(&output))?);
    }
    Ok(())
}

fn options(args: &EvalArgs, setting: &EvalSampling, policy: Policy) -> RunOptions {
    let longest = args.max_new_tokens.unwrap_or(setting.max_new_tokens);
    RunOptions {
        batch: args.batch_size,
        limit: args.limit.map_or(Limit::All, Limit::Spread),
        bad_rows: match args.on_bad_row {
            BadRow::Stop => BadRows::Stop,
            BadRow::Skip => BadRows::Skip,
        },
        existing: if args.overwrite { Existing::Overwrite } else { Existing::Resume },
        ..RunOptions::new(EvalSampling { max_new_tokens: longest, ..setting.clone() }, policy)
    }
}

fn policy(asked: &Asked<'_>, processor: &Processor) -> Policy {
    let name = |path: &PathBuf| path.display().to_string();
    let pixels = processor.vision().image;
    Policy {
        model: name(&asked.model.model),
        adapter: asked.model.adapter.as_ref().map(name),
        data: asked.data.display().to_string(),
        pixels: Some((pixels.min_pixels, pixels.max_pixels)),
        ..Policy::default()
    }
}

/// The results with their comparison, written where there is a place for them.
fn finished(
    results: Results,
    baseline: Option<&Path>,
    output: Option<&Path>,
) -> Result<Results, Box<dyn std::error::Error>> {
    let results = match baseline {
        Some(baseline) => results.against(baseline)?,
        None => results,
    };
    if let Some(output) = output {
        std::fs::create_dir_all(output)
            .map_err(|error| format!("{}: cannot be made: {error}", output.display()))?;
        results.write(output)?;
    }
    Ok(results)
}

fn rescore(log: &Path, args: &EvalArgs) -> Outcome {
    match eval::rescore(log)? {
        Rescored::Ours(results) => {
            show(&finished(*results, args.baseline.as_deref(), args.output.as_deref())?);
        }
        Rescored::Published(report) => show_published(&report),
    }
    Ok(())
}

/// The score in a few lines on standard output.
fn show(results: &Results) {
    let summary = &results.summary;
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let score = summary.score.map_or_else(|| "no score".to_owned(), percent);
    let range = summary.interval.map_or_else(String::new, |interval| {
        format!(" (95 %: {} to {})", percent(interval.low), percent(interval.high))
    });
    println!(
        "{} ({}): {score}{range} of {} questions",
        results.benchmark, results.setting.name, summary.questions
    );
    println!(
        "  answers unread {}, cut {}, failed questions {}",
        summary.unparsed, summary.truncated, summary.failed
    );
    results.official.iter().for_each(|(name, value)| println!("  {name} {}", percent(*value)));
    if let Some(paired) = &results.baseline {
        println!(
            "  against the baseline {:+.1} points (95 %: {:+.1} to {:+.1}), gained {}, lost {}, p = {:.4}",
            100.0 * paired.difference,
            100.0 * paired.interval.low,
            100.0 * paired.interval.high,
            paired.gained,
            paired.lost,
            paired.p_value
        );
    }
    results.notes.iter().for_each(|note| println!("  note: {}", plain(note)));
}

fn show_published(report: &LogReport) {
    let share = |part: usize| 100.0 * part as f64 / report.rows.max(1) as f64;
    println!("{} rows, {} ids, {} broken lines", report.rows, report.ids, report.broken);
    println!("  called right   {} ({:.1} %)", report.stated, share(report.stated));
    println!("  counted right  {} ({:.1} %)", report.recomputed, share(report.recomputed));
    let parsers =
        [("lenient", report.lenient), ("single pass", report.single_pass), ("strict", report.strict)];
    for (name, read) in parsers {
        println!(
            "  read again, {name}: {} read, {} right, {} as stated",
            read.read, read.correct, read.agree
        );
    }
    println!("  four tags in order {}, doubled think tag {}", report.format_valid, report.doubled_think);
    report.faults.iter().for_each(|fault| println!("  fault: {}", plain(fault)));
}
