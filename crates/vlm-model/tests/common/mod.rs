//! Recorded prompts and numbers of the fixtures.

use safetensors::SafeTensors;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use vlm_model::{ModelConfig, Precision, VlModel};
use vlm_processor::{Grid, Patches, Prompt, Token, Visual, VisualKind};

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
    VlModel::from_dir(&checkpoint(name), &device, Precision::F32).expect("the fixture loads")
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

/// The prompt that transformers' processor made of a row.
pub fn prompt(name: &str, id: &str) -> Prompt {
    let dir = fixtures().join("golden/model").join(name).join("preprocess");
    let bytes = std::fs::read(dir.join(format!("{id}.safetensors"))).expect("the row was recorded");
    let file = SafeTensors::deserialize(&bytes).expect("a golden file parses");
    let config = ModelConfig::from_dir(&checkpoint(name)).expect("the fixture's config parses");
    let ids: Vec<u32> = integers(&file, "input_ids").into_iter().map(|id| id as u32).collect();
    let axes = integers(&file, "position_ids");
    let n = ids.len();
    let positions: Vec<[i64; 3]> = (0..n).map(|i| [axes[i], axes[n + i], axes[2 * n + i]]).collect();
    let last = positions.iter().flatten().max().copied().unwrap_or(-1);
    let merge = config.vision.merge_size;
    let (image, video) = (config.vision_tokens.image, config.vision_tokens.video);
    let mut stills = visuals(&file, VisualKind::Image).into_iter();
    let mut clips = visuals(&file, VisualKind::Video).into_iter();
    let (mut visuals, mut tokens) = (Vec::<Visual>::new(), Vec::new());
    let mut left = 0;
    for id in &ids {
        if *id != image && *id != video {
            tokens.push(Token::Text(*id));
            continue;
        }
        if left == 0 {
            let next = if *id == image { stills.next() } else { clips.next() };
            visuals.push(next.expect("a recorded visual for each placeholder run"));
            left = visuals[visuals.len() - 1].patches.grid.tokens(merge);
        }
        let count = visuals[visuals.len() - 1].patches.grid.tokens(merge);
        tokens.push(Token::Vision { visual: visuals.len() as u32 - 1, index: (count - left) as u32 });
        left -= 1;
    }
    Prompt { tokens, delta: last + 1 - n as i64, ids, positions, visuals }
}

fn visuals(file: &SafeTensors, kind: VisualKind) -> Vec<Visual> {
    let (pixels, grids) = match kind {
        VisualKind::Image => ("pixel_values", "image_grid_thw"),
        VisualKind::Video => ("pixel_values_videos", "video_grid_thw"),
    };
    if file.tensor(grids).is_err() {
        return Vec::new();
    }
    let values = floats(file, pixels);
    let columns = file.tensor(pixels).expect("pixels go with grids").shape()[1];
    let mut start = 0;
    let grids = integers(file, grids);
    let grids = grids.chunks_exact(3).map(|g| Grid { t: g[0] as usize, h: g[1] as usize, w: g[2] as usize });
    grids
        .map(|grid| {
            let end = start + grid.patches() * columns;
            let patches = Patches { grid, values: values[start..end].to_vec() };
            start = end;
            Visual { kind, patches }
        })
        .collect()
}

pub fn floats(file: &SafeTensors, name: &str) -> Vec<f32> {
    let tensor = file.tensor(name).unwrap_or_else(|_| panic!("the golden file has {name}"));
    tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

fn integers(file: &SafeTensors, name: &str) -> Vec<i64> {
    let tensor = file.tensor(name).unwrap_or_else(|_| panic!("the golden file has {name}"));
    let word = |b: &[u8]| i64::from_le_bytes(b.try_into().expect("eight bytes"));
    tensor.data().chunks_exact(8).map(word).collect()
}

/// The largest difference of two equally long lists.
pub fn distance(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}
