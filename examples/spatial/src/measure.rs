//! `spatial eval`: VSR, CV-Bench and others asked of a model, in one file of results.

use crate::args::EvalArgs;
use crate::sets;
use command_line::{Answering, Outcome, device, progress};
use datasets::{OpenOptions, open};
use eval::judge::{AnswerKey, Verdict};
use eval::{
    BadRows, Benchmark, EvalSampling, Limit, Policy, Prediction, Results, RunOptions, benchmark_by_name,
};
use lora::{CodeFormat, Quantization, ScaleCoding};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use vlm_model::{Precision, VlModel};
use vlm_processor::Processor;

/// The file of all results.
const FILE: &str = "eval_results.json";

/// A benchmark and the rows it asks about.
struct Asked {
    /// The name in the results.
    name: String,
    benchmark: Box<dyn Benchmark>,
    rows: PathBuf,
}

/// Runs the command.
pub fn run(args: &EvalArgs) -> Outcome {
    if !args.compare.is_empty() {
        return compare(&args.compare);
    }
    let asked =
        args.benchmarks.iter().map(|name| named(name, &args.cache_dir)).collect::<Result<Vec<_>, _>>()?;
    let folder = args.model_path.as_deref().ok_or("expected --model_path")?;
    let processor = Processor::from_dir(folder)?;
    let spinner = progress::spinner("loading the model");
    let model = load(folder, args)?;
    spinner.finish_and_clear();
    let mut results = Map::new();
    let mut failed = Vec::new();
    for asked in asked.into_iter().flatten() {
        let found = ask(&asked, &model, (folder, &processor), args);
        let found = found.unwrap_or_else(|error| {
            failed.push(asked.name.clone());
            json!({"error": error.to_string()})
        });
        command_line::say(&in_words(&asked.name, &found))?;
        results.insert(asked.name, found);
    }
    std::fs::create_dir_all(&args.output_dir)?;
    let text = serde_json::to_vec_pretty(&Value::Object(results))?;
    command_line::replace_file(&args.output_dir.join(FILE), &text)?;
    match failed.as_slice() {
        [] => Ok(()),
        names => Err(format!("{} could not be measured; {FILE} says why", names.join(", ")).into()),
    }
}

/// The benchmarks of a name; the synthetic ones are drawn first.
fn named(name: &str, cache: &Path) -> Result<Vec<Asked>, Box<dyn std::error::Error>> {
    let one = |label: &str, benchmark: &str, rows: PathBuf| -> Result<Asked, Box<dyn std::error::Error>> {
        Ok(Asked { name: label.to_owned(), benchmark: benchmark_by_name(benchmark)?, rows })
    };
    if let Some(file) = name.strip_prefix("custom:") {
        return Ok(vec![one("custom", "custom", PathBuf::from(file))?]);
    }
    match name.to_lowercase().as_str() {
        "vsr" => Ok(vec![one("VSR", "vsr", cache.join("vsr/test.jsonl"))?]),
        "cv-bench" | "cvbench" => Ok(vec![one("CV-Bench", "cv-bench", cache.join("cvbench"))?]),
        "synthetic" => {
            let drawn = sets::held_out(cache)?;
            let names = [
                ("synthetic VSR", "vsr"),
                ("synthetic CV-Bench", "cv-bench"),
                ("synthetic counts", "counting"),
                ("synthetic distances", "distance"),
            ];
            names
                .into_iter()
                .zip(drawn)
                .map(|((label, benchmark), rows)| one(label, benchmark, rows))
                .collect()
        }
        _ => {
            Err(format!("--benchmarks: found {name:?}, expected VSR, CV-Bench, synthetic or custom:FILE")
                .into())
        }
    }
}

fn load(folder: &Path, args: &EvalArgs) -> Result<VlModel, Box<dyn std::error::Error>> {
    let (device, precision) = device::open(&args.device)?;
    let model = if args.use_4bit {
        let nf4 =
            Quantization { format: CodeFormat::Nf4, scales: ScaleCoding::Coded, ..Quantization::default() };
        VlModel::from_dir_quantized(folder, &device, Precision::F32, &nf4)?
    } else {
        VlModel::from_dir(folder, &device, precision)?
    };
    match &args.adapter_path {
        Some(adapter) => command_line::with_learned(model, adapter),
        None => Ok(model),
    }
}

/// Asks a benchmark, and gives its entry in the results.
fn ask(
    asked: &Asked,
    model: &VlModel,
    (folder, processor): (&Path, &Processor),
    args: &EvalArgs,
) -> Result<Value, Box<dyn std::error::Error>> {
    let source = open(&asked.rows, &OpenOptions::default())?;
    let bar = progress::rows(0, 0);
    let mut answering = Answering::new(model, processor, folder, 8, &bar)?;
    let out = args.output_dir.join(asked.name.to_lowercase().replace(' ', "-"));
    let results =
        eval::run(&*asked.benchmark, &*source, &mut answering, &out, &options(asked, folder, args))?;
    bar.finish_and_clear();
    let (_, predictions) = eval::read_log(&out.join(eval::PREDICTIONS_FILE))?;
    Ok(entry(&asked.name, &results, &predictions))
}

fn options(asked: &Asked, folder: &Path, args: &EvalArgs) -> RunOptions {
    let greedy = EvalSampling::greedy(args.max_new_tokens);
    let setting = EvalSampling { temperature: args.temperature, ..greedy };
    let policy = Policy {
        model: folder.display().to_string(),
        adapter: args.adapter_path.as_ref().map(|path| path.display().to_string()),
        data: asked.rows.display().to_string(),
        ..Policy::default()
    };
    let limit = match (args.max_samples, args.stratify) {
        (None, _) => Limit::All,
        (Some(most), true) => Limit::Spread(most),
        (Some(most), false) => Limit::First(most),
    };
    RunOptions { limit, bad_rows: BadRows::Skip, ..RunOptions::new(setting, policy) }
}

/// A benchmark in the form of the publication. A question that could not be asked, such as one whose image is missing, is
/// left out of the accuracy and counted.
pub fn entry(name: &str, results: &Results, predictions: &[Prediction]) -> Value {
    let asked: Vec<&Prediction> =
        predictions.iter().filter(|prediction| prediction.error.is_none()).collect();
    let correct = asked.iter().filter(|prediction| prediction.is_solved()).count();
    let unread = |prediction: &&&Prediction| {
        prediction
            .judged
            .iter()
            .any(|judged| matches!(judged.verdict, Verdict::Unparsed | Verdict::Truncated))
    };
    let mut entry = json!({
        "benchmark": name,
        "accuracy": if asked.is_empty() { 0.0 } else { correct as f64 / asked.len() as f64 },
        "total_samples": asked.len(),
        "correct": correct,
        "skipped": predictions.len() - asked.len(),
        "unparsed": asked.iter().filter(unread).count(),
        "breakdown": results.tables,
        "predictions": asked.iter().map(|prediction| line(prediction)).collect::<Vec<_>>(),
    });
    for (name, value) in &results.official {
        entry[name] = json!(value);
    }
    if let Some(tasks) = results.tables.get("task") {
        entry["per_task"] =
            tasks.iter().map(|(task, cell)| (task.clone(), json!(cell.score))).collect::<Map<_, _>>().into();
    }
    if results.notes.iter().any(|note| note.starts_with("partial")) {
        entry["partial"] = json!(true);
    }
    entry
}

fn line(prediction: &Prediction) -> Value {
    let predicted = prediction.judged.first().and_then(|judged| judged.answer.clone());
    let response = prediction.responses.first().map_or("", |response| response.text.as_str());
    let mut line =
        json!({"predicted": predicted, "response": response.trim(), "correct": prediction.is_solved()});
    match &prediction.key {
        AnswerKey::Truth(truth) => {
            let caption = prediction
                .prompt
                .split_once("Statement: \"")
                .and_then(|(_, rest)| rest.rsplit_once("\" Answer"));
            line["caption"] = json!(caption.map_or(prediction.prompt.as_str(), |(caption, _)| caption));
            line["label"] = json!(i32::from(*truth));
        }
        AnswerKey::Choice(choice) => {
            line["question"] = json!(prediction.prompt);
            line["answer"] = json!(choice.letter.to_string());
        }
        other => {
            line["question"] = json!(prediction.prompt);
            line["answer"] = json!(other.to_string());
        }
    }
    line
}

fn in_words(name: &str, entry: &Value) -> String {
    if let Some(error) = entry["error"].as_str() {
        return format!("{name}: failed: {error}");
    }
    let share = |key: &str| entry[key].as_f64().map(|value| format!(", {key} {:.1} %", 100.0 * value));
    let more: String = ["acc_2d", "acc_3d", "overall", "f1_true", "within_a_factor_of_2"]
        .into_iter()
        .filter_map(share)
        .collect();
    format!(
        "{name}: {:.1} % of {} questions{more}, {} unread, {} skipped",
        100.0 * entry["accuracy"].as_f64().unwrap_or(0.0),
        entry["total_samples"],
        entry["unparsed"],
        entry["skipped"]
    )
}

/// A line for each benchmark, a column for each folder of results.
fn compare(folders: &[PathBuf]) -> Outcome {
    let mut columns = Vec::new();
    for folder in folders {
        let path = folder.join(FILE);
        let text = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let results: Map<String, Value> =
            serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        columns.push((folder.display().to_string(), results));
    }
    let mut names: Vec<&String> = columns.iter().flat_map(|(_, results)| results.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let titles: Vec<&str> = columns.iter().map(|(title, _)| title.as_str()).collect();
    let mut lines = vec![
        format!("| benchmark | {} |", titles.join(" | ")),
        format!("|---|{}", "---|".repeat(columns.len())),
    ];
    for name in names {
        let cell = |results: &Map<String, Value>| match results
            .get(name)
            .and_then(|entry| entry["accuracy"].as_f64())
        {
            Some(accuracy) => format!("{:.1} %", 100.0 * accuracy),
            None => "–".to_owned(),
        };
        let cells: Vec<String> = columns.iter().map(|(_, results)| cell(results)).collect();
        lines.push(format!("| {name} | {} |", cells.join(" | ")));
    }
    command_line::say(&lines.join("\n"))
}
