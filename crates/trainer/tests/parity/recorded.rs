//! What is recorded: rows, adapters, files of numbers.

use burn::tensor::Device;
use datasets::{Format, Mix, OpenOptions, Shuffle};
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use trainer::data::{BadExample, Examples, Stream};
use trainer::engine::Failure;
use trainer::session::Prepared;
use vlm_model::{Precision, VlModel};
use vlm_processor::Processor;

pub const CHECKPOINTS: [&str; 2] = ["qwen2_5-nano", "qwen2-nano"];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures")
}

/// Where the numbers of a checkpoint lie.
pub fn folder(checkpoint: &str) -> PathBuf {
    fixtures().join("golden/training").join(checkpoint)
}

pub fn json<T: DeserializeOwned>(checkpoint: &str, file: &str) -> T {
    let path = folder(checkpoint).join(file);
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn base(checkpoint: &str) -> VlModel {
    base_on(&Device::flex(), checkpoint, Precision::F32)
}

pub fn base_on(device: &Device, checkpoint: &str, precision: Precision) -> VlModel {
    let folder = fixtures().join("checkpoints").join(checkpoint);
    VlModel::from_dir(&folder, &device.clone().autodiff(), precision).unwrap()
}

/// The checkpoint under one of its adapters, a folder such as `adapters/lora`.
pub fn adapted(checkpoint: &str, adapter: &str) -> VlModel {
    adapted_on(&Device::flex(), checkpoint, adapter, Precision::F32)
}

pub fn adapted_on(device: &Device, checkpoint: &str, adapter: &str, precision: Precision) -> VlModel {
    under(base_on(device, checkpoint, precision), checkpoint, adapter)
}

/// A model under an adapter that is recorded for a checkpoint of its shape.
pub fn under(mut model: VlModel, checkpoint: &str, adapter: &str) -> VlModel {
    let loaded = model.load_adapter(&folder(checkpoint).join(adapter)).unwrap();
    assert_eq!(loaded.without_tensors, Vec::<String>::new());
    model
}

pub fn processor(checkpoint: &str) -> Arc<Processor> {
    Arc::new(Processor::from_dir(&fixtures().join("checkpoints").join(checkpoint)).unwrap())
}

/// The rows of a file under the names in `order`, one after another and then again.
pub fn stream<E: Examples>(
    checkpoint: &str,
    file: &str,
    order: &[String],
    examples: impl FnOnce(Prepared) -> E,
) -> Stream<E::Item> {
    let path = fixtures().join("golden/training/rows").join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let id = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].clone();
    let ids: Vec<serde_json::Value> = text.lines().map(id).collect();
    let index = |name: &String| ids.iter().position(|id| id == name).unwrap();
    let order: Vec<usize> = order.iter().map(index).collect();
    let options = OpenOptions { format: Format::Auto, ..OpenOptions::default() };
    let source = Arc::from(datasets::open(&path, &options).unwrap());
    let rows = Arc::new(Mix::of(source, Shuffle::FileOrder).unwrap());
    let examples = examples(Prepared::new(rows, processor(checkpoint), None));
    Stream::new(Arc::new(Ordered { examples, order }), BadExample::Stop, 4)
}

/// Examples in an order of its own.
struct Ordered<E> {
    examples: E,
    order: Vec<usize>,
}

impl<E: Examples> Examples for Ordered<E> {
    type Item = E::Item;

    fn epoch_len(&self) -> u64 {
        self.order.len() as u64
    }

    fn get(&self, position: u64) -> Result<E::Item, Failure> {
        self.examples.get(self.order[position as usize % self.order.len()] as u64)
    }
}
