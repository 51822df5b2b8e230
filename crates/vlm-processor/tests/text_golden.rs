//! Everything transformers records for text in `data-fixtures/golden/text` must come out the same.

use std::path::PathBuf;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use vlm_processor::{
    ChatTemplate, GenerationPrompt, Grid, Message, Patches, Row, RowVisuals, SpanEnd, SpecialTokens,
    TextProcessor, TimeScale, VisionIds, VisualLayout, rope_positions,
};

const FOLDERS: [&str; 2] = ["text-qwen2_5_vl-nested", "text-qwen2_vl-flat"];

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures")
}

fn golden<T: DeserializeOwned>(name: &str) -> T {
    let path = fixtures().join("golden/text").join(name);
    serde_json::from_str(&std::fs::read_to_string(&path).expect("fixture")).expect("golden JSON")
}

fn processor(folder: &str) -> TextProcessor {
    TextProcessor::from_dir(&fixtures().join("models").join(folder)).expect("folder")
}

fn row(messages: Vec<Message>) -> Row {
    Row {
        id: "1".into(),
        messages,
        images: vec![],
        videos: vec![],
        fps: None,
        completion: None,
        completion_ids: None,
    }
}

fn patches([t, h, w]: [usize; 3]) -> Patches {
    Patches { grid: Grid { t, h, w }, values: Vec::new() }
}

#[derive(Deserialize)]
struct PromptCase {
    name: String,
    messages: Vec<Message>,
    numbered: bool,
    images: Vec<[usize; 3]>,
    videos: Vec<VideoCase>,
    rendered: String,
    whole: String,
    input_ids: Vec<u32>,
    position_ids: [Vec<i64>; 3],
    delta: i64,
}

#[derive(Deserialize)]
struct VideoCase {
    grid: [usize; 3],
    seconds_per_grid: f64,
}

impl PromptCase {
    fn visuals(&self) -> RowVisuals {
        let mut visuals = RowVisuals::default();
        self.images.iter().for_each(|grid| visuals.push_image(patches(*grid)));
        self.videos.iter().for_each(|v| visuals.push_video(patches(v.grid), v.seconds_per_grid));
        visuals
    }

    fn vision_ids(&self) -> VisionIds {
        if self.numbered { VisionIds::Numbered } else { VisionIds::Plain }
    }
}

#[test]
fn prompts_equal_transformers_in_text_ids_and_positions() {
    for folder in FOLDERS {
        let cases: Vec<PromptCase> = golden(&format!("{folder}.prompts.json"));
        assert!(cases.len() > 20);
        for case in cases {
            let label = format!("{folder}: {} (numbered {})", case.name, case.numbered);
            let processor = processor(folder).with_vision_ids(case.vision_ids());
            let row = row(case.messages.clone());
            assert_eq!(processor.render(&row).expect("renders"), case.rendered, "{label}");
            let whole = processor.template().render(&row.messages, GenerationPrompt::Omit, case.vision_ids());
            assert_eq!(whole.expect("renders"), case.whole, "{label}");
            let prompt = processor.assemble(&row, case.visuals()).expect("assembles");
            assert_eq!(prompt.ids, case.input_ids, "{label}");
            for axis in 0..3 {
                let ours: Vec<i64> = prompt.positions.iter().map(|p| p[axis]).collect();
                assert_eq!(ours, case.position_ids[axis], "{label}, axis {axis}");
            }
            assert_eq!(prompt.delta, case.delta, "{label}");
        }
    }
}

#[test]
fn the_built_in_template_writes_the_published_form() {
    let dir = tempfile::tempdir().expect("folder");
    for file in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
        let from = fixtures().join("models").join(FOLDERS[0]).join(file);
        std::fs::copy(from, dir.path().join(file)).expect("copied");
    }
    let cases: Vec<PromptCase> = golden("text-qwen2_5_vl-nested.prompts.json");
    for case in cases {
        let processor =
            TextProcessor::from_dir(dir.path()).expect("folder").with_vision_ids(case.vision_ids());
        let rendered = processor.render(&row(case.messages)).expect("renders");
        assert_eq!(rendered, case.rendered, "{} (numbered {})", case.name, case.numbered);
    }
}

#[derive(Deserialize)]
struct TokenizerCases {
    encode: Vec<EncodeCase>,
    decode: Vec<DecodeCase>,
}

#[derive(Deserialize)]
struct EncodeCase {
    text: String,
    ids: Vec<u32>,
}

#[derive(Deserialize)]
struct DecodeCase {
    ids: Vec<u32>,
    keep: String,
    skip: String,
}

#[test]
fn encoding_and_decoding_equal_transformers() {
    for folder in FOLDERS {
        let processor = processor(folder);
        let cases: TokenizerCases = golden(&format!("{folder}.tokenizer.json"));
        for case in cases.encode {
            assert_eq!(
                processor.tokenizer().encode(&case.text).expect("encodes"),
                case.ids,
                "{folder}: {:?}",
                case.text
            );
        }
        for case in cases.decode {
            let keep = processor.decode(&case.ids, SpecialTokens::Keep).expect("decodes");
            let skip = processor.decode(&case.ids, SpecialTokens::Skip).expect("decodes");
            assert_eq!((keep, skip), (case.keep, case.skip), "{folder}: {:?}", case.ids);
        }
    }
}

#[derive(Deserialize)]
struct Labels {
    template: String,
    cases: Vec<LabelCase>,
}

#[derive(Deserialize)]
struct LabelCase {
    messages: Vec<Message>,
    input_ids: Vec<u32>,
    mask: Vec<u8>,
}

#[test]
fn label_spans_cover_exactly_the_tokens_that_transformers_calls_assistant_tokens() {
    let labels: Labels = golden("labels.json");
    assert!(labels.template.contains("{% generation %}"));
    for case in labels.cases {
        let row = row(case.messages);
        let labelled = processor(FOLDERS[0])
            .assemble_labelled(&row, RowVisuals::default(), SpanEnd::WholeTurn)
            .expect("labels");
        let mut mask = vec![0; labelled.prompt.ids.len()];
        labelled.spans.into_iter().for_each(|span| mask[span].fill(1));
        assert_eq!(labelled.prompt.ids, case.input_ids);
        assert_eq!(mask, case.mask, "{:?}", row.messages);
    }
}

#[derive(Deserialize)]
struct TemplateCase {
    name: String,
    source: String,
    messages: Vec<Message>,
    rendered: String,
}

#[test]
fn foreign_templates_render_as_python_renders_them() {
    let cases: Vec<TemplateCase> = golden("templates.json");
    let dir = tempfile::tempdir().expect("folder");
    for file in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
        let from = fixtures().join("models").join(FOLDERS[0]).join(file);
        std::fs::copy(from, dir.path().join(file)).expect("copied");
    }
    for case in cases {
        std::fs::write(dir.path().join("chat_template.jinja"), &case.source).expect("written");
        let processor = TextProcessor::from_dir(dir.path()).expect("folder");
        let ours = processor.template().render(&case.messages, GenerationPrompt::Omit, VisionIds::Plain);
        assert_eq!(ours.expect("renders"), case.rendered, "{}", case.name);
    }
}

#[test]
fn a_template_with_generation_blocks_renders_like_the_one_without() {
    let labels: Labels = golden("labels.json");
    let marked = ChatTemplate::compile(&labels.template).expect("compiles");
    let plain = processor(FOLDERS[0]);
    for case in labels.cases {
        let ours =
            marked.render(&case.messages, GenerationPrompt::Append, VisionIds::Plain).expect("renders");
        assert_eq!(ours, plain.render(&row(case.messages)).expect("renders"));
    }
}

#[test]
fn time_positions_truncate_the_f32_product() {
    let grid = Grid { t: 4, h: 2, w: 2 };
    let layout = VisualLayout { kind: vlm_processor::VisualKind::Video, grid, seconds_per_grid: 2.0 / 3.0 };
    let tokens: Vec<_> = (0..4).map(|index| vlm_processor::Token::Vision { visual: 0, index }).collect();
    let time = TimeScale::Clock { tokens_per_second: 2.0 };
    let ticks: Vec<i64> = rope_positions(&tokens, &[layout], 2, time).tokens.iter().map(|p| p[0]).collect();
    assert_eq!(ticks, [0, 1, 2, 4]);
}
