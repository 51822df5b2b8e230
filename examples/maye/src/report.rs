//! `maye report`: accuracies of runs over their epochs, in numbers and figures.

use crate::args::ReportArgs;
use command_line::{Outcome, replace_file};
use eval::EvalSampling;
use eval::dynamics::{EpochReport, epoch_curves, epoch_report, warnings};
use journal::{EvalRecord, read_evals};
use serde_json::{Value, json};

/// Runs the command.
pub fn run(args: &ReportArgs) -> Outcome {
    let runs = args.runs.iter().map(read_evals).collect::<Result<Vec<_>, _>>()?;
    let rows = rows(&runs);
    if rows.is_empty() {
        let folders: Vec<String> = args.runs.iter().map(|run| run.display().to_string()).collect();
        return Err(format!(
            "{}: found no accuracy of an epoch, expected runs of `maye train` or `maye sft`",
            folders.join(", ")
        )
        .into());
    }
    command_line::say(&table(&rows))?;
    for run in &args.runs {
        for warning in warnings(run)? {
            command_line::say(&format!("{}: {warning}", run.display()))?;
        }
    }
    if let Some(folder) = args.out.parent() {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let json: Vec<Value> = rows.iter().map(|(set, setting, report)| entry(set, setting, report)).collect();
    replace_file(&args.out, format!("{:#}\n", json!({"runs": args.runs, "accuracies": json})).as_bytes())?;
    let page = args.out.with_file_name("report.html");
    replace_file(&page, eval::report::render(&args.runs)?.as_bytes())?;
    eprintln!("{} and {}", args.out.display(), page.display());
    Ok(())
}

type Reported = (&'static str, EvalSampling, EpochReport);

/// Every set and setting that was measured.
pub fn rows(runs: &[Vec<EvalRecord>]) -> Vec<Reported> {
    let curves: Vec<_> = runs.iter().map(|run| epoch_curves(run)).collect();
    let mut rows = Vec::new();
    for set in ["Validation", "Test"] {
        for setting in EvalSampling::maye().into_iter().rev() {
            let key = format!("acc/{set} Set Epoch Accuracy {}", setting.suffix());
            let of_key: Vec<_> = curves.iter().filter_map(|run| run.get(&key).cloned()).collect();
            rows.extend(epoch_report(&of_key).map(|report| (set, setting, report)));
        }
    }
    rows
}

fn entry(set: &str, setting: &EvalSampling, report: &EpochReport) -> Value {
    let EpochReport { vanilla, mean, max, std } = report;
    json!({"set": set.to_lowercase(), "setting": setting.suffix(), "vanilla": vanilla, "mean": mean, "max": max, "std": std})
}

/// The table of the paper: the mean and the best of the epochs, averaged over runs.
pub fn table(rows: &[Reported]) -> String {
    let percent =
        |share: Option<f64>| share.map_or("–".to_owned(), |share| format!("{:.1}", 100.0 * share));
    let mut text = String::from(
        "| set | setting | vanilla | mean of epochs | standard deviation over runs | best epoch |\n|---|---|---|---|---|---|\n",
    );
    for (set, setting, report) in rows {
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            set.to_lowercase(),
            setting.suffix(),
            percent(report.vanilla),
            percent(Some(report.mean)),
            percent(report.std),
            percent(Some(report.max)),
        ));
    }
    text
}
