//! Crash-safe checkpoint directories: atomic saves, a manifest with checksums, retention, verification.
//!
//! A run's folder holds `checkpoint-<step>` folders, named as Hugging Face's trainers name them. Each has the files
//! that were saved and a `manifest.json` with the length and SHA-256 of every one. What [`Store::save`] has returned
//! survives a killed process, a loss of power and a full disk; what a disk corrupts is noticed before it is used.
//!
//! - [`Store`] saves, finds, loads, verifies and retires checkpoints.
//! - [`RunLock`] keeps a second process off a run.
//! - [`Fs`] is the handful of file operations below; [`simulated::SimulatedDisk`] lets a test cut the power between
//!   any two of them, or fill the disk.
//!
//! ```
//! use checkpoint::{RealFs, RunLock, StepMeta, Store};
//!
//! # let folder = tempfile::tempdir()?;
//! # let run_dir = folder.path().join("run");
//! let lock = RunLock::acquire(&run_dir)?;
//! let store = Store::new(RealFs, &run_dir);
//! store.clean_up(&lock)?;
//!
//! let meta = StepMeta { config_hash: "c0ffee".into(), seed: 7, data_cursor: 320, ..StepMeta::default() };
//! let saved = store.save(10, &meta, |files| {
//!     files.write("adapter_config.json", b"{}")?;
//!     files.write("adapter_model.safetensors", &[0; 16])
//! })?;
//! assert!(saved.path.ends_with("checkpoint-10"));
//!
//! let loaded = store.latest()?.expect("one was saved");
//! assert_eq!((loaded.step(), loaded.meta().data_cursor), (10, 320));
//! assert_eq!(loaded.read("adapter_config.json")?, b"{}");
//! assert!(store.verify_all()?.is_sound());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod file_name;
mod flaw;
mod folder_name;
mod fs;
mod hashing;
mod inspect;
mod load;
mod lock;
mod manifest;
mod real_fs;
mod retention;
mod run_folder;
mod save;
pub mod simulated;
mod store;
mod verify;

pub use error::{Action, IoFailure, LoadError, SaveError, Skipped};
pub use file_name::NameFlaw;
pub use flaw::{Flaw, ManifestFlaw};
pub use fs::{Fs, Kind, OutFile};
pub use hashing::digest;
pub use load::Loaded;
pub use lock::{Holder, LockError, RunLock};
pub use manifest::{MANIFEST_VERSION, StepMeta};
pub use real_fs::RealFs;
pub use save::{Files, Saved};
pub use store::Store;
pub use verify::{Report, Verified};
