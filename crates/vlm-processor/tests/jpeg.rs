//! JPEG files against the bytes that `tests/reference/jpeg.py` recorded from Pillow.

use std::fs;
use std::path::Path;

use image::RgbImage;
use serde::Deserialize;
use vlm_processor::{ImageError, ImageLimits, decode_image};

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

/// What it is, its length, and width, height and checksum of its pixels unless Pillow refuses it.
#[derive(Deserialize)]
struct Case(String, usize, Option<(u32, u32, String)>);

fn golden(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures/golden/jpeg");
    fs::read(folder.join(name)).expect("the fixture is there")
}

/// Each file with its case.
fn cases() -> Vec<(Case, Vec<u8>)> {
    let mut files = golden("files.bin").into_iter();
    let golden: Golden = serde_json::from_slice(&golden("cases.json")).expect("the fixture is as described");
    golden
        .cases
        .into_iter()
        .map(|case| (files.by_ref().take(case.1).collect(), case))
        .map(|(f, c)| (c, f))
        .collect()
}

fn decode(bytes: &[u8]) -> Result<RgbImage, ImageError> {
    decode_image(bytes, &ImageLimits::default())
}

/// Σ (2i+1)·vᵢ mod 2⁶⁴, as the script computes it.
fn checksum(picture: &RgbImage) -> String {
    let sum = picture
        .iter()
        .enumerate()
        .fold(0u64, |sum, (i, &value)| sum.wrapping_add((2 * i as u64 + 1).wrapping_mul(u64::from(value))));
    sum.to_string()
}

#[test]
fn every_kind_of_file_decodes_to_the_bytes_of_pillow() {
    let (mut pictures, mut refused) = (0, 0);
    for (Case(what, _, expected), file) in cases() {
        let found = decode(&file);
        match (&found, expected) {
            (Ok(picture), Some((width, height, sum))) => {
                assert_eq!(picture.dimensions(), (width, height), "{what}");
                assert_eq!(checksum(picture), sum, "{what}");
                pictures += 1;
            }
            (Err(_), None) => refused += 1,
            (found, expected) => panic!("{what}: {:?}, but Pillow: {expected:?}", found.as_ref().err()),
        }
    }
    assert!(pictures > 130 && refused > 50, "{pictures} pictures, {refused} refused");
}
