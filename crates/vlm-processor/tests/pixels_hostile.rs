//! Broken and hostile images and clips: typed errors, never a panic, never memory that a header only claims.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails where it stands.

use std::fs;
use std::path::Path;

use image::RgbImage;
use vlm_processor::{
    ImageError, ImageLimits, SizeError, VideoError, VisionSettings, decode_image, load_image,
};

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures/images").join(name))
        .expect("the fixture is there")
}

fn decode(bytes: &[u8]) -> Result<RgbImage, ImageError> {
    decode_image(bytes, &ImageLimits::default())
}

/// A PNG whose header claims `width` x `height` pixels of 8-bit RGB, with a valid checksum.
fn claiming(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes().into_iter().chain(height.to_be_bytes()).chain([8, 2, 0, 0, 0]));
    bytes.extend(&header);
    bytes.extend(crc(&header).to_be_bytes());
    bytes.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e\0\0\0\0IEND\xae\x42\x60\x82");
    bytes
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & 0u32.wrapping_sub(crc & 1)))
    })
}

/// xorshift64*: the same mutations on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }
}

#[test]
fn nothing_and_nonsense_are_named() {
    assert!(matches!(decode(b""), Err(ImageError::Empty)));
    for bytes in [&b"\0"[..], b"GIF89a", b"BM", b"RIFF\0\0\0\0WAVE", b"\x89PN", b"<svg>"] {
        assert!(matches!(decode(bytes), Err(ImageError::UnknownFormat { .. })), "{bytes:?}");
    }
}

#[test]
fn a_header_that_claims_too_much_is_refused_before_decoding() {
    let found = decode(&claiming(30_000, 30_000));
    assert!(matches!(
        found,
        Err(ImageError::TooManyPixels { width: 30_000, height: 30_000, limit: 64_000_000 })
    ));
    let small = ImageLimits { max_alloc_bytes: 1000, ..ImageLimits::default() };
    assert!(matches!(
        decode_image(&fixture("rgb.png"), &small),
        Err(ImageError::TooMuchMemory { limit: 1000 })
    ));
    let short = ImageLimits { max_file_bytes: 100, ..ImageLimits::default() };
    assert!(matches!(
        decode_image(&fixture("rgb.png"), &short),
        Err(ImageError::TooManyBytes { limit: 100, .. })
    ));
    let few = ImageLimits { max_pixels: 100, ..ImageLimits::default() };
    for name in ["rgb.png", "jpeg-420.jpg", "lossy.webp"] {
        assert!(
            matches!(decode_image(&fixture(name), &few), Err(ImageError::TooManyPixels { .. })),
            "{name}"
        );
    }
}

#[test]
fn no_limit_can_be_raised_above_the_hard_one() {
    let limits = ImageLimits { max_pixels: u64::MAX, max_alloc_bytes: u64::MAX, ..ImageLimits::default() };
    assert!(matches!(
        decode_image(&claiming(20_000, 20_000), &limits),
        Err(ImageError::TooManyPixels { .. })
    ));
}

#[test]
fn every_truncation_is_an_error() {
    for name in
        ["rgb-28.png", "palette-trns.png", "jpeg-444.jpg", "progressive.jpg", "lossy.webp", "lossless.webp"]
    {
        let whole = fixture(name);
        // A PNG's last chunk carries no pixels, so losing a part of it is forgiven, by Pillow too.
        let end = if name.ends_with("png") { whole.len() - 16 } else { whole.len() };
        for cut in (0..end).step_by(7) {
            assert!(decode(&whole[..cut]).is_err(), "{name} cut to {cut} of {} bytes", whole.len());
        }
    }
}

#[test]
fn mutated_files_give_pictures_or_errors_but_no_panics() {
    let names = [
        "rgb-28.png",
        "palette-trns.png",
        "grey16.png",
        "cmyk.jpg",
        "jpeg-420.jpg",
        "jpeg-grey.jpg",
        "jpeg-rgb.jpg",
        "progressive.jpg",
        "exif-6.jpg",
        "exif-6.png",
        "alpha.webp",
        "animated.webp",
        "lossless.webp",
    ];
    let limits = ImageLimits { max_pixels: 1 << 20, max_alloc_bytes: 16 << 20, ..ImageLimits::default() };
    let mut random = Random(7);
    let (mut pictures, mut errors) = (0, 0);
    for name in names {
        let whole = fixture(name);
        for _ in 0..if name.ends_with("jpg") { 500 } else { 150 } {
            let mut bytes = whole.clone();
            for _ in 0..=random.below(4) {
                let at = random.below(bytes.len());
                match random.below(3) {
                    0 => bytes[at] = random.below(256) as u8,
                    1 => bytes[at] ^= 1 << random.below(8),
                    _ => drop(bytes.drain(at..(at + random.below(9)).min(whole.len().min(bytes.len())))),
                }
            }
            match decode_image(&bytes, &limits) {
                Ok(picture) => {
                    assert!(u64::from(picture.width()) * u64::from(picture.height()) <= limits.max_pixels);
                    pictures += 1;
                }
                Err(error) => {
                    assert!(error.to_string().contains("expected"), "{name}: {error}");
                    errors += 1;
                }
            }
        }
    }
    assert!(pictures > 100 && errors > 100, "{pictures} pictures, {errors} errors");
}

/// A progressive JPEG of `width` x `height` grey pixels, none of which has any data, with so many scans.
fn bare_scans(width: u16, height: u16, scans: usize) -> Vec<u8> {
    let mut bytes = b"\xff\xd8\xff\xdb\0\x43\0".to_vec();
    bytes.extend([1; 64]);
    bytes.extend(b"\xff\xc2\0\x0b\x08");
    bytes.extend(height.to_be_bytes().into_iter().chain(width.to_be_bytes()));
    bytes.extend(b"\x01\x01\x11\0\xff\xc4\0\x14\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    bytes.extend(b"\xff\xda\0\x08\x01\x01\0\0\0\0".repeat(scans));
    bytes.extend(b"\xff\xd9");
    bytes
}

#[test]
fn a_jpeg_cannot_take_more_memory_or_time_than_its_size_allows() {
    assert!(matches!(
        decode(&bare_scans(65_535, 65_535, 1)),
        Err(ImageError::TooManyPixels { width: 65_535, height: 65_535, .. })
    ));
    let small = ImageLimits { max_alloc_bytes: 10_000, ..ImageLimits::default() };
    assert!(matches!(
        decode_image(&bare_scans(200, 200, 1), &small),
        Err(ImageError::TooMuchMemory { limit: 10_000 })
    ));
    assert_eq!(decode(&bare_scans(200, 100, 100)).unwrap().dimensions(), (200, 100));
    let error = decode(&bare_scans(200, 100, 101)).unwrap_err();
    assert!(error.to_string().contains("more than 100 times"), "{error}");
}

#[test]
fn an_error_of_a_file_names_the_path() {
    let error = load_image(Path::new("no/such/picture.png"), &ImageLimits::default()).unwrap_err();
    assert!(error.to_string().starts_with("no/such/picture.png: cannot be read"), "{error}");
}

#[test]
fn one_pixel_and_a_thin_line_become_patches() {
    let settings = VisionSettings::default();
    let patches = settings.image_patches(&RgbImage::from_pixel(1, 1, image::Rgb([255, 0, 9]))).unwrap();
    assert_eq!((patches.grid.h, patches.grid.w, patches.values.len()), (4, 4, 16 * 1176));
    assert!(settings.image_patches(&RgbImage::new(200, 1)).is_ok());
    let found = settings.image_patches(&RgbImage::new(201, 1));
    assert!(matches!(found, Err(ImageError::Size(SizeError::Aspect { height: 1, width: 201 }))));
    assert!(matches!(
        settings.image_patches(&RgbImage::new(0, 0)),
        Err(ImageError::Size(SizeError::Zero { .. }))
    ));
}

#[test]
fn clips_need_frames_of_one_size_and_a_rate() {
    let settings = VisionSettings::default();
    let frames = [RgbImage::new(60, 40), RgbImage::new(60, 40), RgbImage::new(40, 60)];
    assert_eq!(settings.video_patches(&[], 2.0), Err(VideoError::Empty));
    let odd = VideoError::FrameSize { index: 2, found: (40, 60), expected: (60, 40) };
    assert_eq!(settings.video_patches(&frames, 2.0), Err(odd));
    for fps in [0.0, -1.0, f64::INFINITY] {
        assert_eq!(settings.video_patches(&frames[..2], fps), Err(VideoError::Rate { fps }));
    }
    assert_eq!(settings.video_patches(&frames[..1], 4.0).unwrap().seconds_per_grid, 0.5);
}

#[test]
fn zero_sizes_set_by_a_caller_do_not_panic() {
    let picture = RgbImage::new(30, 30);
    for break_it in [
        |s: &mut VisionSettings| s.patch_size = 0,
        |s: &mut VisionSettings| s.merge_size = 0,
        |s: &mut VisionSettings| s.temporal_patch_size = 0,
    ] {
        let mut settings = VisionSettings::default();
        break_it(&mut settings);
        if let Ok(patches) = settings.image_patches(&picture) {
            assert!(!patches.values.is_empty());
        }
    }
}
