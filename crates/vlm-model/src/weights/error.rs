//! What can be wrong with the files of a checkpoint.

use std::fmt;
use std::path::PathBuf;

/// Why a checkpoint cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// Neither `model.safetensors` nor an index is there.
    #[error(
        "{dir}: found no model.safetensors and no model.safetensors.index.json{hint}",
        dir = dir.display(), hint = hint
    )]
    NoWeights {
        /// The folder.
        dir: PathBuf,
        /// What to do when weights of another kind are there.
        hint: String,
    },
    /// A file cannot be opened or read.
    #[error("{path}: cannot be read: {source}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The shard index is not what it should be.
    #[error("{path}: {problem}; expected {{\"weight_map\": {{\"tensor name\": \"file.safetensors\"}}}}", path = path.display())]
    BadIndex {
        /// The index file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The index names a file outside the model folder.
    #[error("{path}: names the file {name:?}, which is not a plain file name inside the model folder; refused", path = path.display())]
    OutsideFolder {
        /// The file that names it.
        path: PathBuf,
        /// The name as it stands there.
        name: String,
    },
    /// A file of the folder is a link to somewhere else.
    #[error("{path}: is a link that leads out of the model folder; refused: copy the file into the folder", path = path.display())]
    LinkOutside {
        /// The link.
        path: PathBuf,
    },
    /// A safetensors file is broken.
    #[error("{path}: not a valid safetensors file: {problem}; download the file again", path = path.display())]
    BadSafetensors {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Two tensors mean the same weight.
    #[error("{path}: tensor {name:?} appears twice in the checkpoint (also in {other})", path = path.display(), other = other.display())]
    Duplicate {
        /// The second file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// The first file.
        other: PathBuf,
    },
    /// The tensors do not fit the configuration.
    #[error("{dir}: the weights do not fit config.json: {}", list(problems), dir = dir.display())]
    Mismatch {
        /// The folder.
        dir: PathBuf,
        /// Every tensor that is missing, unused, of another shape or of a type that cannot be read.
        problems: Vec<WeightProblem>,
    },
}

/// One tensor that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WeightProblem {
    /// The configuration calls for it and no file has it.
    Missing {
        /// The tensor.
        name: String,
        /// The shape it should have.
        expected: Vec<usize>,
    },
    /// A file has it and the configuration has no place for it.
    Unused {
        /// The tensor.
        name: String,
        /// The shape it has.
        found: Vec<usize>,
    },
    /// It has another shape than the configuration says.
    Shape {
        /// The tensor.
        name: String,
        /// The shape in the file.
        found: Vec<usize>,
        /// The shape by the configuration.
        expected: Vec<usize>,
    },
    /// Its element type is not one of F32, BF16, F16.
    Type {
        /// The tensor.
        name: String,
        /// The element type in the file.
        found: String,
    },
    /// It holds NaN or an infinity.
    NotFinite {
        /// The tensor.
        name: String,
    },
}

impl fmt::Display for WeightProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { name, expected } => write!(f, "{name} is missing (expected shape {expected:?})"),
            Self::Unused { name, found } => write!(f, "{name} of shape {found:?} is not used by this model"),
            Self::Shape { name, found, expected } => {
                write!(f, "{name} has shape {found:?}, expected {expected:?}")
            }
            Self::Type { name, found } => {
                write!(f, "{name} has element type {found}, expected F32, BF16 or F16")
            }
            Self::NotFinite { name } => write!(f, "{name} holds NaN or infinite values"),
        }
    }
}

/// The first few problems and how many there are in all.
fn list(problems: &[WeightProblem]) -> String {
    const SHOWN: usize = 8;
    let mut text: Vec<String> = problems.iter().take(SHOWN).map(ToString::to_string).collect();
    if problems.len() > SHOWN {
        text.push(format!("and {} more", problems.len() - SHOWN));
    }
    text.join("; ")
}
