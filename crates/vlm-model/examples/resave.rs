//! Loads a model folder and writes it again: `cargo run -p vlm-model --example resave -- FROM TO`.
//!
//! What was written loads in transformers as the model that was read; `tests/reference/check_saved.py` compares them.

use burn::tensor::Device;
use std::path::PathBuf;
use vlm_model::weights::save_folder;
use vlm_model::{Precision, VlModel};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut folders = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(from), Some(to)) = (folders.next(), folders.next()) else {
        return Err("usage: resave FROM TO".into());
    };
    let model = VlModel::from_dir(&from, &Device::flex(), Precision::F32)?;
    save_folder(&model, &from, &to)?;
    Ok(())
}
