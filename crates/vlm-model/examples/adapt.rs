//! Writes adapters of every kind for a model, with random numbers in them, and the merged model beside each:
//! `cargo run -p vlm-model --example adapt -- MODEL OUT`.
//!
//! `tests/reference/adapters.py` loads both with PEFT and transformers.

use burn::module::Param;
use burn::tensor::{Device, Distribution, Tensor};
use lora::{Adapter, Linears, LoraConfig, Targets, Variant, Vision, peft};
use std::path::{Path, PathBuf};
use vlm_model::{Precision, VlModel, merge_folder};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut folders = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(from), Some(to)) = (folders.next(), folders.next()) else {
        return Err("usage: adapt MODEL OUT".into());
    };
    for (name, config) in kinds() {
        write(&from, &config, &to.join(name))?;
    }
    Ok(())
}

fn kinds() -> [(&'static str, LoraConfig); 7] {
    let base = || LoraConfig { r: 4, ..LoraConfig::default() };
    let names = |names: &[&str]| Targets::Names(names.iter().map(|name| (*name).to_owned()).collect());
    [
        ("lora", base()),
        ("rslora", LoraConfig { variant: Variant::RsLora, vision: Vision::Included, ..base() }),
        ("dora", LoraConfig { variant: Variant::Dora, vision: Vision::Included, ..base() }),
        ("rsdora", LoraConfig { variant: Variant::RsDora, ..base() }),
        (
            "patterns",
            LoraConfig {
                rank_pattern: vec![(r"layers\.0\..*".to_owned(), 2)],
                alpha_pattern: vec![("q_proj".to_owned(), 3.0)],
                ..base()
            },
        ),
        ("places", LoraConfig { targets: names(&["model.layers.0.mlp.up_proj", "q_proj"]), ..base() }),
        ("convolution", LoraConfig { targets: names(&["proj"]), vision: Vision::Included, ..base() }),
    ]
}

/// The adapter in `to/adapter` and the merged model in `to/merged`.
fn write(from: &Path, config: &LoraConfig, to: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let device = Device::flex();
    device.seed(17);
    let mut model = VlModel::from_dir(from, &device, Precision::F32)?;
    lora::attach(&mut model, config)?;
    model.visit_linears(&mut |_, linear| {
        let Some(Adapter::LowRank(low)) = &mut linear.adapter else { return };
        let random = |shape: [usize; 2]| Tensor::random(shape, Distribution::Normal(0.0, 0.2), &device);
        low.b = Param::from_tensor(random(low.b.val().dims()));
        if let Some(magnitude) = &mut low.magnitude {
            let lengths = magnitude.lengths.val();
            let factors = Tensor::random(lengths.dims(), Distribution::Uniform(0.8, 1.25), &device);
            magnitude.lengths = Param::from_tensor(lengths * factors);
        }
    });
    let name = from.file_name().unwrap_or_default().to_string_lossy();
    peft::save(&mut model, &name)?.write(&to.join("adapter"))?;
    merge_folder(from, &to.join("adapter"), &to.join("merged"))?;
    Ok(())
}
