//! `--debug --local`: data, prompts, rewards and generation checked with a small model on the CPU. Nothing is trained.

mod generation;
mod pairs;
mod prompts;
mod report;
mod settings;
mod supervised;

use crate::args::StageArgs;
use command_line::Outcome;
use datasets::{Ingredient, Mix, OpenOptions, Record, Shuffle, Source, open};
use nano::{Folder, Sizes};
use recipe::{Kind, Method, Recipe};
use report::{Report, Status};
use std::path::PathBuf;
use std::sync::Arc;
use trainer::session::Prepared;
use vlm_model::{Precision, VlModel};
use vlm_processor::{Processor, SpecialTokens};

/// Rows that are looked at where `--max_samples` does not say.
const ROWS: usize = 5;

/// What every check has to work with.
struct Stage {
    recipe: Recipe,
    sources: Vec<Arc<dyn Source>>,
    rows: Prepared,
    processor: Arc<Processor>,
    model: VlModel,
    folder: PathBuf,
    /// Rows that are looked at closely.
    first: u64,
}

/// Runs every check of the stage and writes `debug_report.json`.
pub fn run(recipe: Recipe, args: &StageArgs) -> Outcome {
    let out = recipe.run.output_dir.clone();
    std::fs::create_dir_all(&out)?;
    let mut report = Report { stage: recipe.kind().name().to_owned(), ..Report::default() };
    match Stage::open(recipe, args) {
        Ok(stage) => stage.check(&mut report),
        Err(error) => report.note("dataset_loading", Status::Fail, error.to_string()),
    }
    report.status = if report.passes() { "passed" } else { "failed" }.to_owned();
    command_line::say(&report.to_string())?;
    if !report.prompt.is_empty() {
        command_line::say(&format!("the first prompt:\n{}", command_line::plain(&report.prompt)))?;
    }
    command_line::replace_file(&out.join("debug_report.json"), &serde_json::to_vec_pretty(&report)?)?;
    match report.count(Status::Fail) {
        0 => Ok(()),
        failed => Err(format!("{failed} of the checks failed").into()),
    }
}

impl Stage {
    fn open(recipe: Recipe, args: &StageArgs) -> Result<Self, Box<dyn std::error::Error>> {
        let mut sources: Vec<Arc<dyn Source>> = Vec::new();
        for set in &recipe.data.datasets {
            let options = OpenOptions {
                format: set.format.parse()?,
                images: set.images.clone(),
                split: set.split.clone(),
                max_samples: set.max_samples.map(|rows| rows.get() as u64),
            };
            sources.push(open(&set.path, &options)?.into());
        }
        let folder = match args.debug_model.as_str() {
            "nano" => nano(&recipe)?,
            folder => PathBuf::from(folder),
        };
        let processor = Arc::new(Processor::from_dir(&folder)?);
        let ingredients =
            sources.iter().map(|source| Ingredient { source: source.clone(), weight: None }).collect();
        let mix = Mix::new(ingredients, Shuffle::FileOrder)?;
        let first = mix.epoch_len().min(args.max_samples.unwrap_or(ROWS) as u64);
        let (device, _) = command_line::device::open(&args.device)?;
        let model = VlModel::from_dir(&folder, &device, Precision::F32)?;
        let rows = Prepared::new(Arc::new(mix), processor.clone(), None);
        Ok(Self { recipe, sources, rows, processor, model, folder, first })
    }

    fn check(&self, report: &mut Report) {
        let records = self.load(report);
        match &self.recipe.method {
            Method::Sft(sft) => self.check_supervised(sft, &records, report),
            Method::Dpo(dpo) => self.check_pairs(dpo, &records, report),
            Method::Grpo(grpo) => self.check_prompts(grpo, &records, report),
            Method::Reinforce(_) => {}
        }
        settings::check(&self.recipe, report);
        if report.passes() {
            self.generate(&records, report);
        } else {
            report.note("generation", Status::Skip, "a check before it failed");
        }
    }

    /// Every row that can be read; those that cannot are counted.
    fn load(&self, report: &mut Report) -> Vec<Record> {
        let (mut records, mut bad) = (Vec::new(), Vec::new());
        for source in &self.sources {
            for row in datasets::in_order(&**source) {
                match row {
                    Ok(record) => records.push(record),
                    Err(error) => bad.push(error.to_string()),
                }
            }
        }
        let rows = records.len() + bad.len();
        let empty = bad.iter().filter(|error| error.contains("chosen") || error.contains("rejected")).count();
        if self.recipe.kind() == Kind::Dpo && empty > 0 {
            report.note(
                "preference_completeness",
                Status::Fail,
                format!("{empty} pairs lack an answer: {}", bad[0]),
            );
        }
        let status = match (records.is_empty(), bad.len() * 100 > rows) {
            (true, _) | (_, true) => Status::Fail,
            _ if !bad.is_empty() => Status::Warn,
            _ => Status::Ok,
        };
        let first = bad.first().map_or_else(String::new, |error| format!("; the first: {error}"));
        report.note(
            "dataset_loading",
            status,
            format!("{rows} rows, {} of them cannot be used{first}", bad.len()),
        );
        records
    }

    fn decode(&self, ids: &[u32], special: SpecialTokens) -> String {
        self.processor.decode(ids, special).unwrap_or_default()
    }
}

/// A random model of four layers with a tokenizer of bytes.
fn nano(recipe: &Recipe) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let folder = recipe.run.output_dir.join("debug_model");
    let sizes = Sizes { layers: 4, pixels: [56 * 56, 112 * 112], ..Sizes::DEMO };
    Folder { sizes, texts: &[], seed: recipe.run.seed }.write(&folder)?;
    Ok(folder)
}
