//! A model written to a folder is the model that was loaded.

use crate::fixture::{CHECKPOINTS, Scored, checkpoint, golden, lines, model, prompt};
use safetensors::SafeTensors;
use std::collections::BTreeMap;
use std::path::Path;
use vlm_model::weights::{Checkpoint, save_folder};
use vlm_model::{Precision, Scoring, VlModel};

#[test]
fn a_saved_folder_loads_with_the_same_tensors_and_scores() {
    for name in CHECKPOINTS {
        let dir = tempfile::tempdir().unwrap();
        let before = model(name);
        save_folder(&before, &checkpoint(name), dir.path()).unwrap();
        let (old, new) =
            (Checkpoint::open(&checkpoint(name)).unwrap(), Checkpoint::open(dir.path()).unwrap());
        assert!(old.names().eq(new.names()), "{name}: tensor names");
        assert!(old.names().all(|tensor| old.shape(tensor) == new.shape(tensor)), "{name}: shapes");
        assert_eq!(sizes(&checkpoint(name)), sizes(dir.path()), "{name}: files and element types");
        let after = VlModel::from_dir(dir.path(), &before.device(), Precision::F32).unwrap();
        let row = &lines::<Scored>(&golden(name).join("score.jsonl"))[0];
        let score = |model: &VlModel| {
            let scored = model.score(&prompt(name, &row.id), &[&row.token_ids], &Scoring::default()).unwrap();
            scored.log_probs.into_data().try_into_vec::<f32>().unwrap()
        };
        assert_eq!(score(&before), score(&after), "{name}");
    }
}

/// Names of the weight files and the bytes of tensors in each.
fn sizes(dir: &Path) -> BTreeMap<String, usize> {
    let files = std::fs::read_dir(dir).unwrap().map(|file| file.unwrap().path());
    let weights = files.filter(|path| path.extension().is_some_and(|extension| extension == "safetensors"));
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    weights
        .map(|path| {
            let bytes = std::fs::read(&path).unwrap();
            let tensors = SafeTensors::deserialize(&bytes).unwrap();
            (name(&path), tensors.iter().map(|(_, tensor)| tensor.data().len()).sum())
        })
        .collect()
}

#[test]
#[cfg(unix)]
fn whoever_may_read_a_new_file_may_read_the_weights() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    save_folder(&model(CHECKPOINTS[0]), &checkpoint(CHECKPOINTS[0]), dir.path()).unwrap();
    std::fs::write(dir.path().join("new"), "").unwrap();
    let mode = |name: &str| std::fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
    assert_eq!(mode("model.safetensors"), mode("new"));
}

#[test]
fn weights_that_are_there_are_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("model.safetensors"), "mine").unwrap();
    let name = "qwen2_5-nano";
    let error = save_folder(&model(name), &checkpoint(name), dir.path()).unwrap_err();
    assert!(error.to_string().contains("empty folder"), "{error}");
    assert_eq!(std::fs::read(dir.path().join("model.safetensors")).unwrap(), b"mine");
}
