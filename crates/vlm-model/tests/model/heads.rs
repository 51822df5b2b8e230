//! A head that is stored although the configuration ties it.

use crate::fixture::{Scored, checkpoint, golden, lines, prompt};
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use std::path::Path;
use vlm_model::{Precision, Scoring, VlModel};

const NAME: &str = "qwen2_5-nano";

/// A copy of the tied fixture whose file also holds a head, made from the bytes of the embedding table.
fn with_head(dir: &Path, head: impl Fn(&[u8]) -> Vec<u8>) -> VlModel {
    for file in std::fs::read_dir(checkpoint(NAME)).unwrap().map(|file| file.unwrap().path()) {
        std::fs::copy(&file, dir.join(file.file_name().unwrap())).unwrap();
    }
    let path = dir.join("model.safetensors");
    let bytes = std::fs::read(&path).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let table = tensors.tensor("model.embed_tokens.weight").unwrap();
    let changed = head(table.data());
    let mut all: Vec<(String, TensorView)> = tensors.tensors();
    let view = TensorView::new(table.dtype(), table.shape().to_vec(), &changed).unwrap();
    all.push(("lm_head.weight".into(), view));
    safetensors::serialize_to_file(all, None, &path).unwrap();
    VlModel::from_dir(dir, &burn::tensor::Device::flex(), Precision::F32).unwrap()
}

fn first_logprob(model: &VlModel) -> f32 {
    let row = &lines::<Scored>(&golden(NAME).join("score.jsonl"))[0];
    let scored = model.score(&prompt(NAME, &row.id), &[&row.token_ids], &Scoring::default()).unwrap();
    scored.log_probs.into_data().try_into_vec::<f32>().unwrap()[0]
}

#[test]
fn a_stored_head_equal_to_the_table_stays_tied_and_another_one_counts() {
    let tied = crate::fixture::model(NAME);
    let dir = tempfile::tempdir().unwrap();
    let same = with_head(dir.path(), <[u8]>::to_vec);
    assert!(same.lm_head.is_none());
    assert_eq!(first_logprob(&same), first_logprob(&tied));
    let dir = tempfile::tempdir().unwrap();
    let other = with_head(dir.path(), |table| {
        table.as_chunks::<4>().0.iter().flat_map(|x| (f32::from_le_bytes(*x) * 0.5).to_le_bytes()).collect()
    });
    assert!(other.lm_head.is_some());
    assert!((first_logprob(&other) - first_logprob(&tied)).abs() > 1e-2);
}
