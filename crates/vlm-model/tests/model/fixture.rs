//! Recorded prompts and numbers of the fixtures.

use serde::Deserialize;
use std::path::{Path, PathBuf};
use vlm_model::{Precision, VlModel};
use vlm_processor::{Processor, Prompt, RowReader};

pub const CHECKPOINTS: [&str; 4] = ["qwen2_5-nano", "qwen2_5-nano-untied", "qwen2_5-nano-bf16", "qwen2-nano"];

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures")
}

pub fn checkpoint(name: &str) -> PathBuf {
    fixtures().join("checkpoints").join(name)
}

/// Where the numbers lie that f32 arithmetic must reach.
pub fn golden(name: &str) -> PathBuf {
    let wide = if name.ends_with("bf16") { format!("{name}-as-float32") } else { name.into() };
    fixtures().join("golden/model").join(wide)
}

pub fn model(name: &str) -> VlModel {
    let device = burn::tensor::Device::flex();
    VlModel::from_dir(&checkpoint(name), &device, Precision::suited_to(&device)).expect("the fixture loads")
}

#[derive(Deserialize)]
pub struct Scored {
    pub id: String,
    pub token_ids: Vec<u32>,
    pub logprobs: Vec<f32>,
}

#[derive(Deserialize)]
pub struct Generated {
    pub id: String,
    pub completions: Vec<Written>,
}

#[derive(Deserialize)]
pub struct Written {
    pub token_ids: Vec<u32>,
    pub logprobs: Vec<f32>,
    pub finish_reason: String,
}

pub fn lines<T: for<'a> Deserialize<'a>>(path: &Path) -> Vec<T> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).expect("a golden line parses")).collect()
}

/// The prompt of a recorded row.
pub fn prompt(name: &str, id: &str) -> Prompt {
    let file = fixtures().join("rows/rows.jsonl");
    let mut rows =
        RowReader::open(&file).expect("the rows are there").map(|(_, row)| row.expect("a good row"));
    let row = rows.find(|row| row.id == id).unwrap_or_else(|| panic!("no row {id}"));
    let processor = Processor::from_dir(&checkpoint(name)).expect("the fixture's processor loads");
    processor.prepare(&row, &fixtures().join("rows")).expect("the row is good")
}

/// The largest difference of two equally long lists.
pub fn distance(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}
