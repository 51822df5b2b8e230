//! A 1280 x 720 picture to patches, with and without decoding it.

use std::hint::black_box;
use std::io::Cursor;

use criterion::{Criterion, criterion_group, criterion_main};
use image::{ImageFormat, RgbImage};
use vlm_processor::{ImageLimits, VisionSettings, decode_image};

/// Smooth enough to compress like a photograph, with a little noise.
fn picture() -> RgbImage {
    RgbImage::from_fn(1280, 720, |x, y| {
        let noise = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)) >> 13 & 7;
        image::Rgb([(x / 5 + noise) as u8, (y / 3 + noise) as u8, ((x + y) / 8 + noise) as u8])
    })
}

fn pixels(criterion: &mut Criterion) {
    let (settings, limits, picture) = (VisionSettings::default(), ImageLimits::default(), picture());
    let mut group = criterion.benchmark_group("1280x720");
    group.bench_function("patches", |b| b.iter(|| settings.image_patches(black_box(&picture))));
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png).expect("the encoder accepts 8-bit RGB");
    let jpeg = include_bytes!("../../../data-fixtures/golden/jpeg/scene.jpg").to_vec();
    for (name, file) in [("png", png.into_inner()), ("jpeg", jpeg)] {
        group
            .bench_function(format!("decode {name}"), |b| b.iter(|| decode_image(black_box(&file), &limits)));
    }
    group.finish();
}

criterion_group!(benches, pixels);
criterion_main!(benches);
