//! What the weights of a model take in memory, whole and in few bits, and what one training step adds, with the activations of
//! all layers kept or computed again: `cargo run --release -p vlm-model --example memory -- MODEL whole|int8|nf4
//! [kept|recomputed]`. Peaks count the mapped file of weights too.

use burn::tensor::Device;
use lora::{CodeFormat, LoraConfig, Quantization};
use std::path::{Path, PathBuf};
use vlm_model::{Activations, Precision, Scored, Scoring, VlModel};
use vlm_processor::{Prompt, Token};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let (Some(dir), Some(kind)) = (words.next().map(PathBuf::from), words.next()) else {
        return Err("usage: memory MODEL whole|int8|nf4 [kept|recomputed]".into());
    };
    let activations = match words.next().as_deref() {
        None | Some("kept") => Activations::Kept,
        Some("recomputed") => Activations::Recomputed,
        Some(other) => return Err(format!("found {other:?}, expected kept or recomputed").into()),
    };
    let before = status("RssAnon")?;
    let mut model = load(&dir, &kind)?;
    eprintln!(
        "weights: {} MiB, {} MiB at most while loading",
        status("RssAnon")? - before,
        status("VmHWM")? - before
    );
    lora::attach(&mut model, &LoraConfig { r: 16, ..LoraConfig::default() })?;
    let prompt = Prompt {
        tokens: (0..256).map(|id| Token::Text(id % 200)).collect(),
        ids: (0..256).map(|id| id % 200).collect(),
        positions: (0..256).map(|at| [at; 3]).collect(),
        delta: 0,
        visuals: Vec::new(),
    };
    let completion: Vec<u32> = (0..256).map(|id| id % 200).collect();
    let completions = [completion.as_slice()];
    // From here on, peaks are those of the step.
    std::fs::write("/proc/self/clear_refs", "5")?;
    let started = std::time::Instant::now();
    let items = [Scored::group(&prompt, &completions)];
    let (scored, tape) = model.score_on_tape(&items, &Scoring::default(), activations)?;
    let loss = scored.log_probs.sum();
    eprintln!("with the tape of 512 tokens: {} MiB", status("RssAnon")? - before);
    tape.backward(&mut loss.backward(), &mut |_| {});
    eprintln!(
        "forward and backward: {:.2} s, {} MiB at most",
        started.elapsed().as_secs_f64(),
        status("VmHWM")? - before
    );
    Ok(())
}

fn load(dir: &Path, kind: &str) -> Result<VlModel, Box<dyn std::error::Error>> {
    let device = Device::flex().autodiff();
    let format = match kind {
        "whole" => return Ok(VlModel::from_dir(dir, &device, Precision::F32)?),
        "int8" => CodeFormat::Int8,
        "nf4" => CodeFormat::Nf4,
        other => return Err(format!("found {other:?}, expected whole, int8 or nf4").into()),
    };
    let quantization = Quantization { format, ..Quantization::default() };
    Ok(VlModel::from_dir_quantized(dir, &device, Precision::F32, &quantization)?)
}

/// A line of this process's status, in MiB; Linux only.
fn status(key: &str) -> Result<u64, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    let number = line.and_then(|line| line.split_whitespace().next()).ok_or("no such line")?;
    Ok(number.parse::<u64>()? / 1024)
}
