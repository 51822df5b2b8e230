//! Folders of adapters as PEFT writes them: `adapter_config.json` and `adapter_model.safetensors`.
//!
//! A folder is hostile until proven otherwise: settings that would change what is computed are refused by name, sizes are
//! compared with the model before memory is taken, and every tensor of the file is used or is an error.

mod error;
mod file;
mod load;
mod names;
mod save;
mod settings;
mod shapes;

pub use error::PeftError;
pub use load::{Loaded, load, load_files};
pub use save::{AdapterFiles, save};

/// The file of settings.
pub const CONFIG: &str = "adapter_config.json";
/// The file of tensors.
pub const WEIGHTS: &str = "adapter_model.safetensors";
