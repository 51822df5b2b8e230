//! Tiny Qwen2.5-VL folders made from nothing: tokenizer, configuration, random weights.
//!
//! The demo and the tiny recipes of the examples begin here. What is written has the published layout: transformers
//! loads it as it loads a model of the hub.
//!
//! ```
//! use nano::{Folder, Sizes};
//! let folder = tempfile::tempdir()?;
//! let texts = ["Is the red circle left of the blue square?", "<think>red 0 1, blue 2 1</think>"];
//! Folder { sizes: Sizes::DEMO, texts: &texts, seed: 1 }.write(folder.path())?;
//! let processor = vlm_processor::Processor::from_dir(folder.path())?;
//! assert!(processor.encode("left of the red circle")?.len() <= 6);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bytes;
mod folder;
mod merges;
mod sizes;
mod tokenizer;
mod weights;

pub use folder::{Folder, WriteError};
pub use sizes::Sizes;
