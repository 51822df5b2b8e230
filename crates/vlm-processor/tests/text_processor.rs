//! From the files of a row to the model's inputs.

use std::path::{Path, PathBuf};

use image::{Rgb, RgbImage};
use vlm_processor::{Processor, Row, RowError, RowProblem, SpanEnd, VisualKind};

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures/models").join(name)
}

fn processor() -> Processor {
    Processor::from_dir(&folder("text-qwen2_5_vl-nested")).expect("folder")
}

/// A folder with two images and three frames.
fn data() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("folder");
    let save = |name: &str, width, height| {
        let paint = |x, y| Rgb([(x * 7) as u8, (y * 5) as u8, (x + y) as u8]);
        RgbImage::from_fn(width, height, paint).save(dir.path().join(name)).expect("saved");
    };
    save("a.png", 112, 56);
    save("b.png", 56, 84);
    (0..3).for_each(|i| save(&format!("f{i}.png"), 56, 56));
    dir
}

fn row(json: &str) -> Row {
    serde_json::from_str(json).expect("a row")
}

fn problem(json: &str, root: &Path) -> RowError {
    processor().prepare(&row(json), root).expect_err("a bad row")
}

const MIXED: &str = r#"{"id":"m","fps":3,"images":["a.png","b.png"],"videos":[["f0.png","f1.png","f2.png"]],
    "messages":[{"role":"user","content":[{"type":"image"},{"type":"video"},{"type":"image"},{"type":"text","text":"?"}]}]}"#;

#[test]
fn visuals_follow_the_order_of_the_parts_and_features_match_tokens() {
    let data = data();
    let prompt = processor().prepare(&row(MIXED), data.path()).expect("a prompt");
    let kinds: Vec<VisualKind> = prompt.visuals.iter().map(|v| v.kind).collect();
    assert_eq!(kinds, [VisualKind::Image, VisualKind::Video, VisualKind::Image]);
    prompt.check_features(2).expect("tokens match features");
    let [a, clip, b] = [0, 1, 2].map(|i| prompt.visuals[i].patches.grid);
    assert_eq!((a.h, a.w), (4, 8));
    assert_eq!((b.h, b.w), (6, 4));
    assert_eq!(clip.t, 2);
    for visual in &prompt.visuals {
        assert_eq!(visual.patches.values.len(), visual.patches.grid.patches() * 1176);
    }
}

#[test]
fn one_processor_serves_many_threads_with_equal_results() {
    let (data, processor, row) = (data(), processor(), row(MIXED));
    let expected = processor.prepare(&row, data.path()).expect("a prompt");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(processor.prepare(&row, data.path()).expect("a prompt"), expected));
        }
    });
}

#[test]
fn labels_of_a_row_with_images_are_the_assistant_turn() {
    let data = data();
    let row = row(r#"{"id":"l","images":["a.png"],"messages":[{"role":"user","content":[{"type":"image"}]},
        {"role":"assistant","content":"A red square."}]}"#);
    let labelled = processor().prepare_labelled(&row, data.path(), SpanEnd::EndToken).expect("labels");
    assert_eq!(labelled.spans.len(), 1);
    let ids = &labelled.prompt.ids[labelled.spans[0].clone()];
    let text = processor().decode(ids, vlm_processor::SpecialTokens::Skip).expect("decodes");
    assert_eq!(text, "A red square.");
}

#[test]
fn parts_and_files_that_do_not_match_are_counted_before_any_file_is_opened() {
    let none = Path::new("no/such/folder");
    let few = r#"{"id":"few","images":[],"messages":[{"role":"user","content":[{"type":"image"}]}]}"#;
    let error = problem(few, none);
    assert!(matches!(*error.problem, RowProblem::PartCount { parts: 1, files: 0, .. }));
    assert_eq!(
        error.to_string(),
        "row \"few\": found 1 image part in the messages and 0 files in \"images\", expected as many parts as files"
    );
    let many = r#"{"id":"many","videos":[["f0.png"]],"messages":[{"role":"user","content":"hi"}]}"#;
    assert!(matches!(*problem(many, none).problem, RowProblem::PartCount { parts: 0, files: 1, .. }));
}

#[test]
fn bad_files_of_a_row_are_named_by_field() {
    let data = data();
    std::fs::write(data.path().join("broken.png"), b"not an image").expect("written");
    let image = |name: &str| {
        format!(
            r#"{{"id":"x","images":["{name}"],"messages":[{{"role":"user","content":[{{"type":"image"}}]}}]}}"#
        )
    };
    let video = |source: &str, fps: &str| {
        format!(
            r#"{{"id":"x","fps":{fps},"videos":[{source}],"messages":[{{"role":"user","content":[{{"type":"video"}}]}}]}}"#
        )
    };
    let cases = [
        (image("none.png"), "images[0]: \"none.png\""),
        (image("broken.png"), "images[0]"),
        (image("../a.png"), "found \\\"..\\\""),
        (image("/etc/hostname"), "found the absolute path"),
        (video("\"clip.mp4\"", "2"), "found the clip \"clip.mp4\""),
        (video("[]", "2"), "videos[0]"),
        (video(r#"["f0.png","a.png"]"#, "2"), "videos[0]"),
        (video(r#"["f0.png","none.png"]"#, "2"), "videos[0][1]"),
        (video(r#"["f0.png"]"#, "0"), "fps: found 0"),
        (video(r#"["f0.png"]"#, "-2.5"), "fps: found -2.5"),
    ];
    for (json, expected) in cases {
        let text = problem(&json, data.path()).to_string();
        assert!(text.contains(&expected.replace("\\\"", "\"")), "{json} gave {text:?}");
    }
}

#[test]
fn both_layouts_are_read_and_a_merge_size_that_disagrees_is_refused() {
    assert!(Processor::from_dir(&folder("text-qwen2_vl-flat")).is_ok());
    let dir = tempfile::tempdir().expect("folder");
    for entry in std::fs::read_dir(folder("text-qwen2_5_vl-nested")).expect("folder") {
        let entry = entry.expect("entry");
        std::fs::copy(entry.path(), dir.path().join(entry.file_name())).expect("copied");
    }
    let path = dir.path().join("config.json");
    let config = std::fs::read_to_string(&path).expect("config");
    let changed = config.replace("\"spatial_merge_size\": 2", "\"spatial_merge_size\": 4");
    std::fs::write(&path, changed).expect("written");
    let error = Processor::from_dir(dir.path()).err().expect("refused").to_string();
    assert!(error.contains("spatial_merge_size: found 4, expected 2"), "{error}");
}
