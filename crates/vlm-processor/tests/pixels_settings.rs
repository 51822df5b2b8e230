//! Settings of model folders: the published precedence, and every way in which a file can be wrong.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails where it stands.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};
use tempfile::TempDir;
use vlm_processor::{PixelBudget, SettingsError, VisionSettings};

fn folder(files: &Map<String, Value>) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    for (name, content) in files {
        fs::write(folder.path().join(name), content.to_string()).expect("it can be written to");
    }
    folder
}

fn with_preprocessor(content: Value) -> Result<VisionSettings, SettingsError> {
    let files = Map::from_iter([("preprocessor_config.json".to_owned(), content)]);
    VisionSettings::from_dir(folder(&files).path())
}

fn pair(budget: PixelBudget) -> Value {
    json!([budget.min_pixels, budget.max_pixels])
}

#[test]
fn folders_are_read_as_transformers_reads_them() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures/golden/pixels/settings.json");
    let golden: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let cases = golden["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 14);
    for case in cases {
        let ours = VisionSettings::from_dir(folder(case["files"].as_object().unwrap()).path());
        let read = &case["read"];
        match ours {
            Err(error) => assert!(read.is_null(), "{case}: {error}"),
            Ok(ours) => {
                assert_eq!(pair(ours.image), read["image"], "{case}");
                assert_eq!(pair(ours.video.frame), read["video"], "{case}");
                let sizes = [ours.patch_size, ours.temporal_patch_size, ours.merge_size];
                assert_eq!(json!(sizes), read["sizes"], "{case}");
                let single = |key: &str| [0, 1, 2].map(|i| read[key][i].as_f64().unwrap() as f32);
                assert_eq!((ours.mean, ours.std), (single("mean"), single("std")), "{case}");
            }
        }
    }
}

#[test]
fn absurd_values_are_errors_that_name_file_and_key() {
    let cases = [
        (json!({"patch_size": 0}), "patch_size"),
        (json!({"patch_size": -14}), "patch_size"),
        (json!({"patch_size": 14.5}), "patch_size"),
        (json!({"patch_size": 1_000_000_000}), "patch_size"),
        (json!({"patch_size": null}), "patch_size"),
        (json!({"merge_size": "2"}), "merge_size"),
        (json!({"temporal_patch_size": 0}), "temporal_patch_size"),
        (json!({"min_pixels": 0}), "min_pixels"),
        (json!({"min_pixels": 1u64 << 62}), "min_pixels"),
        (json!({"max_pixels": 3136.0}), "max_pixels"),
        (json!({"size": {"shortest_edge": 3136}}), "size.longest_edge"),
        (json!({"size": 224}), "size"),
        (json!({"image_mean": [0.5, 0.5]}), "image_mean"),
        (json!({"image_std": [0.5, 0.0, 0.5]}), "image_std"),
        (json!({"image_std": 1e39}), "image_std"),
        (json!({"rescale_factor": 0}), "rescale_factor"),
        (json!({"rescale_factor": -1.0}), "rescale_factor"),
        (json!({"do_normalize": false}), "do_normalize"),
        (json!({"do_resize": "yes"}), "do_resize"),
        (json!({"resample": 2}), "resample"),
        (json!({"fps": -2}), "fps"),
        (json!({"max_frames": 0}), "max_frames"),
    ];
    for (content, expected_key) in cases {
        match with_preprocessor(content.clone()) {
            Err(SettingsError::Value { file, key, .. }) => {
                assert!(file.ends_with("preprocessor_config.json"));
                assert_eq!(key, expected_key, "{content}");
            }
            other => panic!("{content}: {other:?}"),
        }
    }
}

#[test]
fn an_error_says_file_key_found_expected_and_what_to_do() {
    let text = with_preprocessor(json!({"patch_size": 0})).unwrap_err().to_string();
    let end = "preprocessor_config.json: key `patch_size`: found 0; expected a whole number from 1 to 128: correct the file";
    assert!(text.ends_with(end), "{text}");
}

#[test]
fn files_that_are_no_settings_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("preprocessor_config.json");
    let read = || VisionSettings::from_dir(folder.path());
    assert!(matches!(read(), Err(SettingsError::Missing { processor: "image_processor", .. })));
    for text in ["", "[]", "{", "{\"a\": 1} x", "\u{0}"] {
        fs::write(&file, text).unwrap();
        assert!(matches!(read(), Err(SettingsError::Json { .. })), "{text:?}");
    }
    fs::write(&file, "[".repeat(100_000)).unwrap();
    assert!(matches!(read(), Err(SettingsError::Json { .. })));
    fs::write(&file, " ".repeat(2 << 20)).unwrap();
    assert!(matches!(read(), Err(SettingsError::TooLarge { .. })));
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(matches!(read(), Err(SettingsError::Read { .. })));
}

#[test]
fn images_and_clips_must_share_their_patches() {
    let files = json!({"processor_config.json": {
        "image_processor": {"patch_size": 14},
        "video_processor": {"patch_size": 16},
    }});
    let error = VisionSettings::from_dir(folder(files.as_object().unwrap()).path()).unwrap_err();
    assert!(matches!(error, SettingsError::Value { key, .. } if key == "video_processor.patch_size"));
}

#[test]
fn a_capped_clip_shares_its_tokens_among_its_frames() {
    let settings =
        with_preprocessor(json!({"cap_pixels_per_frame": true, "max_video_tokens": 1000})).unwrap();
    // 0.9 x 1000 x 28² = 705600 pixels in all, for pairs of frames; never below 1.05 times the minimum.
    assert_eq!(settings.video.per_frame(4, 28).max_pixels, 705_600 * 2 / 4);
    assert_eq!(settings.video.per_frame(2, 28).max_pixels, 602_112);
    assert_eq!(settings.video.per_frame(500, 28).max_pixels, 105_369);
}
