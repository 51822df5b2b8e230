//! Pixels against the numbers that `tests/reference/pixels.py` recorded from transformers.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails where it stands.

use std::fs;
use std::path::{Path, PathBuf};

use image::RgbImage;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use vlm_processor::{
    FrameSampling, Grid, ImageLimits, Patches, PixelBudget, VisionSettings, load_image, sample_frames,
    smart_resize,
};

#[derive(Deserialize)]
struct Golden<T> {
    cases: T,
}

#[derive(Deserialize)]
struct Recorded {
    grid: [usize; 3],
    checksum: String,
    samples: Vec<(usize, f32)>,
}

#[derive(Deserialize)]
struct Pattern {
    frames: usize,
    height: u32,
    width: u32,
    min: usize,
    max: usize,
    #[serde(flatten)]
    recorded: Recorded,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures")
}

fn golden<T: DeserializeOwned>(name: &str) -> T {
    let text = fs::read(fixtures().join("golden/pixels").join(name)).expect("the fixture is there");
    serde_json::from_slice::<Golden<T>>(&text).expect("the fixture is as described").cases
}

/// Σ (2i+1)·bitsᵢ mod 2⁶⁴ over the bit patterns, as the script computes it.
fn checksum(values: &[f32]) -> String {
    let sum = values.iter().enumerate().fold(0u64, |sum, (i, value)| {
        sum.wrapping_add((2 * i as u64 + 1).wrapping_mul(u64::from(value.to_bits())))
    });
    sum.to_string()
}

fn assert_equal(name: &str, patches: &Patches, recorded: &Recorded) {
    let Grid { t, h, w } = patches.grid;
    assert_eq!([t, h, w], recorded.grid, "{name}");
    for &(at, value) in &recorded.samples {
        assert_eq!(patches.values[at], value, "{name}: value {at}");
    }
    assert_eq!(checksum(&patches.values), recorded.checksum, "{name}");
}

fn pattern(frame: u32, height: u32, width: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([0, 1, 2].map(|c| ((x * 7 + y * 13 + c * 29 + frame * 31) ^ ((x * y) >> 3)) as u8))
    })
}

#[test]
fn patterns_of_many_sizes_become_the_same_bits_as_in_transformers() {
    let cases: Vec<Pattern> = golden("patterns.json");
    for Pattern { frames, height, width, min, max, recorded } in &cases {
        let name = format!("{frames} frames of {width} x {height} within {min}..={max}");
        let mut settings = VisionSettings::default();
        settings.image = PixelBudget { min_pixels: *min, max_pixels: *max };
        settings.video.frame = settings.image;
        let patches = match frames {
            0 => settings.image_patches(&pattern(0, *height, *width)).unwrap(),
            n => {
                let clip: Vec<_> = (0..*n as u32).map(|i| pattern(i, *height, *width)).collect();
                settings.video_patches(&clip, 2.0).unwrap().patches
            }
        };
        assert_equal(&name, &patches, recorded);
    }
}

#[test]
fn images_of_every_kind_decode_as_pillow_decodes_them() {
    let cases: std::collections::BTreeMap<String, Recorded> = golden("images.json");
    let limits = ImageLimits::default();
    for (name, recorded) in &cases {
        let ours = load_image(&fixtures().join("images").join(name), &limits).unwrap();
        let pillow = load_image(&fixtures().join(format!("golden/pixels/{name}.png")), &limits).unwrap();
        assert!(ours == pillow, "{name}: {:?}, expected {:?}", ours.dimensions(), pillow.dimensions());
        assert_equal(name, &VisionSettings::default().image_patches(&pillow).unwrap(), recorded);
    }
    assert_eq!(cases.len(), 42);
}

/// Height, width, factor, minimum, maximum, result.
type SizeCase = (usize, usize, usize, usize, usize, Option<(usize, usize)>);

#[test]
fn smart_resize_agrees_on_random_sizes() {
    for (height, width, factor, min, max, expected) in golden::<Vec<SizeCase>>("sizes.json") {
        let ours = smart_resize(height, width, factor, min, max);
        assert_eq!(ours.ok(), expected, "{height} x {width} in steps of {factor} within {min}..={max}");
    }
}

/// Total, source rate, wanted rate, minimum, maximum, indices.
type FrameCase = (usize, f64, f64, usize, usize, Vec<usize>);

#[test]
fn frames_are_sampled_at_the_same_indices() {
    for (total, source_fps, fps, min_frames, max_frames, expected) in golden::<Vec<FrameCase>>("frames.json")
    {
        let sampling = FrameSampling { fps, min_frames, max_frames, temporal_patch_size: 2 };
        assert_eq!(sample_frames(total, source_fps, &sampling), expected, "{total} frames, {sampling:?}");
    }
}

#[test]
fn sampling_survives_any_numbers() {
    let strange = [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-300, 1e300];
    for total in [0, 1, 2, 3, 7, 1000] {
        for (source, fps) in strange.iter().flat_map(|a| strange.map(|b| (*a, b))) {
            let kept = sample_frames(total, source, &FrameSampling { fps, ..FrameSampling::default() });
            assert!(kept.iter().all(|&i| i < total) && kept.len() <= total.max(1));
            assert_eq!(kept.is_empty(), total == 0);
        }
    }
}
