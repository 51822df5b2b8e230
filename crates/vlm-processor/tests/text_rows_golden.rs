//! Rows with real files, from the line of the file to ids, positions, grids and completions, equal to
//! what transformers' `AutoProcessor` makes of them.

use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use serde::Deserialize;
use vlm_processor::{Processor, Prompt, Row, RowReader, VisualKind};

const CHECKPOINTS: [&str; 4] = ["qwen2-nano", "qwen2_5-nano", "qwen2_5-nano-bf16", "qwen2_5-nano-untied"];

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures")
}

fn rows() -> Vec<Row> {
    let reader = RowReader::open(&fixtures().join("rows/rows.jsonl")).expect("opens");
    reader.map(|(line, row)| row.unwrap_or_else(|e| panic!("line {line}: {e}"))).collect()
}

fn integers(tensors: &SafeTensors, name: &str) -> Vec<i64> {
    let bytes = tensors.tensor(name).expect("tensor").data();
    bytes.chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().expect("8 bytes"))).collect()
}

fn grids(prompt: &Prompt, kind: VisualKind) -> Vec<i64> {
    let of_kind = prompt.visuals.iter().filter(|v| v.kind == kind).map(|v| v.patches.grid);
    of_kind.flat_map(|g| [g.t as i64, g.h as i64, g.w as i64]).collect()
}

fn compare(label: &str, prompt: &Prompt, recorded: &Path) {
    let bytes = std::fs::read(recorded).expect("recorded");
    let tensors = SafeTensors::deserialize(&bytes).expect("safetensors");
    let ids: Vec<i64> = prompt.ids.iter().map(|&id| i64::from(id)).collect();
    assert_eq!(ids, integers(&tensors, "input_ids"), "{label}");
    let positions: Vec<i64> = (0..3).flat_map(|axis| prompt.positions.iter().map(move |p| p[axis])).collect();
    assert_eq!(positions, integers(&tensors, "position_ids"), "{label}");
    for (kind, name) in [(VisualKind::Image, "image_grid_thw"), (VisualKind::Video, "video_grid_thw")] {
        let ours = grids(prompt, kind);
        assert_eq!(tensors.names().iter().any(|n| **n == *name), !ours.is_empty(), "{label}: {name}");
        if !ours.is_empty() {
            assert_eq!(ours, integers(&tensors, name), "{label}: {name}");
        }
    }
}

#[test]
fn rows_with_real_files_equal_the_auto_processor() {
    let rows = rows();
    let mut compared = 0;
    for checkpoint in CHECKPOINTS {
        let processor =
            Processor::from_dir(&fixtures().join("checkpoints").join(checkpoint)).expect("folder");
        for row in &rows {
            let label = format!("{checkpoint}: {}", row.id);
            let folder = fixtures().join("golden/model").join(checkpoint).join("preprocess");
            let recorded = folder.join(format!("{}.safetensors", row.id));
            if !recorded.exists() {
                continue;
            }
            let prompt = processor.prepare(row, &fixtures().join("rows")).expect("a prompt");
            compare(&label, &prompt, &recorded);
            compared += 1;
        }
    }
    assert!(compared >= rows.len(), "only {compared} rows compared");
}

#[derive(Deserialize)]
struct Scored {
    id: String,
    token_ids: Vec<u32>,
}

#[test]
fn completions_are_tokenised_as_the_reference_scores_them() {
    let rows = rows();
    for checkpoint in CHECKPOINTS {
        let processor =
            Processor::from_dir(&fixtures().join("checkpoints").join(checkpoint)).expect("folder");
        let path = fixtures().join("golden/model").join(checkpoint).join("score.jsonl");
        let text = std::fs::read_to_string(path).expect("recorded");
        for line in text.lines() {
            let scored: Scored = serde_json::from_str(line).expect("a line");
            let row = rows.iter().find(|row| row.id == scored.id).expect("a row");
            let ids = processor.prepare_completion(row).expect("fine");
            assert_eq!(ids, Some(scored.token_ids), "{checkpoint}: {}", row.id);
        }
    }
}
