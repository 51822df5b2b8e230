//! `anneal eval`: the questions of a benchmark asked and judged, or a log of answers judged again.

use crate::args::{BadRow, EvalArgs};
use crate::scores;
use command_line::Answering;
use command_line::ModelArgs;
use command_line::{Outcome, progress};
use eval::{BadRows, Benchmark, EvalSampling, Existing, Limit, Policy, Rescored, Results, RunOptions};
use std::path::{Path, PathBuf};
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
    let model = command_line::load_model(&asked.model)?;
    let settings = asked.benchmark.settings();
    for setting in &settings {
        let bar = progress::rows(0, 0);
        let mut answering = Answering::new(&model, &processor, folder, args.batch_size, &bar)?;
        let several = settings.len() > 1;
        let output = if several { asked.output.join(&setting.name) } else { asked.output.to_owned() };
        let options = options(args, setting, policy(asked, &processor));
        let results = eval::run(asked.benchmark, &*source, &mut answering, &output, &options)?;
        bar.finish_and_clear();
        command_line::say(&scores::in_words(&finished(results, args.baseline.as_deref(), Some(&output))?))?;
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
            let results = finished(*results, args.baseline.as_deref(), args.output.as_deref())?;
            command_line::say(&scores::in_words(&results))
        }
        Rescored::Published(report) => command_line::say(&scores::counts(&report)),
    }
}
