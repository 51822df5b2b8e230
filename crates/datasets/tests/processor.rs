//! Records go through the processor as rows do, wherever their pictures are.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are the helpers of tests")]

use std::path::{Path, PathBuf};

use datasets::{ImageRef, OpenOptions, Record, Visuals, open};
use vlm_processor::{Processor, Row, SpanEnd};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures")
}

fn processor() -> Processor {
    Processor::from_dir(&fixtures().join("models/text-qwen2_5_vl-nested")).unwrap()
}

fn pair() -> datasets::Preference {
    let source = open(&fixtures().join("datasets/rlhf_v.parquet"), &OpenOptions::default()).unwrap();
    source.get(0).unwrap().into_preference().unwrap()
}

#[test]
fn a_picture_in_a_cell_gives_the_prompt_of_the_same_picture_in_a_file() {
    let (processor, pair) = (processor(), pair());
    let from_cell =
        processor.prepare_labelled_from(&pair.chosen_row(), &pair.visuals, SpanEnd::WholeTurn).unwrap();
    let row = Row { images: vec!["cup.jpg".to_owned()], ..pair.chosen_row() };
    let folder = fixtures().join("datasets/images");
    let from_file = processor.prepare_labelled(&row, &folder, SpanEnd::WholeTurn).unwrap();
    assert_eq!(from_cell, from_file);
    assert_eq!(from_cell.spans.len(), 1);
    let span = from_cell.spans[0].clone();
    assert!(span.end == from_cell.prompt.ids.len() && span.len() >= 4);
}

#[test]
fn every_record_with_pictures_becomes_a_prompt() {
    let processor = processor();
    for name in ["geometry3k.parquet", "messages.jsonl", "samples.tar", "maye.jsonl", "verl.parquet"] {
        let source = open(&fixtures().join("datasets").join(name), &OpenOptions::default()).unwrap();
        for record in datasets::in_order(&*source) {
            let prompt = record.unwrap().into_rl_prompt().unwrap();
            let made = processor.prepare_from(&prompt.row(), &prompt.visuals);
            let visuals = made.unwrap_or_else(|error| panic!("{name}: {error}")).visuals.len();
            assert_eq!(visuals, prompt.visuals.images.len(), "{name}");
        }
    }
}

#[test]
fn a_picture_that_is_none_is_named_by_its_place() {
    let (processor, pair) = (processor(), pair());
    let broken = Visuals::of_images(vec![ImageRef::from_bytes("cell 3", *b"no picture")]);
    let error = processor.prepare_from(&pair.chosen_row(), &broken).unwrap_err().to_string();
    assert!(error.contains("images[0]: cell 3: found content that starts with 6e 6f 20 70"), "{error}");
    let missing = Visuals::of_images(vec![ImageRef::below(&fixtures(), "gone.jpg")]);
    let error = processor.prepare_from(&pair.chosen_row(), &missing).unwrap_err().to_string();
    assert!(error.contains("images[0]: found no file \"gone.jpg\""), "{error}");
    let error = processor.prepare_from(&pair.chosen_row(), &Visuals::NONE).unwrap_err().to_string();
    assert!(error.contains("the record has no picture \"0\""), "{error}");
}

#[test]
fn a_video_of_frames_finds_each_frame() {
    let frame = |name: &str| ImageRef::below(&fixtures().join("rows/images"), name);
    let frames = vec![frame("frame0.png"), frame("frame1.png")];
    let visuals = Visuals { videos: vec![datasets::VideoRef::Frames(frames)], ..Visuals::NONE };
    let turn = visuals.user_turn("What happens?");
    let record = Record::Instruction(datasets::Instruction {
        id: "v".to_owned(),
        messages: vec![turn],
        visuals,
        extra: datasets::Extra::new(),
    });
    let row = record.into_instruction().unwrap();
    assert_eq!(processor().prepare_from(&row.row(), &row.visuals).unwrap().visuals.len(), 1);
}
