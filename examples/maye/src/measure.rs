//! `maye eval`: a checkpoint asked at the three settings.

use crate::args::{AskedSplit, EvalArgs};
use crate::config::Config;
use crate::exam;
use crate::held_out::HeldOut;
use crate::keepsakes;
use command_line::{Outcome, device, replace_file, with_learned};
use recipe::{Kind, Recipe};
use serde_json::{Map, json};
use std::path::{Path, PathBuf};
use trainer::engine::Stop;
use vlm_model::VlModel;
use vlm_processor::Processor;

/// Runs the command.
pub fn run(args: &EvalArgs) -> Outcome {
    let recipe = Config::of_file(Kind::Reinforce, &args.config, &args.overrides)?.recipe()?;
    let (index, name) = match args.split {
        AskedSplit::Validation => (0, "Validation"),
        AskedSplit::Test => (1, "Test"),
    };
    let files = recipe.data.eval_dataset.as_deref().unwrap_or_default();
    let file = files
        .get(index)
        .ok_or_else(|| format!("{}: eval_dataset names no {name} set", args.config.display()))?;
    let set = HeldOut::open(name, file, &recipe)?;
    let (model, folder) = load(args, &recipe)?;
    let processor = Processor::from_dir(&folder)?;
    std::fs::create_dir_all(&args.out)?;
    let mut results = Map::new();
    for setting in exam::settings(&recipe) {
        let verdicts = exam::ask(&model, (&folder, &processor), &set, &setting, &Stop::new())
            .map_err(|error| error.to_string())?;
        let accuracy = verdicts.accuracy();
        command_line::say(&format!(
            "{name} {}: {:.1} % of {}",
            setting.suffix(),
            100.0 * accuracy,
            set.questions.len()
        ))?;
        results.insert(setting.suffix(), json!({"accuracy": accuracy, "problems": set.questions.len()}));
        let answers = args.out.join(format!("{}_{}.jsonl", name.to_lowercase(), setting.name));
        replace_file(&answers, keepsakes::lines(&set, &verdicts).as_bytes())?;
    }
    let whole = json!({"checkpoint": args.checkpoint, "split": name.to_lowercase(), "file": file.path, "settings": results});
    Ok(replace_file(&args.out.join("eval.json"), format!("{whole:#}\n").as_bytes())?)
}

/// The model of a checkpoint, and the folder of its processor.
fn load(args: &EvalArgs, recipe: &Recipe) -> Result<(VlModel, PathBuf), Box<dyn std::error::Error>> {
    let (device, precision) = device::open(&args.device)?;
    let whole = |folder: &Path| VlModel::from_dir(folder, &device, precision);
    if args.checkpoint.join("config.json").is_file() {
        return Ok((whole(&args.checkpoint)?, args.checkpoint.clone()));
    }
    let base = recipe.model.model_name_or_path.clone();
    Ok((with_learned(whole(&base)?, &args.checkpoint)?, base))
}
