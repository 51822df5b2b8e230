//! What an epoch leaves beside its figures: tables of responses, answers of the exam, models.

use crate::extras::{EvalFiles, Extras};
use crate::held_out::{HeldOut, Verdicts};
use eval::EvalSampling;
use journal::RolloutRecord;
use recipe::{Duration, Recipe};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use trainer::engine::Failure;
use vlm_model::VlModel;
use vlm_model::weights::save_folder;

/// Responses of an epoch that its table shows.
const ROWS: usize = 10;

/// Where tables and models go.
pub struct Keepsakes {
    /// Whether the answers of exams are kept.
    pub eval_files: EvalFiles,
    every: u64,
    last: Option<u64>,
    base: PathBuf,
    out: PathBuf,
}

impl Keepsakes {
    /// As the recipe and what is asked beside it say.
    pub fn of(recipe: &Recipe, extras: &Extras) -> Result<Self, String> {
        extras.check(recipe)?;
        let last = match recipe.run.duration {
            Duration::Epochs(epochs) => Some(epochs.get().floor() as u64),
            Duration::Steps(_) => None,
        };
        Ok(Self {
            eval_files: extras.eval_files,
            every: extras.save_every_n_epochs,
            last,
            base: recipe.model.model_name_or_path.clone(),
            out: recipe.run.output_dir.clone(),
        })
    }

    /// Adds the tables of an epoch to `tables.jsonl`: the first responses of its last generation, and one that reflects
    /// and is right. Tables of later steps, which a run that goes on makes again, are replaced.
    pub fn tables(&self, epoch: u64, step: u64, responses: &[RolloutRecord]) -> Result<(), Failure> {
        let Some(last) = responses.iter().map(|record| record.step).max() else { return Ok(()) };
        let of_last = responses.iter().filter(|record| record.step == last);
        let rows: Vec<Value> = of_last.take(ROWS).map(row).collect();
        let mut tables = vec![json!({"step": step, "table": format!("outputs/Epoch {epoch}"), "rows": rows})];
        let example = eval::dynamics::reflective_example(responses, "accuracy");
        tables.extend(example.map(|record| {
            json!({"step": step, "table": "reflection/example", "epoch": epoch, "rows": [row(record)]})
        }));
        let path = self.out.join("tables.jsonl");
        let mut text = earlier(&path, step)?;
        tables.iter().for_each(|table| text.push_str(&format!("{table}\n")));
        Ok(command_line::replace_file(&path, text.as_bytes())?)
    }

    /// Exports the model of an epoch, where that is due, as `OUTPUT_DIR-RL-Epoch-N` with N from 0.
    pub fn checkpoint(&self, epoch: u64, model: &VlModel) -> Result<(), Failure> {
        let due = self.every > 0 && (epoch.is_multiple_of(self.every) || Some(epoch) == self.last);
        let target = named(&self.out, epoch - 1, "");
        if !due || target.exists() {
            return Ok(());
        }
        let unfinished = named(&self.out, epoch - 1, ".part");
        if unfinished.exists() {
            std::fs::remove_dir_all(&unfinished)?;
        }
        save_folder(model, &self.base, &unfinished)?;
        Ok(std::fs::rename(&unfinished, &target)?)
    }
}

/// Lines of steps before `step`.
fn earlier(path: &Path, step: u64) -> Result<String, Failure> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(String::new()),
        other => other?,
    };
    let before = |line: &&str| {
        let line: Value = serde_json::from_str(line).unwrap_or_default();
        line["step"].as_u64().is_some_and(|found| found < step)
    };
    Ok(text.lines().filter(before).map(|line| format!("{line}\n")).collect())
}

fn row(record: &RolloutRecord) -> Value {
    json!({
        "id": record.sample_id, "prompt": record.prompt, "response": record.completion,
        "solution": record.ground_truth, "accuracy": record.rewards.get("accuracy"), "score": record.reward,
    })
}

/// `outputs/rleval_pass@K_RUN-RL-Epoch-N_SET_SETTING_ACCURACY.jsonl` in the folder of the run: the fields of each row,
/// whether it was solved, and what was written.
pub fn eval_file(
    out: &Path,
    epoch: u64,
    set: &HeldOut,
    setting: &EvalSampling,
    verdicts: &Verdicts,
) -> Result<(), Failure> {
    let run = out.file_name().unwrap_or_default().to_string_lossy();
    let folder = out.join("outputs");
    std::fs::create_dir_all(&folder)?;
    let name = format!(
        "rleval_pass@{}_{run}-RL-Epoch-{epoch}_{}_{}_{:.3}.jsonl",
        setting.pass_at,
        set.name,
        setting.name,
        verdicts.accuracy()
    );
    Ok(command_line::replace_file(&folder.join(name), lines(set, verdicts).as_bytes())?)
}

/// One line for each problem.
pub fn lines(set: &HeldOut, verdicts: &Verdicts) -> String {
    let line = |(problem, verdict): (&crate::held_out::Problem, &crate::held_out::Verdict)| {
        let mut fields = problem.fields.clone();
        fields.insert("id".into(), json!(problem.question.id));
        fields.insert("solution".into(), json!(problem.gold));
        fields.insert("correct".into(), json!(verdict.solved));
        fields.insert("predictions".into(), json!(verdict.replies));
        format!("{}\n", json!(fields))
    };
    set.questions.iter().zip(&verdicts.0).map(line).collect()
}

fn named(out: &Path, epoch: u64, more: &str) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(format!("-RL-Epoch-{epoch}{more}"));
    PathBuf::from(name)
}
