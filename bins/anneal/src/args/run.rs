//! Arguments of the commands around a run.

use clap::{Args, ValueEnum};
use command_line::DeviceArgs;
use recipe::Kind;
use std::path::PathBuf;

/// Arguments of `sft`, `dpo`, `grpo` and `reinforce`.
#[derive(Args)]
pub struct TrainArgs {
    /// YAML file of settings; docs/recipes.md lists the keys
    #[arg(value_name = "RECIPE.yaml")]
    pub recipe: PathBuf,
    /// Settings that replace those of the recipe
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Go on with a run: `latest`, or the path of one of its checkpoints
    #[arg(long, value_name = "latest|PATH")]
    pub resume: Option<String>,
    /// Seed of every random draw, instead of the recipe's
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
    #[command(flatten)]
    pub device: DeviceArgs,
}

impl TrainArgs {
    /// What replaces settings of the recipe, the seed last.
    pub fn overrides(&self) -> Vec<String> {
        self.set.iter().cloned().chain(self.seed.map(|seed| format!("seed={seed}"))).collect()
    }
}

/// Arguments of `verify`.
#[derive(Args)]
pub struct VerifyArgs {
    /// A run's output_dir
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
}

/// Arguments of `doctor`.
#[derive(Args)]
pub struct DoctorArgs {
    /// YAML file of settings; without one, only the machine is looked at
    #[arg(value_name = "RECIPE.yaml")]
    pub recipe: Option<PathBuf>,
    /// What the recipe is for; told from its keys and its rows when absent
    #[arg(long, value_enum, requires = "recipe")]
    pub kind: Option<Method>,
    /// Settings that replace those of the recipe
    #[arg(long = "set", value_name = "KEY=VALUE", requires = "recipe")]
    pub set: Vec<String>,
}

/// The ways of training, as the command line spells them.
#[derive(Clone, Copy, ValueEnum)]
pub enum Method {
    Sft,
    Dpo,
    Grpo,
    Reinforce,
}

impl From<Method> for Kind {
    fn from(method: Method) -> Self {
        match method {
            Method::Sft => Self::Sft,
            Method::Dpo => Self::Dpo,
            Method::Grpo => Self::Grpo,
            Method::Reinforce => Self::Reinforce,
        }
    }
}

/// Arguments of `report`.
#[derive(Args)]
pub struct ReportArgs {
    /// A run's output_dir; several are taken as repetitions of one experiment
    #[arg(value_name = "RUN", required = true)]
    pub runs: Vec<PathBuf>,
    /// The page; report.html in the first run's folder when absent
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}
