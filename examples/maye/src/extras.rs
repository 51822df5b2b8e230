//! What is asked of a run and is no recipe's matter.

use recipe::{Recipe, Tuning};

/// Settings of the evaluation scheme.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// Whether the model is measured before training.
    pub vanilla: Vanilla,
    /// Epochs between two exported models; 0 exports none, and the last epoch is exported wherever one is.
    pub save_every_n_epochs: u64,
    /// What becomes of the answers.
    pub eval_files: EvalFiles,
}

/// Whether the model is measured before training: "vanilla" in the tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Vanilla {
    /// It is: the baseline of every table.
    #[default]
    Measured,
    /// It is not.
    Skipped,
}

/// What becomes of the answers to validation and test problems.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EvalFiles {
    /// Only their accuracy is kept.
    #[default]
    Dropped,
    /// They are written to `outputs` in the folder of the run.
    Kept,
}

/// The keys, as the publication spells them.
pub const KEYS: [&str; 3] = ["eval_at_start", "save_every_n_epochs", "save_eval_files"];

impl Extras {
    /// Takes a `key=value`; false when the key is none of these.
    pub fn set(&mut self, key: &str, value: &str) -> Result<bool, String> {
        match key {
            "eval_at_start" => {
                self.vanilla = if switch(key, value)? { Vanilla::Measured } else { Vanilla::Skipped };
            }
            "save_eval_files" => {
                self.eval_files = if switch(key, value)? { EvalFiles::Kept } else { EvalFiles::Dropped };
            }
            "save_every_n_epochs" => {
                self.save_every_n_epochs = value
                    .parse()
                    .map_err(|_| format!("{key}: found {value:?}, expected a whole number from 0"))?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What a recipe does not allow.
    pub fn check(&self, recipe: &Recipe) -> Result<(), String> {
        if self.save_every_n_epochs > 0 && matches!(recipe.tuning, Tuning::Adapter(_)) {
            return Err(
                "save_every_n_epochs: found adapters, expected `use_peft: false`: adapters are in the run's \
                        checkpoints, and `anneal merge` makes models of them"
                    .to_owned(),
            );
        }
        Ok(())
    }
}

fn switch(key: &str, value: &str) -> Result<bool, String> {
    value.parse().map_err(|_| format!("{key}: found {value:?}, expected true or false"))
}
