//! The run itself: where to, how long, what is written when.

use std::path::PathBuf;

use crate::data::DataSettings;
use crate::error::RecipeError;
use crate::kind::Kind;
use crate::section::{Entries, Key, Reader, Section, settings};
use crate::setting::{At, Count, Positive, Setting, choices};
use crate::yaml::Content;

settings! {
    /// Where to, how long, what is written when.
    pub struct RunSettings {
        /// Folder of the run: checkpoints, metrics, the resolved recipe.
        key output_dir: PathBuf;
        /// Seed of every random draw. The flag `--seed` overrides it.
        key seed: u64 = |_| 42;
        /// How long the run lasts.
        part duration: Duration;
        /// Keeps the inputs of a layer instead of all it computes, and computes them again for the gradient.
        key gradient_checkpointing: bool = |_| true;
        /// Optimiser steps between two lines of metrics.
        key logging_steps: Count = |_| Count::constant(10);
        /// Optimiser steps between two checkpoints; null writes only the last one.
        key save_steps: Option<Count> = |_| Some(Count::constant(500));
        /// Checkpoints that are kept, the newest; null keeps all.
        key save_total_limit: Option<Count> = |_| None;
        /// Optimiser steps between two evaluations; null evaluates only at the end, where there are evaluation rows.
        key eval_steps: Option<Count> = |_| None;
        /// At most so many evaluation rows, the first ones; null takes all.
        key eval_num_samples: Option<Count> = |_| None;
        /// The checkpoint to go on from: null, `latest` of `output_dir`, or a folder.
        key resume_from_checkpoint: Resume = |_| Resume::Never;
        /// What happens when a run is to go on and its rows, model or adapter are not those it began with.
        key on_changed_input: OnChangedInput = |_| OnChangedInput::Stop;
    }
}

choices! {
    /// What happens to a run that is to go on with other files than it began with.
    pub enum OnChangedInput {
        /// It does not start, and says what has changed.
        Stop = "stop",
        /// It says what has changed and goes on, not to the bytes of a run without interruption.
        GoOn = "go_on",
    }
}

impl RunSettings {
    pub(crate) fn check(&self, data: &DataSettings, reader: &Reader<'_>) -> Result<(), RecipeError> {
        let unused = ["eval_steps", "eval_num_samples"].into_iter().find(|key| reader.has(key));
        match unused {
            Some(key) if !data.has_evaluation() => Err(reader.conflict(
                key,
                "evaluation rows",
                format!("add `eval_dataset` or `validation_split`, or remove `{key}`"),
            )),
            _ => Ok(()),
        }
    }
}

/// How long a run lasts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Duration {
    /// So many passes over the data; a fraction ends within one.
    Epochs(Positive),
    /// So many optimiser steps.
    Steps(Count),
}

const EPOCHS: &str = "num_train_epochs";
const STEPS: &str = "max_steps";

impl Duration {
    const DEFAULT: Self = Self::Epochs(Positive::constant(3.0));
}

impl Section for Duration {
    fn keys(_: Kind, keys: &mut Vec<Key>) {
        keys.push(Key::new(EPOCHS, &["Passes over the data."], Some(Positive::constant(3.0))));
        let doc = "Optimiser steps; where it is given, `num_train_epochs` does not count. -1 is null, as in transformers.";
        keys.push(Key::new(STEPS, &[doc], Some(None::<Count>)));
    }

    fn read(reader: &Reader<'_>) -> Result<Self, RecipeError> {
        let epochs = reader.get(EPOCHS)?.map_or(Self::DEFAULT, Self::Epochs);
        match reader.at(STEPS) {
            Some(at) if at.node.content == Content::Integer(-1) => Ok(epochs),
            Some(at) => Ok(Option::read(&at)?.map_or(epochs, Self::Steps)),
            None => Ok(epochs),
        }
    }

    fn write(&self, out: &mut Entries) {
        match self {
            Self::Epochs(epochs) => out.push((EPOCHS, epochs.write())),
            Self::Steps(steps) => out.push((STEPS, steps.write())),
        }
    }
}

/// Where a run begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resume {
    /// At step 0.
    Never,
    /// At the newest complete checkpoint of `output_dir`.
    Latest,
    /// At this checkpoint.
    From(PathBuf),
}

impl Setting for Resume {
    fn accepts() -> String {
        "null, `latest` or a folder".into()
    }

    fn read(at: &At<'_>) -> Result<Self, RecipeError> {
        match &at.node.content {
            Content::Null | Content::Bool(false) => Ok(Self::Never),
            Content::Bool(true) => Ok(Self::Latest),
            Content::Text(text) if text == "latest" => Ok(Self::Latest),
            Content::Text(_) => PathBuf::read(at).map(Self::From),
            _ => Err(at.wrong_type(Self::accepts())),
        }
    }

    fn write(&self) -> Content {
        match self {
            Self::Never => Content::Null,
            Self::Latest => Content::word("latest"),
            Self::From(path) => path.write(),
        }
    }
}
